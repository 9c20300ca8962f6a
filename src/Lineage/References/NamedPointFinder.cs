using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.References;

/// <summary>Finds what people named, and what is best by what they measured.</summary>
static class NamedPointFinder
{
    const int ShownMax = 20;

    public static ReferenceAnswer Tagged(RunId run, string tag, NamedPoints named) => named.Tags.TryGetValue(tag, out var found)
        ? new ReferenceAnswer.Found(run, found)
        : ReferenceResolver.Refuse(Refusals.Of(
            ProblemCodes.NoSuchTag, 404, "No such tag",
            $"Run {run} has no tag \"{tag}\"; {Listed("tag", [.. named.Tags.Keys])}. 'lineage tag set' places one.",
            ("tags", named.Tags.Keys.Order(StringComparer.Ordinal).Take(ShownMax))));

    /// <summary>Ties go to the newer step, then to the newer generation: with everything the same, more training was done.</summary>
    public static ReferenceAnswer Best(RunId run, Reference.Best asked, History history, NamedPoints named)
    {
        var measured = history.Line().Where(static c => c.IsUsableBase)
            .Select(c => (c.Id, Value: named.Metrics.TryGetValue(c.Id, out var metrics) ? metrics.GetValueOrDefault(asked.Metric) : null))
            .Where(static c => c.Value is not null)
            .OrderBy(c => asked.Order == MetricOrder.LowerIsBetter ? c.Value : -c.Value)
            .ThenByDescending(static c => c.Id.Step).ThenByDescending(static c => c.Id.Generation).ToList();
        return measured is [var best, ..] ? new ReferenceAnswer.Found(run, best.Id) : NothingMeasured(run, asked.Metric, named);
    }

    static ReferenceAnswer.Refused NothingMeasured(RunId run, string metric, NamedPoints named)
    {
        var names = named.Metrics.Values.SelectMany(static metrics => metrics.Keys).Distinct(StringComparer.Ordinal).ToList();
        return names.Contains(metric, StringComparer.Ordinal)
            ? ReferenceResolver.None(
                run, $"No sealed, unquarantined checkpoint on the history of run {run} has a finite value of metric {metric}.")
            : ReferenceResolver.Refuse(Refusals.Of(
                ProblemCodes.NoSuchMetric, 404, "No such metric",
                $"No checkpoint of run {run} has a metric \"{metric}\"; {Listed("metric", names)}. 'lineage metrics record' records one.",
                ("metrics", names.Order(StringComparer.Ordinal).Take(ShownMax))));
    }

    static string Listed(string noun, List<string> names) => names.Count == 0
        ? $"there is no {noun}"
        : $"there {(names.Count == 1 ? "is" : "are")} {string.Join(", ", names.Order(StringComparer.Ordinal).Take(ShownMax))}"
            + (names.Count > ShownMax ? " …" : "");
}
