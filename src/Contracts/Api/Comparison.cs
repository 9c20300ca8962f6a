using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// GET /v1/checkpoints/compare?a=run/generation/step&b=run/generation/step → CheckpointComparison

/// <summary>One of two checkpoints, as far as the record knows it; tensors are compared by <c>lineage diff</c>, from the bytes.</summary>
/// <param name="Samples">Data position (<see cref="MetricNames.DataSamples"/>); null if none was recorded.</param>
public sealed record ComparedSide(
    CheckpointId Checkpoint, CheckpointPhase Phase, CheckpointKind Kind, int ChainDepth, WorldSize WorldSize, ContentHash LayoutDigest,
    ContentHash? ManifestHash, long RawBytes, long StoredBytes, DateTimeOffset OpenedAt, DateTimeOffset? SealedAt,
    DateTimeOffset? VerifiedAt, long? Samples);

/// <param name="Delta">B less A; null unless both are finite numbers.</param>
public sealed record MetricDifference(string Name, bool InA, bool InB, double? A, double? B, double? Delta);

/// <summary>A label or a field of the save policy in which two runs differ; null where it is not set.</summary>
public sealed record SettingDifference(string Name, string? A, string? B);

/// <summary>Something that happened to one of the runs between the two.</summary>
public sealed record BetweenEvent(long Sequence, string Stream, string Name, DateTimeOffset At, string Summary);

/// <summary>How two checkpoints descend from each other.</summary>
/// <param name="CommonAncestor">Null: they share none, or not within the bound of the walk.</param>
/// <param name="SavesToA">Checkpoints on the way from the common ancestor to A, A included; 0 if A is the ancestor.</param>
public sealed record DescentBetween(CheckpointId? CommonAncestor, int SavesToA, int SavesToB, string Relation);

/// <summary>What the record says of two checkpoints, side by side.</summary>
/// <param name="StepsBetween">Step of B less step of A.</param>
/// <param name="SamplesBetween">Samples of B less samples of A; null unless both were recorded.</param>
/// <param name="Between">Leases, recoveries and decisions of their runs that lie between them, oldest first.</param>
/// <param name="BetweenMore">There are more than those listed.</param>
public sealed record CheckpointComparison(
    ComparedSide A, ComparedSide B, bool SameRun, bool SameWorld, bool SameLayout, bool SameContent, long StepsBetween,
    long? SamplesBetween, DescentBetween Descent, IReadOnlyList<MetricDifference> Metrics, IReadOnlyList<SettingDifference> Labels,
    IReadOnlyList<SettingDifference> Policy, IReadOnlyList<BetweenEvent> Between, bool BetweenMore);
