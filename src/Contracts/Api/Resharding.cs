using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// PUT /v1/layouts/{digest} (TensorLayout) → 204 · GET /v1/layouts/{digest} → TensorLayout
// GET /v1/checkpoints/{run}/{generation}/{step}/reshard?world=&rank= → ReshardView
// GET /v1/runs/{run}/restore-points/compatible?world=&limit= → CompatiblePoints

/// <summary>What a training state consists of.</summary>
public enum StateComponent { Weights, Optimizer, Rng, DataCursor, Other }

/// <summary>Direct: as it was saved. Reshard: put together from pieces of several ranks. Lost: cannot be had on that world.</summary>
public enum ComponentVerdict { Direct, Reshard, Lost }

/// <summary>What becomes of one component on another world.</summary>
/// <param name="Bytes">Of all its tensors together, decoded.</param>
public sealed record ComponentUse(StateComponent Component, ComponentVerdict Verdict, string Why, int Tensors, long Bytes);

/// <summary>A run of rows that one target rank reads of one tensor from one source rank.</summary>
/// <param name="Tensor">Index into the layout.</param>
/// <param name="FirstRow">Of the global tensor.</param>
/// <param name="FromByte">Where they begin in the source rank's piece of the tensor.</param>
/// <param name="IntoByte">Where they begin in the target rank's.</param>
public sealed record ReshardPiece(int Tensor, int From, long FirstRow, long Rows, long FromByte, long IntoByte, long Bytes);

/// <summary>How a checkpoint comes up on another number of ranks.</summary>
/// <param name="Usable">Weights and optimizer can be had; what is lost otherwise is among the components.</param>
/// <param name="Pieces">Of all target ranks together.</param>
/// <param name="Bytes">Decoded bytes that all target ranks together read.</param>
/// <param name="RankBytesMax">Of the target rank that reads most.</param>
/// <param name="Rank">Whose pieces are listed; null: nobody's.</param>
public sealed record ReshardView(
    CheckpointId Checkpoint, WorldSize From, WorldSize To, bool Usable, string Why, IReadOnlyList<ComponentUse> Components, long Pieces,
    long Bytes, long RankBytesMax, Rank? Rank, IReadOnlyList<ReshardPiece>? RankPieces);

/// <summary>A restore point and what becomes of it on the world that was asked for.</summary>
public sealed record CompatiblePoint(RestorePoint Point, bool Usable, string Why, IReadOnlyList<ComponentUse> Components);

/// <summary>The newest restore points of a run for a world, each with its verdict; the best is the newest usable one.</summary>
public sealed record CompatiblePoints(
    RunId Run, WorldSize World, CheckpointId? Best, IReadOnlyList<CompatiblePoint> Points, IReadOnlyList<RejectedCandidate> Rejected);
