using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using static Lineage.Narration.Quantities;

namespace Lineage.Narration;

/// <summary>Each event in one line for people, without time and stream; the invariant culture, no secrets, bounded length.</summary>
public static class Narrator
{
    /// <summary>Longer lines are cut: texts inside events come from outside.</summary>
    public const int CharactersMax = 400;

    /// <exception cref="ArgumentOutOfRangeException">Not an event of the catalogue.</exception>
    public static string Summary(object @event)
    {
        var line = Line(@event).ReplaceLineEndings(" ");
        return line.Length <= CharactersMax ? line : string.Concat(line.AsSpan(0, CharactersMax - 1), "…");
    }

    static string Line(object @event) => @event switch
    {
        RunRegistered e =>
            $"registered: full every {Plural(e.Policy.FullEvery, "save")}, deadline {Number(e.Policy.SaveDeadlineSeconds)} s, "
            + $"{Plural(e.Policy.Copies, "copy", "copies")}"
            + (e.Policy.ChainDepthMax is { } depth ? $", chains of at most {Plural(depth, "delta")}" : "")
            + (e.Policy.RestoreBytesMax is { } budget ? $", restore budget {Bytes(budget)}" : "") + Labels(e.Labels),
        LeaseGranted e =>
            $"generation {e.Generation} granted to {e.Holder}: {Plural(e.WorldSize.Value, "rank")}, lease {Number(e.LeaseSeconds)} s",
        RankJoined e => $"rank {e.Rank} joined generation {e.Generation} (process {e.ProcessId} on {e.Host})",
        LeaseExpired e => $"lease of generation {e.Generation} ran out: {e.Holder} fell silent",
        LeaseReleased e => $"lease of generation {e.Generation} given back by {e.Holder}: {e.Reason}",
        StaleGenerationRefused e => $"refused {e.Attempt}{(e.Checkpoint is { } id ? $" of {id}" : "")} by {e.Actor}"
            + $"{(e.Rank is { } rank ? $", rank {rank}" : "")}: presented generation {e.Presented}, current is {e.Current}",
        RunCompleted e =>
            $"completed at step {Number(e.FinalStep.Value)} under generation "
            + $"{e.Generation}{(e.StateDigest is { } state ? $", state {state.Short}…" : "")}",
        RunForked or PolicyChanged or RetentionChanged or RunRewound or RunArchived or TagPlaced or TagRemoved
            or AccessRecorded or AuditExported or KeyIssued or KeyRevoked => People.Line(@event),
        CheckpointPinned or CheckpointUnpinned or HoldPlaced or HoldLifted or MetricsRecorded or CheckpointExpired or ExpiryUndone
            or ReclaimStarted or ShardsReclaimed or CheckpointRebased or CheckpointExported => Afterlife.Line(@event),
        RecoveryStarted or RestorePointChosen or RankRestored or RecoveryCompleted or RecoveryFailed => Recovery(@event),
        _ => Checkpoint(@event),
    };

    static string Checkpoint(object @event) => @event switch
    {
        CheckpointOpened e =>
            $"opened: {(e.Base is { } edge ? $"incremental on {edge.Checkpoint}" : "full")}, {Plural(e.WorldSize.Value, "rank")}, "
            + $"parent {e.Parent?.ToString() ?? "none"}, deadline {Number((long)(e.Deadline - e.OpenedAt).TotalSeconds)} s"
            + (e.Why is { } why ? $"; {why}" : ""),
        ShardDiffed e =>
            $"rank {e.Rank} diffed: {Bytes(e.RawBytes)} to {Bytes(e.EncodedBytes)}{(e.BaseRoot is null ? "" : " against its base")} "
            + $"in {Milliseconds(e.EncodeMicroseconds)}, training stood still {Milliseconds(e.StallMicroseconds)}",
        ShardStored e => $"rank {e.Rank} stored: {Bytes(e.StoredBytes)} in {e.Tier} (root {e.Root.Short}…)",
        CheckpointSealed e => $"sealed: {Bytes(e.StoredBytes)} stored of {Bytes(e.RawBytes)} raw (manifest {e.ManifestHash.Short}…)",
        CheckpointAbandoned e => $"abandoned: {e.Reason}{(e.Failure is { } failure ? $" [{failure.Code}]" : "")}; "
            + $"{Ranks(e.MissingRanks)} missing",
        ShardVerified e =>
            $"rank {e.Rank} verified {Word(e.Depth.ToString())}: "
            + $"{Word(e.Finding.ToString())}{(e.Detail is { Length: > 0 } detail ? $" ({detail})" : "")}, "
            + $"{Bytes(e.ReadBytes)} read",
        CheckpointVerified => "verified: every shard was read back and is intact",
        CheckpointQuarantined e => $"quarantined: {e.Cause}",
        _ => throw new ArgumentOutOfRangeException(nameof(@event), @event.GetType(), "Not an event of the catalogue."),
    };

    static string Recovery(object @event) => @event switch
    {
        RecoveryStarted e => $"recovery begins generation {e.Recovery.Generation}: {e.Cause}"
            + $"{(e.FailedRanks.Count > 0
                ? $"; {Ranks(e.FailedRanks)} lost"
                : "")}{(e.ReachedStep is { } step ? $"; reached step {Number(step.Value)}" : "")}",
        RestorePointChosen e =>
            $"restore point{(e.Attempt > 1 ? $", attempt {e.Attempt}" : "")}: {e.Chosen?.ToString() ?? "the initial state"}"
            + (e.Rejected is [var first, ..]
                ? $"; rejected {Plural(e.Rejected.Count, "newer checkpoint")}: {first.Checkpoint} ({first.Detail})"
                + $"{(e.Rejected.Count > 1 ? $" and {Number(e.Rejected.Count - 1)} more" : "")}" : ""),
        RankRestored e => $"rank {e.Rank} restored {e.Checkpoint?.ToString() ?? "the initial state"}: {Bytes(e.ReadBytes)} from {e.Tier} "
            + $"in {Number(e.Milliseconds)} ms (state {e.StateDigest.Short}…)",
        RecoveryCompleted e =>
            $"recovered at step {Number(e.Step.Value)}: "
            + $"{(e.LostSteps is { } lost ? $"{Plural(lost, "step")} to do again" : "lost steps unknown")}",
        RecoveryFailed e => $"recovery failed: {e.Reason}",
        _ => throw new ArgumentOutOfRangeException(nameof(@event), @event.GetType(), "Not an event of a recovery."),
    };

    internal static string Labels(IReadOnlyDictionary<string, string> labels) => labels.Count == 0
        ? ""
        : "; " + string.Join(", ", labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal)
            .Select(static pair => $"{pair.Key}={pair.Value}"));

    internal static string Ranks(IReadOnlyList<Rank> ranks) => ranks.Count switch
    {
        0 => "no rank",
        1 => $"rank {ranks[0]}",
        <= 16 => $"ranks {string.Join(", ", ranks)}",
        _ => $"ranks {string.Join(", ", ranks.Take(16))} and {Number(ranks.Count - 16)} more",
    };

    static string Word(string name) => name.ToLowerInvariant();
}
