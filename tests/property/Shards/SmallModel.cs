using System.Runtime.InteropServices;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Shards;

/// <summary>
/// What a trainer keeps of a few layers, with everything that the codec knows about: 16-bit weights that are casts of fp32 masters,
/// moments beside each other in rows, tied layers, weights that hardly change, tensors that are mostly zero, noise that repeats.
/// </summary>
sealed class SmallModel
{
    readonly List<Layer> layers = [];
    readonly byte[] repeated;
    int step;

    SmallModel(byte[] repeated) => this.repeated = repeated;

    sealed record Layer(TensorDtype Half, CastHow Cast, int Rows, int Columns, float[] Master, float[] First, float[] Second, byte[] Weight)
    {
        public int? TiedTo { get; init; }
    }

    enum CastHow { Nearest, Upper, Mostly, Stale }

    public static SmallModel Draw(Random random, int chunkElements)
    {
        var noise = new byte[random.Next(3) == 0 ? 0 : 8 * random.Next(20, 60)];
        random.NextBytes(noise);
        var model = new SmallModel([.. noise, .. noise, .. noise]);
        for (var count = random.Next(1, 3); count > 0; count--) model.layers.Add(NewLayer(random, chunkElements));
        if (random.Next(2) == 0) model.layers.Add(model.layers[0] with { TiedTo = 0 });
        foreach (var layer in model.layers) Cast(random, layer);
        return model;
    }

    static Layer NewLayer(Random random, int chunkElements)
    {
        // Rows are looked for from 16 numbers on, and only where a chunk has several of them.
        var columns = chunkElements > 64 ? random.Next(16, 24) : random.Next(1, 20);
        var rows = random.Next(4) switch { 0 => random.Next(0, 4), _ => random.Next(4, chunkElements > 64 ? 24 : 12) };
        var count = rows * columns;
        var (master, second) = (new float[count], new float[count]);
        for (var i = 0; i < count; i++)
        {
            master[i] = (float)((random.NextDouble() + random.NextDouble() - 1) * 0.05);
            var factor = Math.Exp(Math.Sin(i / columns) * 3) * Math.Exp(Math.Cos(i % columns) * 3) * (1 + (0.01 * random.NextDouble()));
            second[i] = (float)(1e-6 * factor);
        }

        var half = random.Next(3) == 0 ? TensorDtype.F16 : TensorDtype.BF16;
        var layer = new Layer(
            half, (CastHow)random.Next(4), rows, columns, master, new float[count], second, new byte[2 * count]);
        Move(random, layer);
        return layer;
    }

    /// <summary>In an order in which what is derived may come before what it is derived from.</summary>
    public IReadOnlyList<TensorSpec> Tensors =>
    [
        .. layers.SelectMany(static (layer, i) => new[]
        {
            Spec(i, "weight", layer.Half, layer, TensorRole.Weight, $"model.{i}.master"),
            Spec(i, "exp_avg", TensorDtype.F32, layer, TensorRole.ExpAvg), Spec(i, "master", TensorDtype.F32, layer, TensorRole.Master),
            Spec(i, "exp_avg_sq", TensorDtype.F32, layer, TensorRole.ExpAvgSq),
            Spec(i, "rare", TensorDtype.F32, layer, TensorRole.Gradient),
        }),
        new TensorSpec("noise", TensorDtype.F32, [repeated.Length / 4], [0], [repeated.Length / 4], TensorRole.Buffer),
    ];

    static TensorSpec Spec(int layer, string name, TensorDtype dtype, Layer shape, TensorRole role, string? castOf = null)
    {
        long[] sizes = [shape.Rows, shape.Columns];
        return new TensorSpec($"model.{layer}.{name}", dtype, sizes, [0, 0], sizes, role, castOf);
    }

    public IEnumerable<byte[]> Bytes() => layers.SelectMany(layer => new[]
    {
        layer.Weight.ToArray(), Raw(layer.First), Raw(layer.Master), Raw(layer.Second), Raw(Rare(layer)),
    }).Append(repeated);

    public void Train(Random random)
    {
        step++;
        foreach (var layer in layers)
        {
            if (layer.TiedTo is null) Move(random, layer);
            if (layer.TiedTo is null || random.Next(3) == 0) Cast(random, layer);
        }
    }

    /// <summary>A step so small that few 16-bit weights change.</summary>
    static void Move(Random random, Layer layer)
    {
        for (var i = 0; i < layer.Master.Length; i++)
        {
            layer.First[i] = (float)(Math.Sqrt(layer.Second[i]) * (random.NextDouble() - 0.5));
            layer.Second[i] *= (float)(1 + (0.001 * random.NextDouble()));
            layer.Master[i] += layer.First[i] * 1e-3f;
        }
    }

    static void Cast(Random random, Layer layer)
    {
        if (layer.Cast == CastHow.Stale)
        {
            Touch(random, layer);
            return;
        }

        for (var i = 0; i < layer.Master.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(layer.Master[i]);
            var half = layer.Half == TensorDtype.F16 ? BitConverter.HalfToUInt16Bits((Half)layer.Master[i])
                : layer.Cast == CastHow.Upper ? (ushort)(bits >> 16)
                : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
            if (layer.Cast == CastHow.Mostly && random.Next(90) == 0) half ^= 1;
            BitConverter.TryWriteBytes(layer.Weight.AsSpan(2 * i), half);
        }
    }

    /// <summary>Not its master's cast at all, and only a few numbers change from step to step.</summary>
    static void Touch(Random random, Layer layer)
    {
        for (var i = 0; i < layer.Master.Length; i++)
        {
            var number = layer.Weight.AsSpan(2 * i, 2);
            if (number is [0, 0]) BitConverter.TryWriteBytes(number, (ushort)(0x3C00 + random.Next(512)));
            else if (random.Next(30) == 0) number[0] ^= 1;
        }
    }

    float[] Rare(Layer layer) => [.. layer.Master.Select((value, i) => (i + step) % 9 == 0 ? value : 0)];

    static byte[] Raw(float[] numbers) => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
}
