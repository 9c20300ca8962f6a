using System.Globalization;
using System.Runtime.InteropServices;
using Lineage.Contracts.Format;

namespace Lineage.Bench.Traces;

/// <summary>Fine-tuning with adapters: every matrix of the backbone stays as it is, a pair of low-rank matrices beside each one in eight
/// is trained. Over nine tenths of the bytes do not change.</summary>
static class FrozenBackbone
{
    const int AdapterRank = 8, MatricesPerAdapter = 8;

    public const string Name = "frozen backbone + adapters";

    public static IEnumerable<Trace> Of(TraceSize size)
    {
        var settings = new AdamSettings(3e-4f, 0.95f, 0xF0);
        var frozen = Math.Max(MatricesPerAdapter, size.Matrices * 4);
        var adapters = frozen / MatricesPerAdapter * 2;
        var states = new MemoryTensors[2];
        for (var i = 0; i < states.Length; i++) states[i] = new MemoryTensors([.. Specs(frozen, adapters, size.Side)]);
        Parallel.For(0, adapters, i =>
            AdamGrid.Generate(states, i, i % 2 == 0 ? AdapterRank : size.Side, i % 2 == 0 ? size.Side : AdapterRank, settings, [10]));
        Parallel.For(0, frozen, i => FillFrozen(states, (adapters * MixedPrecision.TensorsPerMatrix) + i, (ulong)i));
        try
        {
            yield return new Trace(Name, states[1], Base: null, TraceKind.Generated);
            yield return new Trace(Name, states[1], states[0], TraceKind.Generated);
        }
        finally
        {
            foreach (var state in states) state.Dispose();
        }
    }

    static IEnumerable<TensorSpec> Specs(int frozen, int adapters, int side)
    {
        for (var i = 0; i < adapters; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"layers.{i / 2}.lora_{(i % 2 == 0 ? 'A' : 'B')}.weight");
            long[] shape = i % 2 == 0 ? [AdapterRank, side] : [side, AdapterRank];
            foreach (var spec in MixedPrecision.Specs(name, shape)) yield return spec;
        }

        for (var i = 0; i < frozen; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"layers.{i}.weight");
            yield return MixedPrecision.Whole(name, TensorDtype.BF16, [side, side], TensorRole.Weight);
        }
    }

    static void FillFrozen(MemoryTensors[] states, int tensor, ulong seed)
    {
        var normal = new NormalDraws(seed);
        var values = new float[states[0].Tensors[tensor].Elements];
        for (var i = 0; i < values.Length; i++) values[i] = AdamSettings.WeightDeviation * normal.Next();
        foreach (var state in states) MixedPrecision.RoundToBrain(values, MemoryMarshal.Cast<byte, ushort>(state.Bytes(tensor)));
    }
}
