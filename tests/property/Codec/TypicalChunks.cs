using System.Runtime.InteropServices;
using Lineage.Agents.Codec;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Codec;

/// <summary>For each mode a chunk that it is made for.</summary>
static class TypicalChunks
{
    const int Count = 8_192;

    public static SampleChunk Of(ChunkMode mode)
    {
        var random = new Random(7);
        var weights = Floats(random, static r => (float)((r.NextDouble() + r.NextDouble() - 1) * 0.05));
        var moments = Floats(random, static r => (float)Math.Exp(-14 + (2 * r.NextDouble())));
        var integers = Integers(random);
        return mode switch
        {
            ChunkMode.Raw => Alone(TensorDtype.F32, Noise(random)),
            ChunkMode.Same => Over(TensorDtype.F32, weights, weights),
            ChunkMode.Constant => Over(TensorDtype.F32, new byte[4 * Count], weights),
            ChunkMode.Planes => Alone(TensorDtype.I32, integers),
            ChunkMode.DeltaPlanes => Over(TensorDtype.I32, Bumped(integers), integers),
            ChunkMode.Derived => new SampleChunk(
                TensorDtype.BF16, Upper(weights), Noise(random)[..(2 * Count)], weights, ChunkSource.Master),
            ChunkMode.Self => Alone(TensorDtype.F32, weights),
            ChunkMode.Delta => Over(TensorDtype.F32, Drifted(random, weights), weights),
            ChunkMode.Sparse => Over(TensorDtype.BF16, Touched(random, Upper(weights)), Upper(weights)),
            ChunkMode.Paired => new SampleChunk(
                TensorDtype.F32, Firsts(random, moments), [], moments, ChunkSource.SecondMoment),
            ChunkMode.Frame => Alone(TensorDtype.F32, Repeated(Noise(random), 1_000)),
            _ => Alone(TensorDtype.F32, MostlyZero(random, weights)),
        };
    }

    static SampleChunk Alone(TensorDtype dtype, byte[] raw) => new(dtype, raw, [], [], ChunkSource.None);

    static SampleChunk Over(TensorDtype dtype, byte[] raw, byte[] below) => new(dtype, raw, below, [], ChunkSource.None);

    static byte[] Floats(Random random, Func<Random, float> draw)
    {
        var floats = new float[Count];
        for (var i = 0; i < Count; i++) floats[i] = draw(random);
        return MemoryMarshal.AsBytes(floats.AsSpan()).ToArray();
    }

    static byte[] Noise(Random random)
    {
        var bytes = new byte[4 * Count];
        random.NextBytes(bytes);
        return bytes;
    }

    static byte[] Integers(Random random)
    {
        var numbers = new int[Count];
        for (var i = 0; i < Count; i++) numbers[i] = random.Next(1 << 20);
        return MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
    }

    static byte[] Bumped(byte[] integers)
    {
        var bumped = MemoryMarshal.Cast<byte, int>(integers).ToArray();
        for (var i = 0; i < bumped.Length; i++) bumped[i] += i % 3;
        return MemoryMarshal.AsBytes(bumped.AsSpan()).ToArray();
    }

    static byte[] Upper(byte[] floats)
    {
        var halves = MemoryMarshal.Cast<byte, uint>(floats).ToArray().Select(static x => (ushort)(x >> 16)).ToArray();
        return MemoryMarshal.AsBytes(halves.AsSpan()).ToArray();
    }

    static byte[] Drifted(Random random, byte[] weights)
    {
        var drifted = MemoryMarshal.Cast<byte, float>(weights).ToArray();
        for (var i = 0; i < drifted.Length; i++) drifted[i] += (float)((random.NextDouble() - 0.5) * 1e-5);
        return MemoryMarshal.AsBytes(drifted.AsSpan()).ToArray();
    }

    static byte[] Touched(Random random, byte[] halves)
    {
        var touched = halves.ToArray();
        for (var i = 0; i < touched.Length; i += 2)
            if (random.Next(40) == 0) touched[i] ^= 1;
        return touched;
    }

    static byte[] Firsts(Random random, byte[] seconds)
    {
        var firsts = MemoryMarshal.Cast<byte, float>(seconds).ToArray();
        for (var i = 0; i < firsts.Length; i++) firsts[i] = (float)(Math.Sqrt(firsts[i]) * (random.NextDouble() - 0.5));
        return MemoryMarshal.AsBytes(firsts.AsSpan()).ToArray();
    }

    static byte[] Repeated(byte[] bytes, int period)
    {
        for (var i = period; i < bytes.Length; i++) bytes[i] = bytes[i - period];
        return bytes;
    }

    static byte[] MostlyZero(Random random, byte[] weights)
    {
        var sparse = new byte[weights.Length];
        for (var i = 0; i < weights.Length; i += 4)
            if (random.Next(20) == 0) weights.AsSpan(i, 4).CopyTo(sparse.AsSpan(i));
        return sparse;
    }
}
