using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Events;

// The story of a recovery: stream recovery/{run}/{generation it starts}.

/// <summary>A run has lost its ranks, or is started again; the next generation begins here.</summary>
/// <param name="Cause">What the launcher saw, for example <c>rank 2 killed by signal 9</c> or <c>resume</c>.</param>
/// <param name="ReachedStep">Newest step any rank is known to have finished under the failed generation; null if unknown.</param>
public sealed record RecoveryStarted(
    RecoveryId Recovery, Generation? FailedGeneration, string Cause, IReadOnlyList<Rank> FailedRanks, Step? ReachedStep,
    WorldSize WorldSize, DateTimeOffset At);

/// <summary>Why a candidate cannot be restored from.</summary>
public enum RejectionReason
{
    NotSealed, Abandoned, NotVerified, Quarantined, ChainBroken, OtherWorldSize, OffHistory, AfterRequestedStep, Expired, NoMetric,
    InsideSpike, ComponentsLost,
}

/// <param name="Detail">For people: which ranks are missing, which shard is altered where, which link of the chain is broken.</param>
public sealed record RejectedCandidate(CheckpointId Checkpoint, RejectionReason Reason, string Detail);

/// <summary>The one point that every rank restores. Chosen again (next attempt) if damage is found before training goes on.</summary>
/// <param name="Chosen">Null: the initial state, because no checkpoint of the run was ever sealed.</param>
/// <param name="Rejected">Every newer candidate of the history, newest first, with its reason.</param>
/// <param name="Attempt">1 for the first choice of this recovery.</param>
public sealed record RestorePointChosen(
    RecoveryId Recovery, int Attempt, CheckpointId? Chosen, string Why, IReadOnlyList<RejectedCandidate> Rejected, DateTimeOffset At);

/// <summary>One rank holds the chosen state again, every chunk checked.</summary>
/// <param name="StateDigest">SHA-256 of the rank's restored state.</param>
public sealed record RankRestored(
    RecoveryId Recovery, Rank Rank, CheckpointId? Checkpoint, long ReadBytes, string Tier, ContentHash StateDigest, long Milliseconds,
    DateTimeOffset At);

/// <summary>All ranks of the world restored the same point; training goes on.</summary>
/// <param name="LostSteps">Steps that have to be done again; null if the reached step is unknown.</param>
public sealed record RecoveryCompleted(RecoveryId Recovery, Step Step, long? LostSteps, DateTimeOffset At);

/// <summary>No point can be restored, or the recovery was overtaken; the run stands still until a person decides.</summary>
public sealed record RecoveryFailed(RecoveryId Recovery, string Reason, IReadOnlyList<RejectedCandidate> Rejected, DateTimeOffset At);
