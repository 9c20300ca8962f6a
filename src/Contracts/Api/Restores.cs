using System.Text.Json.Serialization;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// GET /v1/resolve?ref=… → ResolvedReference · GET /v1/runs/{run}/restore-points?world=&at-or-before= → RestorePoints
// GET /v1/restore-plans?ref=…&world= → RestorePlan
// POST /v1/runs/{run}/recoveries (StartRecovery) → RecoveryView · GET /v1/recoveries/{run}/{generation} → RecoveryView
// POST /v1/recoveries/{run}/{generation}/choices (ChooseAgain) → RecoveryView
// PUT /v1/recoveries/{run}/{generation}/ranks/{rank} (ReportRankRestored) → RecoveryView

/// <param name="Reference">As it was asked.</param>
/// <param name="Checkpoint">Null when the reference names a run only.</param>
public sealed record ResolvedReference(string Reference, RunId Run, CheckpointId? Checkpoint);

/// <summary>A restore point with its cost.</summary>
/// <param name="ReadBytes">Stored bytes to read along the chain.</param>
public sealed record RestorePoint(
    CheckpointId Checkpoint, CheckpointKind Kind, int ChainDepth, WorldSize WorldSize, long ReadBytes, DateTimeOffset SealedAt,
    DateTimeOffset VerifiedAt);

/// <summary>All candidates of a run's history, newest first; <paramref name="Best"/> is the one that a recovery would choose now.</summary>
public sealed record RestorePoints(
    RunId Run, RestorePoint? Best, string Why, IReadOnlyList<RestorePoint> Usable, IReadOnlyList<RejectedCandidate> Rejected);

/// <summary>How to rebuild one checkpoint: a value to show first and to execute then.</summary>
/// <param name="Reshard">What becomes of it on the number of ranks that was asked for; null: asked for as it was saved.</param>
public sealed record RestorePlan(
    CheckpointId Checkpoint, string Why, IReadOnlyList<RejectedCandidate> Rejected, ChainView Chain, long ReadBytes,
    double EstimatedSeconds, string EstimateBasis,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ReshardView? Reshard = null);

/// <summary>Asks for the next generation of a run and for the point to restore.</summary>
/// <param name="FailedGeneration">The newest generation the caller knows; an older one than the run's is refused.</param>
public sealed record StartRecovery(
    ActorId Holder, WorldSize WorldSize, Generation? FailedGeneration, string Cause, IReadOnlyList<Rank> FailedRanks, Step? ReachedStep);

/// <summary>The chosen point turned out damaged (already reported as findings): choose another within the same recovery.</summary>
public sealed record ChooseAgain(ActorId Holder, int Attempt, string Reason);

public sealed record ReportRankRestored(
    CheckpointId? Checkpoint, long ReadBytes, string Tier, ContentHash StateDigest, long Milliseconds, ActorId Actor);

public enum RecoveryPhase { Restoring, Completed, Failed }

/// <param name="Lease">The generation under which ranks restart.</param>
/// <param name="Chosen">Null with phase restoring or completed: begin from the initial state.</param>
/// <param name="Chain">How to rebuild <paramref name="Chosen"/>; null when there is none.</param>
public sealed record RecoveryView(
    RecoveryId Recovery, RecoveryPhase Phase, LeaseView? Lease, int Attempt, CheckpointId? Chosen, ChainView? Chain, string Why,
    IReadOnlyList<RejectedCandidate> Rejected,
    IReadOnlyList<Rank> RestoredRanks, string Cause, IReadOnlyList<Rank> FailedRanks, Step? ReachedStep, long? LostSteps,
    DateTimeOffset StartedAt, DateTimeOffset? CompletedAt, string? FailureReason);
