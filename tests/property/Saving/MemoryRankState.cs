using Lineage.Agents.Capture;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Saving;

/// <summary>
/// A rank's state in plain arrays: a weight cut by rows, its two moments, a random state and a cursor; some of it hostile floats.
/// </summary>
public sealed class MemoryRankState : IRankState
{
    readonly byte[][] bytes;

    public MemoryRankState(Rank rank, WorldSize world, int rows, int columns, int seed)
    {
        Layout =
        [
            Sharded("model.weight", TensorRole.Weight, rank, world, rows, columns),
            Sharded("optimizer.exp_avg", TensorRole.ExpAvg, rank, world, rows, columns),
            Sharded("optimizer.exp_avg_sq", TensorRole.ExpAvgSq, rank, world, rows, columns),
            PerRank("rng.torch", TensorDtype.U8, TensorRole.Rng, rank, world, 37),
            PerRank("data.cursor", TensorDtype.I64, TensorRole.DataCursor, rank, world, 2),
        ];
        bytes = [.. Layout.Select(static tensor => new byte[tensor.Bytes])];
        Train(seed);
    }

    public IReadOnlyList<TensorSpec> Layout { get; }

    /// <summary>Its memory may be written into directly, by several threads.</summary>
    public bool IsParallel { get; init; }

    public bool TryWritable(int tensor, long byteOffset, int length, out Span<byte> target)
    {
        target = IsParallel ? bytes[tensor].AsSpan((int)byteOffset, length) : default;
        return IsParallel;
    }

    /// <summary>Writes made through the interface; 0 means that nothing touched the state.</summary>
    public int Writes { get; private set; }

    /// <summary>One step of training: most of the elements move a little, some not at all, a few become what floats can become.</summary>
    public void Train(int seed)
    {
        var random = new Random(seed);
        foreach (var tensor in bytes)
        {
            for (var at = 0; at + 4 <= tensor.Length; at += 4)
            {
                if (random.Next(4) == 0) continue;
                var value = BitConverter.ToSingle(tensor, at) + ((random.NextSingle() - 0.5f) * 1e-3f);
                if (random.Next(200) == 0) value = Hostile[random.Next(Hostile.Length)];
                BitConverter.TryWriteBytes(tensor.AsSpan(at), value);
            }
        }
    }

    /// <summary>A step that moves one weight only, as a low learning rate does in 16 bits.</summary>
    public void Nudge(int seed) => BitConverter.TryWriteBytes(bytes[0].AsSpan(4 * new Random(seed).Next(bytes[0].Length / 4)), 0.5f);

    public void Read(int tensor, long byteOffset, Span<byte> destination) =>
        bytes[tensor].AsSpan((int)byteOffset, destination.Length).CopyTo(destination);

    public void Write(int tensor, long byteOffset, ReadOnlySpan<byte> source)
    {
        source.CopyTo(bytes[tensor].AsSpan((int)byteOffset));
        Writes++;
    }

    public byte[][] Copy() => [.. bytes.Select(static tensor => tensor.ToArray())];

    public bool Holds(byte[][] expected) => bytes.Zip(expected).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    static readonly float[] Hostile =
        [float.NaN, BitConverter.UInt32BitsToSingle(0x7F80_0001), -0f, float.Epsilon, float.PositiveInfinity, float.MinValue];

    static TensorSpec Sharded(string name, TensorRole role, Rank rank, WorldSize world, int rows, int columns)
    {
        long from = rows * rank.Value / world.Value, to = rows * (rank.Value + 1) / world.Value;
        return new TensorSpec(name, TensorDtype.F32, [rows, columns], [from, 0], [to - from, columns], role);
    }

    static TensorSpec PerRank(string name, TensorDtype dtype, TensorRole role, Rank rank, WorldSize world, int length) =>
        new(name, dtype, [world.Value, length], [rank.Value, 0], [1, length], role);
}
