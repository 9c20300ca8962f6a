using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Fuzz.Targets;

/// <summary>A base in memory: the bytes of a shard that is known, or zeros in the shape of one that is not.</summary>
sealed class HeldTensors(IReadOnlyList<TensorSpec> tensors, byte[][]? bytes, ContentHash? root) : ITensorBytes
{
    public IReadOnlyList<TensorSpec> Tensors => tensors;

    public ContentHash? ShardRoot => root;

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
