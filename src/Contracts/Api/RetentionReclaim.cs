using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// GET /v1/reclaim/pending → Page<ReclaimWork> · POST /v1/checkpoints/{run}/{generation}/{step}/reclaim (StartReclaim) → ReclaimWork
// PUT same (ReportReclaimed) → CheckpointView

/// <summary>One object to delete.</summary>
/// <param name="Bytes">Size on record; 0 when it was never reported.</param>
public sealed record ReclaimObject(string ObjectKey, long Bytes);

/// <summary>A checkpoint whose bytes may go: what the keeper deletes, and why.</summary>
/// <param name="Started">The decision is on record; the objects may be deleted.</param>
/// <param name="Ranks">Ranks of its world.</param>
/// <param name="Objects">Every object that it may have left, reported or not.</param>
/// <param name="Why">For people.</param>
public sealed record ReclaimWork(
    CheckpointId Checkpoint, CheckpointPhase Phase, bool Started, IReadOnlyList<Rank> Ranks, IReadOnlyList<ReclaimObject> Objects,
    string Why);

/// <summary>Asks for the decision that the bytes may go. From then on there is no undo.</summary>
public sealed record StartReclaim(ActorId Keeper);

/// <summary>The objects are gone, durably.</summary>
/// <param name="Bytes">Stored bytes that were freed.</param>
public sealed record ReportReclaimed(IReadOnlyList<Rank> Ranks, long Bytes, string Tier, ActorId Keeper);
