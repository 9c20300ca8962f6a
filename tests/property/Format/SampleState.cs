using System.Runtime.InteropServices;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Format;

/// <summary>
/// A small trainer's state for which the codec needs each of its modes. Made of whole numbers and of float operations that IEEE 754 rounds
/// in one way only, so it is the same on every machine. Never change it: golden files hold its image.
/// </summary>
sealed class SampleState
{
    readonly List<TensorSpec> tensors = [];
    readonly List<byte[]> bytes = [];
    ulong random;

    SampleState(int seed) => random = unchecked(((ulong)seed * 0x9E37_79B9_7F4A_7C15) + 1);

    /// <param name="drift">How far training went: 0 for what a full shard holds, more for an incremental above it.</param>
    public static (IReadOnlyList<TensorSpec> Tensors, byte[][] Bytes) Draw(int seed, int drift)
    {
        var state = new SampleState(seed);
        state.AddWeights(drift);
        state.AddMoments(drift);
        state.AddOthers(drift);
        return (state.tensors, [.. state.bytes]);
    }

    void AddWeights(int drift)
    {
        uint[] hostile =
            [0x7F80_0001, 0xFFC1_2345, 0x7FFF_FFFF, 0x7F80_0000, 0xFF80_0000, 0x8000_0000, 1, 0x8040_0001, 0x3880_1000, 0x477F_F000];
        var master = Floats(33 * 33, i => i % 97 < hostile.Length && i < 300
            ? BitConverter.UInt32BitsToSingle(hostile[i % 97])
            : (Unit() + Unit() - 1f) * 0.05f);
        var step = Floats(33 * 33, _ => (Unit() - 0.5f) * 2e-5f);
        for (var i = 0; i < master.Length && drift > 0; i++)
            if (float.IsFinite(master[i])) master[i] += step[i] * drift;
        var upper = master.Select(static x => (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16)).ToArray();
        var nearest = upper.Select((x, i) => i is 5 or 700 ? (ushort)0x1234 : x).ToArray();
        Add("layer.weight", TensorDtype.F32, [33, 33], TensorRole.Master, MemoryMarshal.AsBytes(master.AsSpan()));
        Add("layer.upper", TensorDtype.BF16, [33, 33], TensorRole.Weight, MemoryMarshal.AsBytes(nearest.AsSpan()), "layer.weight");
        var rounded = master.Select(Nearest).ToArray();
        Add("layer.nearest", TensorDtype.BF16, [33, 33], TensorRole.Weight, MemoryMarshal.AsBytes(rounded.AsSpan()), "layer.weight");
        var half = master.Select(static x => (Half)x).ToArray();
        Add("layer.half", TensorDtype.F16, [33, 33], TensorRole.Weight, MemoryMarshal.AsBytes(half.AsSpan()), "layer.weight");
        var touched = Floats(2_100, _ => (Unit() + Unit() - 1f) * 0.05f)
            .Select(static x => (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16)).ToArray();
        for (var i = 0; i < touched.Length; i++)
            if (Next() % 40 == 0 && drift > 0) touched[i] ^= 1;
        Add("slow.weight", TensorDtype.BF16, [2_100], TensorRole.Weight, MemoryMarshal.AsBytes(touched.AsSpan()));
        var bias = Floats(1_100, _ => (Unit() - 0.5f) * (1f + (Unit() * drift * 1e-3f))).Select(static x => (Half)x).ToArray();
        Add("bias", TensorDtype.F16, [1_100], TensorRole.Weight, MemoryMarshal.AsBytes(bias.AsSpan()));
    }

    /// <summary>To bf16, halves to even, every NaN the same.</summary>
    static ushort Nearest(float x)
    {
        var bits = BitConverter.SingleToUInt32Bits(x);
        return float.IsNaN(x) ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    void AddMoments(int drift)
    {
        var column = Floats(40, _ => (Unit() * Unit()) + 1e-3f);
        var row = Floats(30, _ => (Unit() * Unit()) + 1e-3f);
        var second = Floats(1_200, i => row[i / 40] * column[i % 40] * (1f + (Unit() * 1e-3f) + (drift * 1e-2f)));
        var first = Floats(1_200, i => MathF.Sqrt(second[i]) * (Unit() - 0.5f));
        Add("layer.exp_avg", TensorDtype.F32, [30, 40], TensorRole.ExpAvg, MemoryMarshal.AsBytes(first.AsSpan()));
        Add("layer.exp_avg_sq", TensorDtype.F32, [30, 40], TensorRole.ExpAvgSq, MemoryMarshal.AsBytes(second.AsSpan()));
        var flat = Floats(1_100, _ => Unit() * Unit() * 1e-6f);
        Add("bias.exp_avg_sq", TensorDtype.F32, [1_100], TensorRole.ExpAvgSq, MemoryMarshal.AsBytes(flat.AsSpan()));
        var sparse = Floats(1_100, _ => Next() % 20 == 0 ? Unit() - 0.5f : 0f);
        Add("rare.gradient", TensorDtype.F32, [1_100], TensorRole.Gradient, MemoryMarshal.AsBytes(sparse.AsSpan()));
        var complex = Floats(2 * 700, _ => (Unit() - 0.5f) * (0.3f + Unit()) * (1f + (drift * 1e-4f)));
        Add("rotation", TensorDtype.C64, [700], TensorRole.Buffer, MemoryMarshal.AsBytes(complex.AsSpan()));
    }

    void AddOthers(int drift)
    {
        var noise = Noise(4 * 1_100);
        Add("noise", TensorDtype.F32, [1_100], TensorRole.Weight, noise);
        Add("noise.tied", TensorDtype.F32, [1_100], TensorRole.Weight, noise);
        var period = Noise(4 * 1_024);
        for (var i = 600; i < period.Length; i++) period[i] = period[i - 600];
        Add("periodic", TensorDtype.F32, [1_024], TensorRole.Buffer, period);
        Add("zeros", TensorDtype.F16, [1_030], TensorRole.Buffer, new byte[2_060]);
        var whole = Enumerable.Range(0, 1_100).Select(i => (int)(Next() >> 44) + (i % 3 * drift)).ToArray();
        Add("counts", TensorDtype.I32, [1_100], TensorRole.Buffer, MemoryMarshal.AsBytes(whole.AsSpan()));
        var tail = Noise(8 * 21);
        for (var i = 0; i < tail.Length; i += 8) tail[i + 7] = (byte)(0x3F + drift);
        Add("double", TensorDtype.F64, [21], TensorRole.Opaque, tail);
        Add("four bits \u00e9", TensorDtype.F4, [34], TensorRole.Opaque, Noise(17));
        Add("empty", TensorDtype.BF16, [0, 7], TensorRole.Weight, []);
        Add("step", TensorDtype.I64, [], TensorRole.Scalar, BitConverter.GetBytes(100L + drift));
    }

    void Add(string name, TensorDtype dtype, long[] sizes, TensorRole role, ReadOnlySpan<byte> content, string? castOf = null)
    {
        tensors.Add(new TensorSpec(name, dtype, sizes, [.. sizes.Select(static _ => 0L)], sizes, role, castOf));
        bytes.Add(content.ToArray());
    }

    static float[] Floats(int count, Func<int, float> draw) => [.. Enumerable.Range(0, count).Select(draw)];

    byte[] Noise(int count) => [.. Enumerable.Range(0, count).Select(_ => (byte)(Next() >> 56))];

    /// <summary>Within 0 and 1: 24 bits, which a float holds exactly.</summary>
    float Unit() => (Next() >> 40) / 16_777_216f;

    /// <summary>Knuth's MMIX generator; the upper bits are the good ones, so they are turned down.</summary>
    ulong Next()
    {
        random = unchecked((random * 6_364_136_223_846_793_005) + 1_442_695_040_888_963_407);
        return (random >> 32) | (random << 32);
    }
}
