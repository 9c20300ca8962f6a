using Lineage.Agents.Shards;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Shards;

/// <summary>A tensor of more than 2^32 elements, which nobody has the memory for: elements, bytes and offsets are 64-bit numbers
/// everywhere.</summary>
public sealed class GiantTensorTests
{
    const int Chunk = ShardLimits.ChunkElementsMax, Constant = 0, Special = 1, Changed = 2;
    const long Elements = (1L << 32) + (3L * Chunk) + 5, Last = Elements / Chunk;
    static readonly byte[][] Blocks = [new byte[Chunk], Pattern(7), Pattern(11)];

    [Fact]
    public void It_is_written_read_at_far_places_loaded_and_changed_at_its_end()
    {
        var lower = State(static ordinal => ordinal is 2_049 or > Last - 2 ? Special : Constant);
        var upper = State(static ordinal => ordinal is Last - 1 ? Changed : ordinal is 2_049 or Last ? Special : Constant);
        var (full, whole) = Stored.Full(lower, 1, Chunk);
        var (delta, changed) = Stored.Incremental(upper, 2, lower, 1, whole.Root, Chunk);
        Assert.Equal((Elements, Last - 2), (whole.RawBytes, whole.Modes.Constant));
        Assert.Equal(Last, changed.Modes.Same);
        Assert.True(delta.Length + full.Length < 8 << 20);

        using var chain = ShardChain.Of([Stored.Open(full), Stored.Open(delta)]);
        long[] places =
            [0, (1L << 31) - 3, (1L << 31) + Chunk - 3, (1L << 32) - 3, (Last * Chunk) - 3, ((Last - 1) * Chunk) - 3, Elements - 8];
        foreach (var place in places)
        {
            var (expected, got) = (new byte[8], new byte[8]);
            for (var i = 0; i < 8; i++)
            {
                Assert.True(upper.TrySpan(0, place + i, 1, out var one));
                expected[i] = one[0];
            }

            chain.Bytes.Read(0, place, got);
            Assert.Equal(expected, got);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => chain.Bytes.Read(0, Elements - 7, new byte[8]));
        ShardLoader.Load(chain, new Nowhere(chain.Top.Tensors), CancellationToken.None, parallel: 2);
    }

    static MadeUpTensor State(Func<long, int> blockOf) =>
        new(MadeUpTensor.Spec(TensorDtype.U8, Elements), Chunk, Blocks, blockOf);

    static byte[] Pattern(int factor)
    {
        var bytes = new byte[Chunk];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(i * factor % 251);
        return bytes;
    }
}
