using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Shards;

/// <summary>A run's states at successive saves: the same tensors, drifting bytes.</summary>
public sealed record SmallRun(IReadOnlyList<TensorSpec> Tensors, IReadOnlyList<byte[][]> States, int ChunkElements, int Seed)
{
    public override string ToString() =>
        $"{States.Count} states, chunks of {ChunkElements}, seed {Seed}: " +
        $"{string.Join(", ", Tensors.Select(t => $"{t.Role} {t.Dtype}[{string.Join("x", t.Sizes)}]"))}";
}

/// <summary>Small worlds with all types, hostile floats, empty tensors and sizes below, at and past a few vectors; in some of them a small
/// model is trained beside (<see cref="SmallModel"/>).</summary>
public static class SmallStates
{
    static readonly TensorDtype[] Dtypes = Enum.GetValues<TensorDtype>();

    public static Arbitrary<SmallRun> Runs() =>
        (from seed in Gen.Choose(0, int.MaxValue - 1)
         from states in Gen.Choose(1, 5)
         from tensors in Gen.Choose(0, 4)
         from chunk in Gen.Elements(8, 16, 64, 1_024)
         from model in Gen.Choose(0, 1)
         select model == 0 ? Run(seed, states, tensors, chunk) : Model(seed, states, tensors, chunk)).ToArbitrary();

    public static SmallRun Run(int seed, int stateCount, int tensorCount, int chunkElements)
    {
        var random = new Random(seed);
        var specs = Enumerable.Range(0, tensorCount).Select(i => Spec(random, i)).ToList();
        var states = new List<byte[][]>();
        for (var state = 0; state < stateCount; state++) states.Add(Next(random, specs, states));
        return new SmallRun(specs, states, chunkElements, seed);
    }

    /// <summary>Tensors of a trainer among the others.</summary>
    public static SmallRun Model(int seed, int stateCount, int tensorCount, int chunkElements)
    {
        var random = new Random(seed);
        var specs = Enumerable.Range(0, tensorCount).Select(i => Spec(random, i)).ToList();
        var model = SmallModel.Draw(random, chunkElements);
        var (states, others) = (new List<byte[][]>(), new List<byte[][]>());
        for (var state = 0; state < stateCount; state++)
        {
            if (state > 0) model.Train(random);
            others.Add(Next(random, specs, others));
            states.Add([.. others[^1], .. model.Bytes()]);
        }

        return new SmallRun([.. specs, .. model.Tensors], states, chunkElements, seed);
    }

    static byte[][] Next(Random random, List<TensorSpec> specs, List<byte[][]> before) =>
        [.. specs.Select((spec, i) =>
            before.Count == 0 ? Fresh(random, spec) : Drifted(random, before[random.Next(before.Count)][i], spec))];

    static TensorSpec Spec(Random random, int index)
    {
        var dtype = Dtypes[random.Next(Dtypes.Length)];
        // Types of 4 and 6 bits fill whole bytes only in multiples of 4 elements.
        var count = random.Next(4) switch { 0 => 0, 1 => random.Next(1, 9), 2 => random.Next(1, 70), _ => random.Next(1, 200) };
        var elements = count * (dtype.Bits() < 8 ? 4L : 1);
        long[] sizes = random.Next(3) switch { 0 => [elements], 1 => [1, elements], _ => [elements, 1, 1] };
        return new TensorSpec($"layer.{index}.weight \u00e9", dtype, sizes, [.. sizes.Select(static _ => 0L)], sizes, TensorRole.Weight);
    }

    public static byte[] Fresh(Random random, TensorSpec spec)
    {
        var bytes = new byte[spec.Bytes];
        var width = Math.Max(1, spec.Dtype.Bits() / 8);
        switch (random.Next(5))
        {
            case 0: break;
            case 1: random.NextBytes(bytes); break;
            case 2:
                for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(0xA0 + (i % width));
                break;
            default:
                for (var i = 0; i + width <= bytes.Length; i += width) Number(random, width, bytes.AsSpan(i, width));
                break;
        }

        return bytes;
    }

    /// <summary>Some elements changed a little, some to something hostile, sometimes nothing, sometimes everything.</summary>
    public static byte[] Drifted(Random random, byte[] from, TensorSpec spec)
    {
        var bytes = from.ToArray();
        var width = Math.Max(1, spec.Dtype.Bits() / 8);
        switch (random.Next(5))
        {
            case 0: return bytes;
            case 1: return Fresh(random, spec);
        }

        for (var i = 0; i + width <= bytes.Length; i += width)
            if (random.Next(3) == 0) Number(random, width, bytes.AsSpan(i, width));
            else bytes[i] = unchecked((byte)(bytes[i] + random.Next(-3, 4)));
        return bytes;
    }

    /// <summary>NaNs with payloads of both signs, infinities, -0.0, denormals, extremes, and ordinary weights.</summary>
    static void Number(Random random, int width, Span<byte> destination)
    {
        Span<byte> eight = stackalloc byte[8];
        var single = BitConverter.SingleToUInt32Bits((float)((random.NextDouble() - 0.5) * 0.04));
        var whole = (ulong)single << 32;
        ulong[] hostile =
        [
            0, 1UL << 63, 0x7FF0_0000_0000_0000, 0xFFF8_0000_0000_0001, 0x7F80_0000_7F80_0000, 0xFF80_0001_FF80_0001,
            1, 0x8000_0000_0000_0001, ulong.MaxValue,
        ];
        BinaryPrimitives.WriteUInt64BigEndian(
            eight, random.Next(3) == 0 ? hostile[random.Next(hostile.Length)] : whole | (uint)random.Next());
        eight[..width].CopyTo(destination);   // the top bytes, turned round below
        destination.Reverse();
    }
}
