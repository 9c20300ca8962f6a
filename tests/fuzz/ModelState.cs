using System.Runtime.InteropServices;
using Lineage.Contracts.Format;
using Lineage.Fuzz.Targets;

namespace Lineage.Fuzz;

/// <summary>The state of a trainer of one small layer, so that its shards have chunks of the modes for floats: casts, moments, rows,
/// weights that hardly change, tied tensors, mostly zeros, noise that repeats.</summary>
static class ModelState
{
    const int Rows = 16, Columns = 32, Count = Rows * Columns;

    public static HeldTensors At(TensorDtype half, int step, int chunkElements)
    {
        var random = new Random(11);
        var (master, first, second) = (new float[Count], new float[Count], new float[Count]);
        for (var i = 0; i < Count; i++)
        {
            second[i] = (float)(1e-6 * Math.Exp((Math.Sin(i / Columns) + Math.Cos(i % Columns)) * 3) * (1 + (0.01 * random.NextDouble())));
            first[i] = (float)(Math.Sqrt(second[i]) * (random.NextDouble() - 0.5) * step);
            master[i] = (float)((random.NextDouble() + random.NextDouble() - 1) * 0.05) + (first[i] * 1e-3f * step);
        }

        ushort[] cast = [.. master.Select(value => half == TensorDtype.F16
            ? BitConverter.HalfToUInt16Bits((Half)value)
            : (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))];
        var stale = cast.Select((value, i) => (ushort)(i % 29 == step ? value ^ 3 : value)).Reverse().ToArray();
        float[] rare = [.. master.Select((value, i) => (i + step) % 9 == 0 ? value : 0)];
        var noise = new byte[160];
        random.NextBytes(noise);
        (TensorSpec Spec, byte[] Bytes)[] tensors =
        [
            (Spec("w", half, TensorRole.Weight, "master"), Raw(cast)), (Spec("m", TensorDtype.F32, TensorRole.ExpAvg), Raw(first)),
            (Spec("master", TensorDtype.F32, TensorRole.Master), Raw(master)),
            (Spec("v", TensorDtype.F32, TensorRole.ExpAvgSq), Raw(second)), (Spec("stale", half, TensorRole.Buffer), Raw(stale)),
            (Spec("tied", half, TensorRole.Buffer), Raw(stale)), (Spec("rare", TensorDtype.F32, TensorRole.Gradient), Raw(rare)),
            (new TensorSpec("noise", TensorDtype.F32, [120], [0], [120], TensorRole.Rng), [.. noise, .. noise, .. noise]),
        ];
        return new HeldTensors([.. tensors.Select(static t => t.Spec)], [.. tensors.Select(static t => t.Bytes)], root: null)
        {
            HashedChunkElements = chunkElements,
        };
    }

    static TensorSpec Spec(string name, TensorDtype dtype, TensorRole role, string? castOf = null) =>
        new(name, dtype, [Rows, Columns], [0, 0], [Rows, Columns], role, castOf);

    static byte[] Raw<T>(T[] numbers) where T : unmanaged => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
}
