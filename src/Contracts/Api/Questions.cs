using System.Text.Json.Serialization;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// GET /v1/runs/{run}/restore-points/latest?at-or-before=&before-spike=FROM..TO&world=&limit=&as-of= → PointAnswer
// GET /v1/runs/{run}/restore-points/best?metric=&order=lowest|highest · …/cheapest · …/ancestry → PointAnswer
// GET /v1/checkpoints/{run}/{generation}/{step}/ancestors?limit=&as-of= → AncestorsView
// GET /v1/common-ancestor?a=&b=&as-of= → CommonAncestorView · GET /v1/runs/{run}/branches?as-of= → BranchesView

/// <summary>What can go wrong while a point is read: every object of the chain has to be there and intact.</summary>
/// <param name="CopiesMin">Fewest durable copies that any shard of the chain was saved with.</param>
/// <param name="OldestCheck">When the link that was read back longest ago was read back.</param>
public sealed record RestoreRisk(int Links, int Objects, int CopiesMin, DateTimeOffset? OldestCheck, string Why);

/// <param name="Tiers">Where the shards of the point and its chain lie.</param>
/// <param name="EstimateBasis">For people: measured on what, or assumed.</param>
public sealed record PointCost(double EstimatedSeconds, string EstimateBasis, IReadOnlyList<string> Tiers, RestoreRisk Risk);

/// <summary>A restore point that answers a question.</summary>
/// <param name="Metric">Value of the metric that was asked for; null for other questions.</param>
/// <param name="Cost">Null unless the question was about cost.</param>
public sealed record PointFound(
    CheckpointId Checkpoint, CheckpointKind Kind, int ChainDepth, WorldSize WorldSize, long ReadBytes, DateTimeOffset SealedAt,
    DateTimeOffset VerifiedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Metric = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PointCost? Cost = null);

public sealed record ReasonCount(RejectionReason Reason, int Count);

/// <summary>Restore points in the order that was asked for, and why nothing that comes before them in that order was taken.</summary>
/// <param name="Found">At most as many as were asked for, the best first.</param>
/// <param name="Rejected">Candidates that come before the last one found (all candidates, if fewer were found than asked for), in the same
/// order; at most <see cref="RejectedMax"/>.</param>
/// <param name="Reasons">How often each reason occurs among all of these.</param>
/// <param name="AsOf">The answer is what could be known at this time; null: now.</param>
public sealed record PointAnswer(
    RunId Run, PointFound? Best, string Why, IReadOnlyList<PointFound> Found, IReadOnlyList<RejectedCandidate> Rejected,
    IReadOnlyList<ReasonCount> Reasons, DateTimeOffset? AsOf = null)
{
    public const int RejectedMax = 50;
}

public sealed record AncestorView(CheckpointId Checkpoint, CheckpointPhase Phase, CheckpointKind Kind, DateTimeOffset OpenedAt);

/// <summary>Descent of a checkpoint, nearest first, across forks.</summary>
/// <param name="Next">Where to ask on; null when the last one named continues nothing.</param>
public sealed record AncestorsView(
    CheckpointId Checkpoint, IReadOnlyList<AncestorView> Ancestors, string Why, CheckpointId? Next, DateTimeOffset? AsOf = null);

/// <param name="Ancestor">The nearest checkpoint that both go back to, possibly one of the two; null: they share nothing.</param>
/// <param name="SavesFromA">Checkpoints between it and the first one, that one included.</param>
public sealed record CommonAncestorView(
    CheckpointId A, CheckpointId B, CheckpointId? Ancestor, int? SavesFromA, int? SavesFromB, string Why, DateTimeOffset? AsOf = null);

/// <summary>Current: where the run stands. TurnedBack: a generation that was left behind and holds sealed checkpoints still.
/// Fork: another run that went on from this one.</summary>
public enum BranchState { Current, TurnedBack, Fork }

/// <param name="Tip">Newest sealed checkpoint; null for a fork that has none yet.</param>
/// <param name="BranchedFrom">Where it left the line; null: the initial state.</param>
public sealed record BranchView(
    RunId Run, Generation Generation, BranchState State, CheckpointId? Tip, CheckpointPhase? TipPhase, CheckpointId? BranchedFrom,
    string Why);

public sealed record BranchesView(RunId Run, IReadOnlyList<BranchView> Branches, DateTimeOffset? AsOf = null);
