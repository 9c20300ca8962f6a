using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>One shard of a manifest.</summary>
/// <param name="Root">Root of the shard's digest tree.</param>
public sealed record ManifestShard(Rank Rank, ContentHash Root, long RawBytes, long StoredBytes, string ObjectKey);

/// <summary>
/// The closed list of a checkpoint's shards. Its canonical bytes (<see cref="CanonicalJson"/>) are what
/// <see cref="CheckpointSealed.ManifestHash"/> digests, so that one hash names the whole content. A copy lies beside the shards; the
/// event is the authority.
/// </summary>
/// <param name="Format">Always <see cref="FormatName"/> for this version.</param>
/// <param name="Shards">One per rank, in rank order.</param>
public sealed record Manifest(
    string Format, CheckpointId Checkpoint, CheckpointKind Kind, BaseLink? Base, WorldSize WorldSize, ContentHash LayoutDigest,
    IReadOnlyList<ManifestShard> Shards)
{
    public const string FormatName = "lineage.manifest.v1";

    /// <summary>The bytes whose SHA-256 is the manifest hash.</summary>
    public byte[] CanonicalBytes() => CanonicalJson.Write(this);

    public ContentHash Hash() => ContentHash.Of(CanonicalBytes());
}
