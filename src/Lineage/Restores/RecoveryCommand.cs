using Lineage.Contracts.Identity;

namespace Lineage.Restores;

/// <summary>What can be asked of a recovery.</summary>
public abstract record RecoveryCommand(DateTimeOffset At)
{
    /// <param name="FailedGeneration">Newest that the caller knows; null if it knows none (a resume).</param>
    /// <param name="LeaseUntil">What the lease row says; null if there is no row.</param>
    public sealed record Start(
        RunId Run, ActorId Holder, WorldSize WorldSize, Generation? FailedGeneration, string Cause, IReadOnlyList<Rank> FailedRanks,
        Step? ReachedStep,
        DateTimeOffset? LeaseUntil, DateTimeOffset At) : RecoveryCommand(At);

    /// <param name="Attempt">The attempt whose point turned out damaged.</param>
    public sealed record ChooseAgain(RecoveryId Recovery, ActorId Holder, int Attempt, string Reason, DateTimeOffset At)
        : RecoveryCommand(At);

    /// <param name="Checkpoint">What the rank restored; null for the initial state.</param>
    public sealed record ReportRankRestored(
        RecoveryId Recovery, Rank Rank, CheckpointId? Checkpoint, long ReadBytes, string Tier, ContentHash StateDigest, long Milliseconds,
        ActorId Actor,
        DateTimeOffset At) : RecoveryCommand(At);
}
