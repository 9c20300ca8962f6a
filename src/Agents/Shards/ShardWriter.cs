using Lineage.Agents.Codec;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <param name="Root">Root of the digest tree (docs/FORMAT.md, section 4).</param>
/// <param name="RawBytes">Size of the captured tensors.</param>
/// <param name="EncodedBytes">Size of the encoded chunks, without header, padding, index and footer.</param>
/// <param name="StoredBytes">Size of the whole object.</param>
public sealed record ShardWritten(ContentHash Root, long RawBytes, long EncodedBytes, long StoredBytes, ChunkModeCounts Modes);

/// <summary>Writes one shard object, front to back, holding one chunk at a time.</summary>
public static class ShardWriter
{
    /// <param name="destination">Only written to, in order; making it durable is the caller's business.</param>
    /// <param name="baseState">The base shard's bytes; given exactly when the identity names a base.</param>
    /// <exception cref="CaptureDamagedException">A chunk is no longer what was captured; what was written so far is useless.</exception>
    /// <exception cref="ShardLayoutException">State and base are cut differently, or the layout passes a limit; nothing was written.</exception>
    public static ShardWritten Write(
        Stream destination, ShardIdentity identity, ITensorBytes state, ITensorBytes? baseState, CodecPreset preset, CancellationToken ct) =>
        throw new InvalidOperationException("Not there yet.");
}
