using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Messages;
using Lineage.Decisions;

namespace Lineage.Verification;

/// <summary>
/// Decides over findings. A shard's recorded finding moves only to a worse one, or from intact to deeper or much newer intact, so that
/// reports may come in any order and any number. All shards deeply intact make the checkpoint verified; the first other finding quarantines
/// it, and nothing lifts that.
/// </summary>
public static class VerificationDecider
{
    /// <summary>An intact finding that repeats a deep one is only news after this time; otherwise a keeper that reads on and on would flood
    /// the stream.</summary>
    public static readonly TimeSpan RefreshAfter = TimeSpan.FromHours(24);

    /// <summary>Longer details are cut; they come from outside and stay on record for ever.</summary>
    public const int DetailCharactersMax = 1_000;

    public static Decision Decide(Checkpoint? state, ShardVerificationReported m, DateTimeOffset at)
    {
        if (state is null) return Refusals.NoSuchCheckpoint(m.Checkpoint);
        if (state.Phase is CheckpointPhase.Abandoned or CheckpointPhase.Reclaimed) return CheckpointDecider.Closed(state, "verify it");
        if (!state.IsSealed)
            return Refusals.Of(
                ProblemCodes.NotReady, 409, "The checkpoint is not sealed",
                $"Checkpoint {state.Id} is still open, so there is nothing to verify: rank {m.Rank}'s finding was not recorded. Verify it "
                + "again once it is sealed.");
        if (!state.Opened.WorldSize.Contains(m.Rank))
            return Refusals.RankOutsideWorld(m.Rank, state.Opened.WorldSize, $"checkpoint {state.Id}");
        if (m is { Finding: Finding.Intact, Depth: VerificationDepth.Deep, Root: null })
            return Refusals.BadRequest($"A deep finding of intact for {state.Id}, rank {m.Rank}, must carry the root computed from the "
                + "bytes. Nothing was recorded.");
        if (m.ReadBytes < 0)
            return Refusals.BadRequest($"The finding for {state.Id}, rank {m.Rank}, read {Refusals.Number(m.ReadBytes)} B; that "
                + "cannot be.");

        if (m.Root is { } told && told == state.Shard(m.Rank).Former) return Decision.Done;   // of the bytes before it was stored anew
        var found = Judge(state, m, at);
        if (IsNews(state.Shard(m.Rank).Verified, found))
            return new Decision.Accepted([found, .. Consequences(Checkpoint.Fold(state, found)!, at)]);
        // On record since a time at which nothing followed from it: it is no news, and what follows from it is owed.
        return Consequences(state, at).ToList() is { Count: > 0 } owed ? new Decision.Accepted(owed) : Decision.Done;
    }

    /// <summary>A valid shard in the wrong place is altered: intact counts only with the root on record.</summary>
    static ShardVerified Judge(Checkpoint state, ShardVerificationReported m, DateTimeOffset at)
    {
        var recorded = state.Shard(m.Rank).Root!.Value;
        var misplaced = m.Finding == Finding.Intact && m.Root is { } root && root != recorded;
        var detail = misplaced ? $"root {(m.Root!.Value.IsNone ? "none" : m.Root.Value.Short)}, on record is {recorded.Short}" : m.Detail;
        if (detail is { Length: > DetailCharactersMax }) detail = string.Concat(detail.AsSpan(0, DetailCharactersMax - 1), "…");
        return new ShardVerified(m.Checkpoint, m.Rank, misplaced ? Finding.Altered : m.Finding, m.Depth, detail, m.ReadBytes, at);
    }

    static bool IsNews(ShardVerified? known, ShardVerified found)
    {
        if (known is null) return true;
        int before = Damage.Badness(known.Finding, known.Depth), now = Damage.Badness(found.Finding, found.Depth);
        return now > before || (now == before && found.Finding == Finding.Intact && found.At - known.At >= RefreshAfter);
    }

    static IEnumerable<object> Consequences(Checkpoint after, DateTimeOffset at)
    {
        if (Damage.Ranks(after) is { Count: > 0 } damaged)
            return after.Quarantined is null ? [new CheckpointQuarantined(after.Id, damaged, Damage.Describe(after), at)] : [];
        return after is { VerifiedAt: null, Quarantined: null }   // expired or not: an expiry may be undone, and it is what it was found
            && after.Opened.WorldSize.Ranks.All(rank => IsDeeplyIntact(after.Shard(rank)))
            ? [new CheckpointVerified(after.Id, at)]
            : [];
    }

    static bool IsDeeplyIntact(ShardState shard) => shard.Verified is { Finding: Finding.Intact, Depth: VerificationDepth.Deep };
}
