using System.Runtime.InteropServices;
using Lineage.Contracts.Format;

namespace Lineage.Bench.Traces;

/// <summary>The 14 bytes per parameter of mixed-precision training: bf16 weight, fp32 master, first and second moment.</summary>
static class MixedPrecision
{
    public const int TensorsPerMatrix = 4;

    public static IReadOnlyList<TensorSpec> Specs(string name, params long[] shape) =>
    [
        Whole(name, TensorDtype.BF16, shape, TensorRole.Weight) with { CastOf = MasterOf(name) },
        Whole(MasterOf(name), TensorDtype.F32, shape, TensorRole.Master),
        Whole($"optimizer.exp_avg.{name}", TensorDtype.F32, shape, TensorRole.ExpAvg),
        Whole($"optimizer.exp_avg_sq.{name}", TensorDtype.F32, shape, TensorRole.ExpAvgSq),
    ];

    public static TensorSpec Whole(string name, TensorDtype dtype, long[] shape, TensorRole role) =>
        new(name, dtype, shape, new long[shape.Length], shape, role);

    /// <param name="first">Index of the weight; the other three follow it.</param>
    public static void Fill(
        MemoryTensors state, int first, ReadOnlySpan<float> master, ReadOnlySpan<float> expAvg, ReadOnlySpan<float> expAvgSq)
    {
        RoundToBrain(master, MemoryMarshal.Cast<byte, ushort>(state.Bytes(first)));
        MemoryMarshal.AsBytes(master).CopyTo(state.Bytes(first + 1));
        MemoryMarshal.AsBytes(expAvg).CopyTo(state.Bytes(first + 2));
        MemoryMarshal.AsBytes(expAvgSq).CopyTo(state.Bytes(first + 3));
    }

    /// <summary>fp32 to bf16, to nearest, ties to even. The sources here are finite.</summary>
    public static void RoundToBrain(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        for (var i = 0; i < source.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(source[i]);
            destination[i] = (ushort)(unchecked(bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    /// <summary>Weights become casts of their masters again.</summary>
    public static void RenewCasts(MemoryTensors state)
    {
        for (var i = 0; i < state.Tensors.Count - 1; i++)
            if (state.Tensors[i].CastOf is not null)
                RoundToBrain(MemoryMarshal.Cast<byte, float>(state.Bytes(i + 1)), MemoryMarshal.Cast<byte, ushort>(state.Bytes(i)));
    }

    static string MasterOf(string name) => $"optimizer.master.{name}";
}
