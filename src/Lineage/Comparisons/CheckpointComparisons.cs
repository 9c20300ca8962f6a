using System.Globalization;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Narration;
using Lineage.Runs;

namespace Lineage.Comparisons;

/// <summary>One of two checkpoints to compare, with its run and the way up its descent.</summary>
/// <param name="Ancestors">The checkpoint itself first, then its parent, and so on, as far as was walked.</param>
public sealed record ComparedCheckpoint(Checkpoint State, Run Run, IReadOnlyList<CheckpointId> Ancestors);

/// <summary>Two checkpoints side by side, from the record alone.</summary>
public static class CheckpointComparisons
{
    public static CheckpointComparison Of(
        ComparedCheckpoint a, ComparedCheckpoint b, IReadOnlyList<BetweenEvent> between, bool betweenMore)
    {
        var (left, right) = (Side(a.State), Side(b.State));
        return new CheckpointComparison(
            left, right, a.Run.Id == b.Run.Id, left.WorldSize == right.WorldSize, left.LayoutDigest == right.LayoutDigest,
            left.ManifestHash is { } manifest && manifest == right.ManifestHash,
            right.Checkpoint.Step.Value - left.Checkpoint.Step.Value, right.Samples - left.Samples, Descent(a, b),
            Metrics(a.State, b.State), Settings(a.Run.Labels, b.Run.Labels), Settings(Policy(a.Run), Policy(b.Run)), between, betweenMore);
    }

    /// <summary>The nearest checkpoint that both descend from, each counting as its own ancestor.</summary>
    public static DescentBetween Descent(ComparedCheckpoint a, ComparedCheckpoint b)
    {
        var places = new Dictionary<CheckpointId, int>();
        for (var i = 0; i < a.Ancestors.Count; i++) places.TryAdd(a.Ancestors[i], i);
        for (var i = 0; i < b.Ancestors.Count; i++)
        {
            if (!places.TryGetValue(b.Ancestors[i], out var up)) continue;
            return new DescentBetween(b.Ancestors[i], up, i, (up, i) switch
            {
                (0, 0) => "they are one and the same",
                (0, _) => $"B descends from A, {Quantities.Plural(i, "save")} on",
                (_, 0) => $"A descends from B, {Quantities.Plural(up, "save")} on",
                _ => $"they parted at {b.Ancestors[i]}: {Quantities.Plural(up, "save")} to A, {Quantities.Plural(i, "save")} to B",
            });
        }

        return new DescentBetween(CommonAncestor: null, Math.Max(0, a.Ancestors.Count - 1), Math.Max(0, b.Ancestors.Count - 1),
            $"no common ancestor within {Quantities.Number(Math.Max(a.Ancestors.Count, b.Ancestors.Count))} checkpoints of descent");
    }

    static ComparedSide Side(Checkpoint state) => new(
        state.Id, state.Phase, state.Kind, state.Base is { } edge ? edge.Depth + 1 : 0, state.Opened.WorldSize,
        state.Opened.LayoutDigest, state.Sealed?.ManifestHash, state.Shards.Values.Sum(static s => s.Diffed?.RawBytes ?? 0),
        state.Shards.Values.Sum(static s => s.Stored.FirstOrDefault()?.StoredBytes ?? 0), state.Opened.OpenedAt, state.Sealed?.At,
        state.VerifiedAt, Samples(state));

    static long? Samples(Checkpoint state) =>
        state.Marks?.Metrics.GetValueOrDefault(MetricNames.DataSamples) is { } samples and >= 0 and < 1L << 53 ? (long)samples : null;

    static IReadOnlyList<MetricDifference> Metrics(Checkpoint a, Checkpoint b)
    {
        var (left, right) = (a.Marks ?? CheckpointMarks.None, b.Marks ?? CheckpointMarks.None);
        return
        [
            .. left.Metrics.Keys.Union(right.Metrics.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(name =>
            {
                var (x, y) = (left.Metrics.GetValueOrDefault(name), right.Metrics.GetValueOrDefault(name));
                return new MetricDifference(name, left.Metrics.ContainsKey(name), right.Metrics.ContainsKey(name), x, y,
                    x is { } from && y is { } to && double.IsFinite(to - from) ? to - from : null);
            }),
        ];
    }

    static IReadOnlyList<SettingDifference> Settings(
        IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
    [
        .. a.Keys.Union(b.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(name => new SettingDifference(name, a.GetValueOrDefault(name), b.GetValueOrDefault(name)))
            .Where(static s => !string.Equals(s.A, s.B, StringComparison.Ordinal)),
    ];

    /// <summary>As they are now: what held when each was opened is said by the plan of the save itself.</summary>
    static Dictionary<string, string> Policy(Run run)
    {
        var policy = run.Policy;
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["fullEvery"] = Text(policy.FullEvery),
            ["saveDeadlineSeconds"] = Text(policy.SaveDeadlineSeconds),
            ["copies"] = Text(policy.Copies),
            ["leaseSeconds"] = Text(policy.LeaseSeconds),
            ["chainDepthMax"] = Text(policy.DepthMax),
        };
        if (policy.RestoreBytesMax is { } bytes) fields["restoreBytesMax"] = Text(bytes);
        if (run.Retention is { } retention) fields["retention"] = retention.ToString();
        return fields;
    }

    static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
