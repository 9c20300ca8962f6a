using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Lineage.Contracts.Format;

namespace Lineage.Bench.Traces;

/// <summary>What breaks codecs: no structure, nothing but structure, bit patterns that are no ordinary numbers, a wrong link, odd
/// sizes.</summary>
static class Adversarial
{
    /// <summary>Below, at and around one chunk.</summary>
    static readonly int[] OddSizes = [1, 7, 65_535, 65_536, 65_537];

    /// <summary>Quiet and signalling NaNs with payloads, both zeros, denormals, infinities, the largest and smallest numbers.</summary>
    static readonly uint[] Peculiar =
    [
        0x7FC0_0000, 0x7FC1_2345, 0xFFC0_0001, 0x7F80_0001, 0xFFBF_FFFF, 0x8000_0000, 0, 1, 0x8000_0001, 0x007F_FFFF, 0x7F80_0000,
        0xFF80_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 0x0080_0000, 0x7F7F_8000,
    ];

    public static IEnumerable<Trace> Of(TraceSize size)
    {
        var elements = size.Matrices * 65_536L;
        foreach (var (name, specs, fill) in Cases(elements))
        {
            using MemoryTensors below = new(specs), state = new(specs);
            fill(below, new Random(1), false);
            fill(state, new Random(1), true);
            yield return new Trace(name, state, Base: null, TraceKind.Adversarial);
            yield return new Trace(name, state, below, TraceKind.Adversarial);
        }
    }

    static IEnumerable<(string Name, TensorSpec[] Specs, Action<MemoryTensors, Random, bool> Fill)> Cases(long elements)
    {
        yield return ("random bytes", [One(TensorDtype.F32, elements)], Noise);
        yield return ("all zero", [One(TensorDtype.F32, elements)], static (state, _, _) => state.Bytes(0).Clear());
        yield return ("constants", [One(TensorDtype.F32, elements)], Constant);
        yield return ("NaN, -0.0, denormals, infinities", [.. MixedPrecision.Specs("odd.weight", elements)], Oddities);
        yield return ("bf16 that is not the cast", [.. MixedPrecision.Specs("wrong.weight", elements)], WrongCast);
        yield return ("odd sizes of every type", [.. Types()], Noise);
        yield return ("ints and bools", [One(TensorDtype.I64, elements), One(TensorDtype.BOOL, elements, "b")], Counters);
    }

    static TensorSpec One(TensorDtype dtype, long elements, string name = "t") =>
        MixedPrecision.Whole(name, dtype, [elements], TensorRole.Opaque);

    static IEnumerable<TensorSpec> Types()
    {
        foreach (var dtype in Enum.GetValues<TensorDtype>().Where(static dtype => dtype.Bits() % 8 == 0))
            foreach (var size in OddSizes)
                yield return One(dtype, size, string.Create(CultureInfo.InvariantCulture, $"{dtype}.{size}"));
        yield return One(TensorDtype.F32, 0, "empty");
        yield return MixedPrecision.Whole("scalar", TensorDtype.F64, [], TensorRole.Scalar);
    }

    /// <summary>A later state is another draw: nothing relates it to its base.</summary>
    static void Noise(MemoryTensors state, Random random, bool later)
    {
        if (later) random = new Random(2);
        for (var tensor = 0; tensor < state.Tensors.Count; tensor++) random.NextBytes(state.Bytes(tensor));
    }

    static void Constant(MemoryTensors state, Random random, bool later) =>
        MemoryMarshal.Cast<byte, float>(state.Bytes(0)).Fill(later ? 1.5f : -0.0f);

    static void Oddities(MemoryTensors state, Random random, bool later)
    {
        for (var tensor = 1; tensor < MixedPrecision.TensorsPerMatrix; tensor++)
        {
            var words = MemoryMarshal.Cast<byte, uint>(state.Bytes(tensor));
            for (var i = 0; i < words.Length; i++)
                words[i] = Peculiar[random.Next(Peculiar.Length)] ^ (later && random.Next(16) == 0 ? 1u : 0);
        }

        // Casting by truncation: right for most of these patterns, wrong for some, and a NaN may lose all of its payload.
        var weights = MemoryMarshal.Cast<byte, ushort>(state.Bytes(0));
        var masters = MemoryMarshal.Cast<byte, uint>(state.Bytes(1));
        for (var i = 0; i < weights.Length; i++) weights[i] = (ushort)(masters[i] >> 16);
    }

    /// <summary>Linked to its master by name, but drawn by itself.</summary>
    static void WrongCast(MemoryTensors state, Random random, bool later)
    {
        for (var tensor = 1; tensor < MixedPrecision.TensorsPerMatrix; tensor++)
            foreach (ref var value in MemoryMarshal.Cast<byte, float>(state.Bytes(tensor)))
                value = (float)((random.NextDouble() - 0.5) * (later ? 0.0401 : 0.04));
        foreach (ref var word in MemoryMarshal.Cast<byte, ushort>(state.Bytes(0)))
            word = (ushort)(random.Next(0x3C00, 0x3D00) + (later && random.Next(16) == 0 ? 1 : 0));
    }

    static void Counters(MemoryTensors state, Random random, bool later)
    {
        var longs = state.Bytes(0);
        for (var i = 0; i < longs.Length; i += sizeof(long))
            BinaryPrimitives.WriteInt64LittleEndian(longs[i..], (i / sizeof(long)) + (later ? 1 : 0));
        foreach (ref var flag in state.Bytes(1)) flag = (byte)(random.Next(10) == 0 ? 1 : 0);
    }
}
