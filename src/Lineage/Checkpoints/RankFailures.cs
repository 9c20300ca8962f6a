using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Decisions;
using Lineage.Runs;
using Lineage.Verification;

namespace Lineage.Checkpoints;

/// <summary>
/// Decides over a rank that says it will never store its shard. A save that misses one shard can never be sealed, so it is abandoned at
/// once: the other ranks are free to go on, and nobody waits for a deadline. Only the generation that writes may say so of its own save,
/// and only of a shard that is not on record.
/// </summary>
static class RankFailures
{
    /// <summary>Longer reasons are cut; they come from outside and stay on record for ever.</summary>
    const int ReasonCharactersMax = VerificationDecider.DetailCharactersMax;

    const int CodeCharactersMax = 64;

    public static Decision Decide(Checkpoint? state, Run run, CheckpointCommand.Fail c)
    {
        if (state?.Phase == CheckpointPhase.Abandoned) return Decision.Done;
        if (Refusals.Fence(run, c.Checkpoint.Generation, c.Actor, c.Rank, Attempts.ReportFailure, c.Checkpoint, c.At) is { } fenced)
            return fenced;
        if (state is null) return Refusals.NoSuchCheckpoint(c.Checkpoint);
        if (!state.Opened.WorldSize.Contains(c.Rank))
            return Refusals.RankOutsideWorld(c.Rank, state.Opened.WorldSize, $"checkpoint {state.Id}");
        if (state.Phase != CheckpointPhase.Open) return CheckpointDecider.Closed(state, "give it up");
        if (Objection(c) is { } objection) return objection;
        return state.HasCopies(c.Rank) ? OnRecord(state, c) : Decision.Accept(new CheckpointAbandoned(
            c.Checkpoint, AbandonCause.RankFailed, state.MissingRanks(), $"rank {c.Rank} could not save its shard: {Cut(c.Reason)}", c.At,
            new RankFailure(c.Rank, c.Code)));
    }

    static Decision.Refused? Objection(CheckpointCommand.Fail c) =>
        c.Code is { Length: >= 1 and <= CodeCharactersMax } && c.Code.All(static one => char.IsAsciiLetterLower(one) || one == '-')
        && !string.IsNullOrWhiteSpace(c.Reason)
            ? null
            : Refusals.BadRequest($"The failure of {c.Checkpoint}, rank {c.Rank}, needs a problem code (1-{CodeCharactersMax} of a-z "
                + "and -) and a reason. Nothing was changed.");

    static string Cut(string reason) =>
        reason.Length <= ReasonCharactersMax ? reason : string.Concat(reason.AsSpan(0, ReasonCharactersMax - 1), "…");

    /// <summary>What is durable does not become undone by being said; two processes of one rank may say different things.</summary>
    static Decision.Refused OnRecord(Checkpoint state, CheckpointCommand.Fail c) => Refusals.Of(
        ProblemCodes.ShardConflict, 409, "The shard is on record",
        $"Rank {c.Rank} said that it cannot save its shard of {state.Id} ({c.Code}), but that shard is on record with root "
        + $"{state.Shard(c.Rank).Root!.Value.Short}. The record stands. Two processes write as the same rank of one generation: stop one "
        + "of them.",
        ("rank", c.Rank));
}
