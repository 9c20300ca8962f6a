using System.Runtime.InteropServices;

namespace Lineage.Contracts.Format;

/// <summary>One chunk's place in its tensor.</summary>
/// <param name="Tensor">Index into the tensor table.</param>
/// <param name="Ordinal">Number of the chunk inside the tensor, from 0.</param>
/// <param name="ByteOffset">First byte inside the tensor.</param>
/// <param name="Length">Bytes.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ChunkPlace(int Tensor, long Ordinal, long ByteOffset, int Length);

/// <summary>How tensors are cut into chunks: from the first element on, a fixed number of elements each, the last one shorter. An empty
/// tensor has none.</summary>
public static class ChunkPlan
{
    public static long Count(TensorSpec tensor, int chunkElements) =>
        (tensor.Elements / chunkElements) + (tensor.Elements % chunkElements == 0 ? 0 : 1);

    public static ChunkPlace At(TensorSpec tensor, int index, long ordinal, int chunkElements)
    {
        var offset = checked(ordinal * Bytes(tensor, chunkElements));
        return new ChunkPlace(index, ordinal, offset, (int)Math.Min(Bytes(tensor, chunkElements), tensor.Bytes - offset));
    }

    /// <summary>Every chunk of a shard, in the order in which it is stored.</summary>
    public static IEnumerable<ChunkPlace> Of(IReadOnlyList<TensorSpec> tensors, int chunkElements = ShardLimits.ChunkElementsDefault)
    {
        for (var index = 0; index < tensors.Count; index++)
        {
            var count = Count(tensors[index], chunkElements);
            for (var ordinal = 0L; ordinal < count; ordinal++) yield return At(tensors[index], index, ordinal, chunkElements);
        }
    }

    /// <summary>Raw bytes of a chunk that is not the last of its tensor.</summary>
    public static long Bytes(TensorSpec tensor, int chunkElements) => (long)chunkElements * tensor.Dtype.Bits() / 8;
}
