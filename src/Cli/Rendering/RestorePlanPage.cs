using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary><c>lineage restore REF</c> without a target: what would be read, why this point, and how long it would take.</summary>
internal static class RestorePlanPage
{
    public static IReadOnlyList<Line> Draw(RestorePlan plan, string reference, Screen screen)
    {
        var lines = new List<Line>
        {
            new Line(("Plan to restore ", Tone.Plain), (plan.Checkpoint.ToString(), Tone.Good)).Fit(screen),
            Line.Empty,
        };
        var facts = new FactList();
        facts.Add("asked for", reference);
        facts.Add("why", plan.Why);
        facts.Add("read", $"{Units.Bytes(plan.ReadBytes)} in {Units.Count(plan.Chain.Links.Count, "link")}");
        facts.Add("time", $"about {Units.Seconds(plan.EstimatedSeconds)}", ($" ({plan.EstimateBasis})", Tone.Dim));
        lines.AddRange(facts.Draw(screen));
        if (plan.Reshard is { } reshard) lines.AddRange([Line.Empty, .. ReshardPage.Draw(reshard, screen)]);
        lines.Add(Line.Empty);
        lines.Add(new Line(("Chain, in the order of application", Tone.Strong)));
        lines.AddRange(ChainPage.Links(plan.Chain, screen, digests: false));
        if (plan.Chain.Broken is { } broken) lines.Add(new Line("  ", ($"{screen.Glyphs.Bad} {broken}", Tone.Bad)));
        lines.AddRange(RestorePointPage.Rejected(plan.Rejected, screen, "Newer points that were refused"));
        lines.Add(Line.Empty);
        lines.Add(new Line(("Nothing was read or written. To write it as safetensors: ", Tone.Dim),
            $"lineage restore {reference} --to DIR"));
        return lines;
    }
}
