using Lineage.Agents.Codec;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>
/// Writes a stored shard anew against another base, or as a full one, from what is stored: no trainer and no capture is needed. The
/// checkpoint is the same and so are its raw bytes, which are compared with the hashes taken at their capture; the object, its root and
/// what it needs to be restored are new. A link in the middle of a chain can go once what lies above it was rebased.
/// </summary>
/// <remarks>The old object stays. If the process dies, the new one is whatever of it was written: nothing refers to it yet.</remarks>
public static class ShardRebase
{
    /// <param name="chain">The shard to rebase on top; read, not owned.</param>
    /// <param name="onto">The base's shard on top; null for a full shard. Of the same layout.</param>
    /// <param name="link">Names the base; null for a full shard.</param>
    /// <param name="destination">Only written to, in order.</param>
    /// <exception cref="ShardFormatException">A chunk of either chain is damaged; what was written is useless.</exception>
    /// <exception cref="ShardLayoutException">The base is cut otherwise or is not the one named; nothing was written.</exception>
    public static ShardWritten Write(
        Stream destination, ShardChain chain, ShardChain? onto, BaseShard? link, CodecPreset preset, CancellationToken ct)
    {
        using var below = onto is null ? null : DecodedShard.Load(onto, ct);
        var top = chain.Top;
        return ShardWriter.Write(
            destination, top.Identity with { Base = link }, new Stored(chain), below, preset, ct, top.Header.ChunkElements, parallel: 1);
    }

    /// <summary>The raw bytes of a stored shard, with the hashes that were taken when they were captured.</summary>
    sealed class Stored(ShardChain chain) : ITensorBytes
    {
        public IReadOnlyList<TensorSpec> Tensors => chain.Top.Tensors;

        public void Read(int tensor, long byteOffset, Span<byte> destination) => chain.Bytes.Read(tensor, byteOffset, destination);

        public ulong? HashAtCapture(int tensor, long ordinal) => chain.Top.Entry(chain.Top.ChunkOf(tensor, ordinal)).RawHash;
    }
}
