using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Checkpoints;

/// <param name="Shards">One of every rank, read back deeply and whole.</param>
public sealed record RebaseCommand(
    CheckpointId Checkpoint, IReadOnlyList<RewrittenShard> Shards, string Reason, ActorId Actor, DateTimeOffset At);

/// <summary>
/// A checkpoint that was stored anew as a full one needs its base no more (docs/adr/0031). Its state is the same, bit for bit; manifest,
/// roots and places are others. Only where nothing is built on it: deltas name the manifest that they were encoded against.
/// </summary>
/// <remarks>
/// The new objects are durable and were read back before this is decided, so the checkpoint is verified without a gap in which it would
/// not be offered. The old objects stay until the checkpoint is reclaimed: a restore that began before still finds them.
/// </remarks>
public static class RebaseDecider
{
    /// <param name="state">Null if it was never opened.</param>
    /// <param name="children">What is built on it and has bytes, or is being saved.</param>
    public static Decision Decide(Checkpoint? state, IReadOnlyList<CheckpointId> children, RebaseCommand c)
    {
        if (state is null) return Refusals.NoSuchCheckpoint(c.Checkpoint);
        if (state.Rebased is { } done && Same(done, c)) return Decision.Done;
        if (Standing.ForKeeping(state, "store it anew") is { } gone) return gone;
        if (Unfit(state, children) is { } unfit) return unfit;
        if (Objection(state, c) is { } objection) return Refusals.BadRequest(objection);
        if (Wording.OfReason(c.Reason) is { } mute) return mute;
        var shards = c.Shards.OrderBy(static shard => shard.Rank).ToList();
        var rebased = new CheckpointRebased(
            state.Id, Base: null, [.. shards.Select(static s => new RebasedShard(s.Rank, s.Root, s.StoredBytes, s.Tier, s.ObjectKey))],
            default, shards.Sum(static shard => shard.StoredBytes), c.Reason, c.At);
        rebased = rebased with { ManifestHash = Checkpoint.Fold(state, rebased)!.Manifest().Hash() };
        return new Decision.Accepted(
        [
            rebased,
            .. shards.Select(s => new ShardVerified(
                state.Id, s.Rank, Finding.Intact, VerificationDepth.Deep, Detail: null, s.ReadBytes, c.At)),
            new CheckpointVerified(state.Id, c.At),
        ]);
    }

    static bool Same(CheckpointRebased done, RebaseCommand c) =>
        done.Shards.Select(static shard => (shard.Rank, shard.Root))
            .SequenceEqual(c.Shards.OrderBy(static shard => shard.Rank).Select(static shard => (shard.Rank, shard.Root)));

    static Decision.Refused? Unfit(Checkpoint state, IReadOnlyList<CheckpointId> children)
    {
        if (state.Base is null)
            return Refusals.Of(
                ProblemCodes.PlanMismatch, 409, "The checkpoint is full already",
                $"Checkpoint {state.Id} has no base that it could do without. Nothing was changed.");
        if (state.Phase == CheckpointPhase.Quarantined)
            return Refusals.Of(
                ProblemCodes.CheckpointClosed, 409, "The checkpoint is quarantined",
                $"Checkpoint {state.Id} is damaged ({Damage.Describe(state)}), so what was stored anew may not be its state. Nothing was "
                + "changed. Take another one: 'lineage restore-point list'.", ("phase", state.Phase));
        if (state.Opened.Copies > 1)
            return Refusals.Of(
                ProblemCodes.PlanMismatch, 409, "The checkpoint is kept in several copies",
                $"Every shard of {state.Id} has {state.Opened.Copies} copies; stored anew it would have one. Nothing was changed.");
        return children.Count == 0 ? null : Refusals.Of(
            ProblemCodes.StillNeeded, 409, "Deltas are built on the checkpoint",
            $"{string.Join(", ", children.Take(5))}{(children.Count > 5 ? $" and {children.Count - 5} more" : "")} refer to {state.Id} as "
            + "it is stored now. Nothing was changed. Store those anew first, or the newest one alone.", ("children", children.Take(50)));
    }

    static string? Objection(Checkpoint state, RebaseCommand c)
    {
        var ranks = c.Shards.Select(static shard => shard.Rank).Order().ToList();
        if (!ranks.SequenceEqual(state.Opened.WorldSize.Ranks))
            return $"{state.Id} has {Refusals.Number(state.Opened.WorldSize.Value)} ranks; shards of "
                + $"{Refusals.Number(ranks.Distinct().Count())} of them, {Refusals.Number(ranks.Count)} in all, were stored anew. Nothing "
                + "was changed. Every rank's shard is needed once.";
        foreach (var shard in c.Shards)
        {
            var expected = ObjectKeys.Rebased(new ShardId(state.Id, shard.Rank));
            if (!string.Equals(shard.ObjectKey, expected, StringComparison.Ordinal))
                return $"The shard of {state.Id}, rank {shard.Rank}, stored anew lies at {expected}, got \"{shard.ObjectKey}\". Nothing "
                    + "was changed.";
            if (shard.Root.IsNone || shard.StoredBytes is < 1 or > ShardReports.ShardBytesMax || shard.ReadBytes < 0
                || shard.Tier is not { Length: >= 1 and <= 64 })
                return $"The shard of {state.Id}, rank {shard.Rank}, has no root, no tier, or a size out of range "
                    + $"({shard.StoredBytes} B). Nothing was changed.";
        }

        return null;
    }
}
