using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using static Lineage.Narration.Quantities;

namespace Lineage.Chains;

/// <summary>How a save is to be stored and what it descends from.</summary>
/// <param name="Why">For people: which rule fired, with its figures.</param>
/// <param name="BaseChainBytes">Stored bytes to read when restoring the base itself; null for a full one.</param>
public sealed record SaveBasis(CheckpointKind Kind, BaseLink? Base, CheckpointId? Parent, string Why, long? BaseChainBytes = null);

/// <summary>
/// Star where deltas are large, deeper where they are small (docs/adr/0008). Every incremental is a delta on the newest full checkpoint of
/// the history, the keyframe, unless recent deltas are small: then on the newest whole link above that keyframe, as long as the chain is
/// not too deep and costs less than twice the keyframe. A full one is due when the keyframe cannot be used, when deltas stopped paying,
/// when restoring would pass the policy's budget, and every so many saves.
/// </summary>
public static class BasePolicy
{
    /// <summary>
    /// A delta above this share of its keyframe does not pay. Each chunk of a delta falls back to coding of its own where the difference
    /// is no shorter, so a delta never costs notably more than a full one now would, and its size against the last full one says how much
    /// the base still helps. Where the state itself grew since (moments that began as zeros), the rule fires once and the new keyframe is
    /// the new measure.
    /// </summary>
    public const double Pays = 0.92;

    /// <summary>Mercurial's bound: a chain stays below so many times its full checkpoint.</summary>
    public const int ChainCostMax = 2;

    /// <param name="history">Of the generation that writes (<see cref="History.ForWriting"/>).</param>
    public static SaveBasis Plan(SavePolicy policy, History history, CheckpointId checkpoint, WorldSize worldSize, ContentHash layoutDigest)
    {
        var before = history.Candidates.Where(c => c.Id != checkpoint && Precedes(c.Id, checkpoint)).ToList();
        var parent = before.Find(c => c.IsSealed && c.Id.Generation == checkpoint.Generation)?.Id ?? history.RestorePoint;
        if (policy.FullEvery == 1) return Full(parent, "the policy makes every checkpoint full");
        var keyframe = before.Find(static c => c.Kind == CheckpointKind.Full && c.Phase != CheckpointPhase.Abandoned);
        if (keyframe is null) return Full(parent, "no full checkpoint is on the history");
        if (Fault(keyframe, worldSize, layoutDigest) is { } fault) return Full(parent, fault);

        var since = before.Count(c => c.Phase != CheckpointPhase.Abandoned && Precedes(keyframe.Id, c.Id));
        if (since >= policy.FullEvery - 1)
            return Full(parent, $"{Plural(since, "save")} since full {keyframe.Id}; one is due every {Number(policy.FullEvery)}");
        var deltas = KeyframeDeltas.Of(keyframe, before);
        if (DueBecause(policy, keyframe, deltas) is { } due) return Full(parent, due);
        if (deltas.Newest is { } top && WhyNotOn(top, policy, keyframe, deltas) is null)
        {
            return Delta(
                top.Target, top.Depth, top.ReadBytes, parent, $"on the newest link {top.Target.Id}, {Plural(top.Depth, "delta")} above "
                + $"full {keyframe.Id}: with one more of about {Bytes(deltas.Typical)} the chain reads "
                + $"{Bytes(top.ReadBytes + deltas.Typical)}, below {ChainCostMax} times the full one ({Bytes(keyframe.StoredBytes)})");
        }

        return Delta(keyframe, 0, keyframe.StoredBytes, parent, $"on full {keyframe.Id}: {WhyStar(policy, keyframe, deltas)}");
    }

    /// <summary>Null if deltas can refer to the newest full checkpoint of the history. An older one is no substitute: deltas on it are
    /// larger, and after damage one thing that is whole and new is worth more than what was saved.</summary>
    static string? Fault(Candidate keyframe, WorldSize worldSize, ContentHash layoutDigest) => keyframe switch
    {
        { Phase: CheckpointPhase.Open } => $"full {keyframe.Id} is not sealed",
        { Phase: CheckpointPhase.Expired or CheckpointPhase.Reclaimed } => $"full {keyframe.Id} is expired",
        { IsUsableBase: false } => $"full {keyframe.Id} is quarantined: {keyframe.Cause}",
        _ when keyframe.WorldSize != worldSize =>
            $"full {keyframe.Id} is of {Plural(keyframe.WorldSize.Value, "rank")}, this save of {Number(worldSize.Value)}",
        _ when keyframe.LayoutDigest != layoutDigest => $"full {keyframe.Id} has another tensor layout",
        _ => null,
    };

    /// <summary>Why a full one is due although the keyframe could be used; null if none is.</summary>
    static string? DueBecause(SavePolicy policy, Candidate keyframe, KeyframeDeltas deltas)
    {
        var full = keyframe.StoredBytes;
        if (deltas.Last is { } last && last > full * Pays)
            return $"deltas stopped paying: the last one took {Bytes(last)}, {Percent(last, full)} of full {keyframe.Id} "
                + $"({Bytes(full)}); worth it are up to {Percent(Pays, 1)}";
        if (deltas.Newest is { } top && WhyNotOn(top, policy, keyframe, deltas) is null) return null;
        var expected = deltas.ExpectedOnKeyframe ?? 0;   // with nothing to judge by, the first delta shows
        if (deltas.Last is not null && expected > full * Pays)
            return $"a delta on full {keyframe.Id} would not pay: the chain above it has grown to {Bytes(expected)} of deltas, "
                + $"{Percent(expected, full)} of the full one";
        return policy.RestoreBytesMax is { } budget && full + expected > budget
            ? $"restoring a delta on full {keyframe.Id} would read about {Bytes(full + expected)}; the budget is {Bytes(budget)}"
            : null;
    }

    /// <summary>Null if the next delta may be built on the newest link; otherwise why not.</summary>
    static string? WhyNotOn(Chain top, SavePolicy policy, Candidate keyframe, KeyframeDeltas deltas)
    {
        var (full, expected) = (keyframe.StoredBytes, top.ReadBytes + deltas.Typical);
        if (policy.DepthMax == 1) return "the policy keeps every delta on a full one";
        if (!SavePolicy.IsSmall(deltas.Typical, full))
            return $"recent deltas take about {Bytes(deltas.Typical)}, {Percent(deltas.Typical, full)} of it; chains go deeper up to "
                + Percent(SavePolicy.SmallDelta, 1);
        if (top.Depth >= policy.DepthMax)
            return $"the chain of {top.Target.Id} has {Plural(top.Depth, "delta")}, the policy allows {Number(policy.DepthMax)}";
        if (expected >= ChainCostMax * full)
            return $"one more delta on {top.Target.Id} would make a chain of about {Bytes(expected)}, {ChainCostMax} times the full one";
        return policy.RestoreBytesMax is { } budget && expected > budget
            ? $"restoring one more delta on {top.Target.Id} would read about {Bytes(expected)}; the budget is {Bytes(budget)}"
            : null;
    }

    static string WhyStar(SavePolicy policy, Candidate keyframe, KeyframeDeltas deltas) => deltas switch
    {
        { Last: null } => "it has no delta yet",
        { Newest: { } top } => WhyNotOn(top, policy, keyframe, deltas)!,
        _ => "no delta above it is whole",
    };

    static SaveBasis Full(CheckpointId? parent, string why) => new(CheckpointKind.Full, Base: null, parent, why);

    static SaveBasis Delta(Candidate on, int depth, long chainBytes, CheckpointId? parent, string why) =>
        new(CheckpointKind.Incremental, new BaseLink(on.Id, on.ManifestHash!.Value, depth), parent, why, chainBytes);

    /// <summary>Earlier on one history: a lower step, or the same step under an older generation.</summary>
    internal static bool Precedes(CheckpointId one, CheckpointId other) =>
        one.Step < other.Step || (one.Step == other.Step && one.Generation < other.Generation);
}
