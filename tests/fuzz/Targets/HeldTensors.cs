using System.IO.Hashing;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Fuzz.Targets;

/// <summary>A base in memory: the bytes of a shard that is known, or zeros in the shape of one that is not.</summary>
sealed class HeldTensors(IReadOnlyList<TensorSpec> tensors, byte[][]? bytes, ContentHash? root) : ITensorBytes
{
    public IReadOnlyList<TensorSpec> Tensors => tensors;

    public ContentHash? ShardRoot => root;

    /// <summary>0 where no hashes were taken at capture.</summary>
    public int HashedChunkElements { get; init; }

    public ulong? HashAtCapture(int tensor, long ordinal)
    {
        if (HashedChunkElements == 0 || bytes is null) return null;
        var place = ChunkPlan.At(tensors[tensor], tensor, ordinal, HashedChunkElements);
        return XxHash3.HashToUInt64(bytes[tensor].AsSpan((int)place.ByteOffset, place.Length));
    }

    public void Read(int tensor, long byteOffset, Span<byte> destination)
    {
        if (bytes is null) destination.Clear();
        else bytes[tensor].AsSpan((int)byteOffset, destination.Length).CopyTo(destination);
    }

    public static HeldTensors Of(ITensorBytes source, ContentHash? root) => new(
        source.Tensors,
        [.. source.Tensors.Select((spec, tensor) =>
        {
            var whole = new byte[spec.Bytes];
            source.Read(tensor, 0, whole);
            return whole;
        })],
        root);
}
