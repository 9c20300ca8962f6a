using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// PUT /v1/checkpoints/{run}/{generation}/{step}/base (RebaseCheckpoint) → CheckpointView

/// <summary>One rank's shard, stored anew as a full one and read back deeply, whole.</summary>
/// <param name="Root">Computed from the bytes that were read back.</param>
/// <param name="ReadBytes">Read to learn that.</param>
public sealed record RewrittenShard(Rank Rank, ContentHash Root, long StoredBytes, string Tier, string ObjectKey, long ReadBytes);

/// <summary>Says that every shard of a checkpoint was stored anew without a base: it needs no other checkpoint from here on.</summary>
/// <param name="Shards">One of every rank, in any order.</param>
public sealed record RebaseCheckpoint(ActorId Actor, string Reason, IReadOnlyList<RewrittenShard> Shards);
