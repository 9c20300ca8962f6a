using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>The base shard that an incremental shard's differences refer to: the same rank's shard of the base checkpoint.</summary>
/// <param name="ManifestHash">Content of the base checkpoint as it was sealed.</param>
/// <param name="ShardRoot">Root of the base shard itself; a reader refuses any other.</param>
public sealed record BaseShard(CheckpointId Checkpoint, ContentHash ManifestHash, ContentHash ShardRoot);

/// <summary>Whose bytes a shard holds. It is inside the object and under its root, so a valid shard in the wrong place is found
/// out.</summary>
/// <param name="LayoutDigest">See <see cref="Format.LayoutDigest"/>; the same on every rank.</param>
/// <param name="Base">Null for a full shard.</param>
public sealed record ShardIdentity(ShardId Shard, WorldSize WorldSize, ContentHash LayoutDigest, BaseShard? Base);
