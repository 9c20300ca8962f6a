using System.Runtime.InteropServices;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Shards;

/// <summary>One tensor of any size that takes no memory: each chunk is one of a few blocks.</summary>
/// <param name="chunkElements">The blocks are as long as a chunk.</param>
/// <param name="blockOf">Which block a chunk is.</param>
sealed class MadeUpTensor(TensorSpec spec, int chunkElements, byte[][] blocks, Func<long, int> blockOf) : ITensorBytes
{
    public IReadOnlyList<TensorSpec> Tensors { get; } = [spec];

    /// <summary>Called when a chunk is read, with its ordinal.</summary>
    public Action<long> OnRead { get; init; } = static _ => { };

    public bool TrySpan(int tensor, long byteOffset, int length, out ReadOnlySpan<byte> bytes)
    {
        var size = ChunkPlan.Bytes(spec, chunkElements);
        OnRead(byteOffset / size);
        bytes = blocks[blockOf(byteOffset / size)].AsSpan((int)(byteOffset % size), length);
        return true;
    }

    public void Read(int tensor, long byteOffset, Span<byte> destination) => throw new NotSupportedException("spans are enough");

    public static TensorSpec Spec(TensorDtype dtype, long elements) =>
        new("giant", dtype, [elements], [0], [elements], TensorRole.Weight);

    /// <summary>Ordinary fp32 weights.</summary>
    public static byte[] Weights(int elements, int seed)
    {
        var random = new Random(seed);
        var numbers = new float[elements];
        for (var i = 0; i < elements; i++) numbers[i] = (float)((random.NextDouble() + random.NextDouble() - 1) * 0.05);
        return MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
    }
}

/// <summary>Where a state goes that nobody keeps: each thread has room for one chunk. What is decoded is checked all the same, by the
/// hashes of the capture.</summary>
sealed class Nowhere(IReadOnlyList<TensorSpec> tensors) : ITensorMemory
{
    [ThreadStatic]
    static byte[]? chunk;

    public IReadOnlyList<TensorSpec> Tensors => tensors;

    public Action OnWritable { get; init; } = static () => { };

    public Span<byte> Writable(int tensor, long byteOffset, int length)
    {
        OnWritable();
        if (chunk is null || chunk.Length < length) chunk = new byte[length];
        return chunk.AsSpan(0, length);
    }

    public void Read(int tensor, long byteOffset, Span<byte> destination) => throw new NotSupportedException("nothing is kept");
}
