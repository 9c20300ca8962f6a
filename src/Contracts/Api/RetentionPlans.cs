using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// GET /v1/runs/{run}/retention/plan?latest=&best=&best-by=&best-order=&daily=&weekly=&grace=&verified-min= → RetentionPlan
// POST /v1/runs/{run}/retention/apply (ApplyRetention) → RetentionApplied · POST …/retention/undo (UndoPlan) → PlanUndone
// GET /v1/retention/runs → Page<RetainedRun> · GET /v1/checkpoints/{run}/{generation}/{step}/holders → Holders
// POST /v1/checkpoints/…/expiry/undo (UndoExpiry) → CheckpointView

/// <summary>What a plan does with a checkpoint.</summary>
public enum RetentionOutcome
{
    Keep,

    /// <summary>Applying the plan expires it.</summary>
    Expire,

    /// <summary>It is expired already; its bytes are there until they are reclaimed.</summary>
    Expired,

    /// <summary>An abandoned save: it was never a checkpoint, so its bytes go after its deadline without expiry.</summary>
    Reclaimable,
}

/// <summary>What keeps a checkpoint, or its bytes.</summary>
public enum KeepRule
{
    /// <summary>The run has no retention policy.</summary>
    Everything,

    Latest, Best, Daily, Weekly, Tag, Pin, Hold,

    /// <summary>A checkpoint that stays is stored as a difference against it.</summary>
    BaseOf,

    /// <summary>Another run began from it.</summary>
    Fork,

    /// <summary>A save that is under way builds on it.</summary>
    OpenSave,

    /// <summary>A recovery is restoring it.</summary>
    Restoring,

    /// <summary>Without it fewer verified ones than the policy's minimum would remain.</summary>
    VerifiedMin,

    /// <summary>Whether it is a restore point is not known yet.</summary>
    Undecided,

    NewestRestorePoint,

    /// <summary>It is being saved.</summary>
    UnderWay,

    /// <summary>The time in which expiry can be undone is not over.</summary>
    Grace,
}

/// <param name="Detail">For people: which one, with its figures.</param>
public sealed record KeepReason(KeepRule Rule, string Detail);

/// <summary>One checkpoint of a plan.</summary>
/// <param name="Reasons">Everything that keeps it; empty when it goes.</param>
/// <param name="Why">One line for people: what keeps it, or why nothing does.</param>
/// <param name="ReclaimAfter">From when its bytes may be deleted; null while it is not expired.</param>
public sealed record RetentionEntry(
    CheckpointId Checkpoint, CheckpointPhase Phase, RetentionOutcome Outcome, IReadOnlyList<KeepReason> Reasons, string Why,
    long StoredBytes, DateTimeOffset? ReclaimAfter);

/// <summary>What a policy means for the checkpoints of a run: a value, to be looked at first and applied then.</summary>
/// <param name="RunVersion">Version of the run's stream that it was made from.</param>
/// <param name="Policy">Null: keep everything.</param>
/// <param name="Entries">Every checkpoint whose bytes are there, newest first.</param>
/// <param name="FreedBytes">Stored bytes of what would expire.</param>
/// <param name="Digest">Names what applying it would do: the run's version, the policy, and what would expire and why. What only stays is
/// not part of it, so a save that was opened meanwhile does not outdate a plan.</param>
public sealed record RetentionPlan(
    RunId Run, long RunVersion, RetentionPolicy? Policy, IReadOnlyList<RetentionEntry> Entries, int Kept, int Expiring, long KeptBytes,
    long FreedBytes, ContentHash Digest);

/// <summary>Applies a plan that was looked at. Repeating it is fine; another plan than the present one is refused.</summary>
public sealed record ApplyRetention(ContentHash Plan, ActorId Actor);

public sealed record ExpiredCheckpoint(CheckpointId Checkpoint, string Rule, long StoredBytes, DateTimeOffset ReclaimAfter);

/// <param name="Expired">What is expired by this plan, newest first.</param>
/// <param name="Remaining">What a new plan would expire: more came due meanwhile, or the server stopped in the middle.</param>
public sealed record RetentionApplied(
    RunId Run, ContentHash Plan, IReadOnlyList<ExpiredCheckpoint> Expired, long FreedBytes, int Remaining);

/// <summary>Takes back the expiry of one checkpoint and of whatever it is built on.</summary>
/// <param name="Pin">Also pin it, so that the next plan does not expire it again.</param>
public sealed record UndoExpiry(ActorId Actor, string Reason, bool Pin = true);

/// <summary>Takes back every expiry of one plan whose bytes are still there.</summary>
public sealed record UndoPlan(ContentHash Plan, ActorId Actor, string Reason);

/// <param name="TooLate">Their bytes are being deleted or gone.</param>
public sealed record PlanUndone(RunId Run, ContentHash Plan, IReadOnlyList<CheckpointId> Undone, IReadOnlyList<CheckpointId> TooLate);

/// <summary>A run that has a retention policy.</summary>
public sealed record RetainedRun(RunId Run, RetentionPolicy Policy);

/// <summary>Whether a checkpoint is safe to delete, and if not, everything that holds it.</summary>
/// <param name="SafeToDelete">Nothing holds it: retention would expire it, or its bytes may be reclaimed.</param>
public sealed record Holders(
    CheckpointId Checkpoint, CheckpointPhase Phase, bool SafeToDelete, string Why, IReadOnlyList<KeepReason> HeldBy, long StoredBytes);
