using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Runs;

namespace Lineage.Checkpoints;

/// <summary>
/// Decides over what ranks report of their shards. A fact that is on record is AlreadyDone whoever repeats it and whenever; only then comes
/// the fence, so that an outbox of a fallen generation drains without noise.
/// </summary>
static class ShardReports
{
    /// <summary>Largest shard: 4 TiB. With the largest world the sums of a checkpoint still fit 63 bits.</summary>
    internal const long ShardBytesMax = 1L << 42;

    public static Decision Diff(Checkpoint? state, Run run, ShardDiffReported m, DateTimeOffset at)
    {
        var known = state?.Shard(m.Rank).Diffed;
        if (known is not null && SameDiff(known, m.Diff)) return Decision.Done;
        if (Refusals.Fence(run, m.Checkpoint.Generation, m.Actor, m.Rank, Attempts.ReportDiff, m.Checkpoint, at) is { } fenced)
            return fenced;
        if (state is null) return Refusals.NoSuchCheckpoint(m.Checkpoint);
        if (NotAddressed(state, m.Rank, "record a diff") is { } refused) return refused;
        if (known is not null) return DiffConflict(state, known, m.Diff, m.Rank);
        return Objection(state, m.Rank, m.Diff) ?? Decision.Accept(Diffed(m, m.Diff));
    }

    /// <summary>A stored shard implies its diff; the last one seals the checkpoint in the same decision.</summary>
    public static Decision Store(Checkpoint? state, Run run, ShardStoreReported m, DateTimeOffset at)
    {
        var shard = state?.Shard(m.Rank);
        if (shard is not null && IsOnRecord(state!, shard, m)) return Decision.Done;
        if (Refusals.Fence(run, m.Checkpoint.Generation, m.Actor, m.Rank, Attempts.StoreShard, m.Checkpoint, at) is { } fenced)
            return fenced;
        if (state is null) return Refusals.NoSuchCheckpoint(m.Checkpoint);
        if (NotAddressed(state, m.Rank, "record a shard") is { } refused) return refused;
        if (shard!.Stored is [var first, ..] && (first.Root != m.Root || first.StoredBytes != m.StoredBytes)) return RootConflict(first, m);
        if (shard.Diffed is { } known && !SameDiff(known, m.Diff)) return DiffConflict(state, known, m.Diff, m.Rank);
        if (Objection(state, m.Rank, m.Diff) is { } objection) return objection;
        if (Objection(m) is { } bad) return bad;

        List<object> events = shard.Diffed is null ? [Diffed(m, m.Diff)] : [];
        events.Add(new ShardStored(m.Checkpoint, m.Rank, m.Root, m.StoredBytes, m.Tier, m.ObjectKey, at));
        var after = events.Aggregate(state, static (folded, e) => Checkpoint.Fold(folded, e)!);
        if (after.IsComplete) events.Add(Seal(after, at));
        return new Decision.Accepted(events);
    }

    static CheckpointSealed Seal(Checkpoint complete, DateTimeOffset at) => new(
        complete.Id, complete.Manifest().Hash(), complete.Shards.Values.Sum(static shard => shard.Diffed!.RawBytes),
        complete.Shards.Values.Sum(static shard => shard.Stored[0].StoredBytes), at);

    /// <summary>The same content is recorded, in this place or in as many others as the plan asks for.</summary>
    static bool IsOnRecord(Checkpoint state, ShardState shard, ShardStoreReported m) =>
        shard.Former is { } former ? former == m.Root   // it was stored anew since
        : shard.Root is { } root && root == m.Root && shard.Stored[0].StoredBytes == m.StoredBytes && SameDiff(shard.Diffed!, m.Diff)
        && (state.HasCopies(m.Rank) || shard.Stored.Exists(copy => string.Equals(copy.Tier, m.Tier, StringComparison.Ordinal)));

    static Decision.Refused? NotAddressed(Checkpoint state, Rank rank, string wanted) =>
        !state.Opened.WorldSize.Contains(rank) ? Refusals.RankOutsideWorld(rank, state.Opened.WorldSize, $"checkpoint {state.Id}")
        : state.Phase == CheckpointPhase.Abandoned ? CheckpointDecider.Closed(state, wanted)
        : null;

    /// <summary>Times may differ between two tellings of one diff; what was encoded may not.</summary>
    static bool SameDiff(ShardDiffed known, DiffFigures told) =>
        known.BaseRoot == told.BaseRoot && known.RawBytes == told.RawBytes && known.EncodedBytes == told.EncodedBytes
            && known.Modes == told.Modes;

    static ShardDiffed Diffed(FactMessage m, DiffFigures diff) => new(
        m.Checkpoint, m.Rank, diff.BaseRoot, diff.RawBytes, diff.EncodedBytes, diff.Modes, diff.EncodeMicroseconds, diff.StallMicroseconds);

    static Decision.Refused? Objection(Checkpoint state, Rank rank, DiffFigures diff)
    {
        if (state.Opened.Base is null && diff.BaseRoot is not null)
            return Refusals.Of(
                ProblemCodes.PlanMismatch, 409, "The save does not fit its plan",
                $"Checkpoint {state.Id} is full, but rank {rank} encoded its shard against a base. Nothing was changed. Encode it without "
                + "a base.");
        var modes = diff.Modes;
        return diff.RawBytes is < 0 or > ShardBytesMax || diff.EncodedBytes is < 0 or > ShardBytesMax || diff.EncodeMicroseconds < 0
            || diff.StallMicroseconds < 0
            || long.Min(long.Min(modes.Raw, modes.Same), long.Min(modes.Constant, long.Min(modes.Planes, modes.DeltaPlanes))) < 0
            || diff.BaseRoot is { IsNone: true }
                ? Refusals.BadRequest($"The diff figures of {state.Id}, rank {rank}, are out of range: sizes are "
                    + $"0-{Refusals.Number(ShardBytesMax)} B, times and counts not negative.")
                : null;
    }

    static Decision.Refused? Objection(ShardStoreReported m)
    {
        if (m.Root.IsNone) return Refusals.BadRequest($"The stored shard of {m.Checkpoint}, rank {m.Rank}, has no root digest.");
        if (m.StoredBytes is < 1 or > ShardBytesMax)
            return Refusals.BadRequest($"The stored shard of {m.Checkpoint}, rank {m.Rank}, has {Refusals.Number(m.StoredBytes)} B; "
                + $"allowed are 1-{Refusals.Number(ShardBytesMax)} B.");
        var expected = ObjectKeys.Shard(new ShardId(m.Checkpoint, m.Rank));
        return string.Equals(m.ObjectKey, expected, StringComparison.Ordinal)
            ? null
            : Refusals.BadRequest($"The shard of {m.Checkpoint}, rank {m.Rank}, lies at {expected}, got \"{m.ObjectKey}\". Nothing "
                + "was changed.");
    }

    static Decision.Refused RootConflict(ShardStored known, ShardStoreReported m) => Conflict(
        m.Checkpoint, m.Rank, $"root {known.Root.Short} and {Refusals.Number(known.StoredBytes)} B",
        $"root {(m.Root.IsNone ? "none" : m.Root.Short)} and {Refusals.Number(m.StoredBytes)} B");

    static Decision.Refused DiffConflict(Checkpoint state, ShardDiffed known, DiffFigures told, Rank rank) => Conflict(
        state.Id, rank, $"{Refusals.Number(known.RawBytes)} B encoded to {Refusals.Number(known.EncodedBytes)} B",
        $"{Refusals.Number(told.RawBytes)} B encoded to {Refusals.Number(told.EncodedBytes)} B, or other chunk modes or another base");

    /// <summary>Nothing is appended: the recorded fact stands, and two writers under one generation are the reporter's fault to
    /// explain.</summary>
    static Decision.Refused Conflict(CheckpointId checkpoint, Rank rank, string known, string got) => Refusals.Of(
        ProblemCodes.ShardConflict, 409, "The shard is on record with other content",
        $"Rank {rank} of {checkpoint} is on record with {known}, got {got}. The record stands. "
        + "Two processes write as the same rank of one generation: stop one of them.",
        ("rank", rank));
}
