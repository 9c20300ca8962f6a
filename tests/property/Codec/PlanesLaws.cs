using FsCheck.Xunit;
using Lineage.Agents.Codec;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Codec;

/// <summary>Byte planes, as version 1 of the codec has them, against the specification in whole numbers of unlimited size.</summary>
public sealed class PlanesLaws
{
    static readonly ElementKind[] Kinds =
        [.. new[] { 1, 2, 4, 8 }.SelectMany(
            static width => new[] { new ElementKind(width, Float: true), new ElementKind(width, Float: false) })];

    [Property(MaxTest = 200)]
    public void The_wide_loops_do_what_the_scalar_specification_says(int seed)
    {
        var random = new Random(seed);
        foreach (var kind in Kinds)
        {
            var raw = Bytes(random, kind, random.Next(0, 110));
            var below = Changed(random, raw);
            var (turned, difference, back) = (new byte[raw.Length], new byte[raw.Length], new byte[raw.Length]);
            Residual.OfSelf(kind, raw, turned);
            Residual.OfDifference(kind, raw, below, difference);
            Assert.Equal(Scalar.Turn(kind, raw), turned);
            Assert.Equal(Scalar.Difference(kind, raw, below), difference);
            Residual.ToSelf(kind, turned, back);
            Assert.Equal(raw, back);
            Residual.ToDifference(kind, difference, below, back);
            Assert.Equal(raw, back);

            var planes = BytePlanes.Split(kind.Width, raw.ToArray(), new byte[raw.Length]).ToArray();
            Assert.Equal(Scalar.Planes(kind.Width, raw), planes);
            Assert.Equal(raw, BytePlanes.Join(kind.Width, planes, new byte[raw.Length]).ToArray());
        }
    }

    [Fact]
    public void Neighbouring_floats_differ_by_one_even_across_zero()
    {
        (float X, float Below, uint Expected)[] pairs =
            [(0f, float.Epsilon, 1), (float.Epsilon, 0f, 2), (0f, -0f, 2), (-0f, 0f, 1), (1f, MathF.BitDecrement(1f), 2)];
        foreach (var (x, below, expected) in pairs)
        {
            var result = new byte[4];
            Residual.OfDifference(new ElementKind(4, Float: true), BitConverter.GetBytes(x), BitConverter.GetBytes(below), result);
            Assert.Equal(expected, BitConverter.ToUInt32(result));
        }
    }

    static byte[] Bytes(Random random, ElementKind kind, int elements)
    {
        var dtype = kind.Width switch { 8 => TensorDtype.F64, 4 => TensorDtype.F32, 2 => TensorDtype.BF16, _ => TensorDtype.U8 };
        return SmallStates.Fresh(random, new TensorSpec("t", dtype, [elements], [0], [elements], TensorRole.Weight));
    }

    static byte[] Changed(Random random, byte[] raw)
    {
        var changed = raw.ToArray();
        for (var i = 0; i < changed.Length; i++)
            if (random.Next(4) == 0) changed[i] = (byte)random.Next(256);
        return changed;
    }

    /// <summary>docs/FORMAT.md, section 3.2, written down once more in the plainest way: whole numbers of unlimited size.</summary>
    static class Scalar
    {
        public static byte[] Turn(ElementKind kind, byte[] raw) =>
            Map(kind, raw, raw, static (x, _, kind) => kind.Float ? ((x << 1) | (x >> (Bits(kind) - 1))) & Mask(kind) : x);

        public static byte[] Difference(ElementKind kind, byte[] raw, byte[] below) => Map(kind, raw, below, static (x, b, kind) =>
        {
            var d = (Ordered(x, kind) - Ordered(b, kind)) & Mask(kind);
            if (d >> (Bits(kind) - 1) == 1) d -= Mask(kind) + 1;
            return (d >= 0 ? 2 * d : (-2 * d) - 1) & Mask(kind);
        });

        public static byte[] Planes(int width, byte[] raw)
        {
            var (planes, count) = (new byte[raw.Length], raw.Length / width);
            for (var i = 0; i < count; i++)
                for (var p = 0; p < width; p++)
                    planes[(p * count) + i] = raw[(i * width) + p];
            return planes;
        }

        static Int128 Ordered(Int128 x, ElementKind kind) =>
            !kind.Float ? x : x >> (Bits(kind) - 1) == 1 ? Mask(kind) - x : x + (Int128.One << (Bits(kind) - 1));

        static byte[] Map(ElementKind kind, byte[] raw, byte[] below, Func<Int128, Int128, ElementKind, Int128> map)
        {
            var result = new byte[raw.Length];
            for (var i = 0; i < raw.Length; i += kind.Width)
            {
                var value = map(Number(raw.AsSpan(i, kind.Width)), Number(below.AsSpan(i, kind.Width)), kind);
                for (var p = 0; p < kind.Width; p++) result[i + p] = (byte)((value >> (8 * p)) & 0xFF);
            }

            return result;
        }

        static Int128 Number(ReadOnlySpan<byte> bytes)
        {
            Int128 value = 0;
            for (var p = bytes.Length - 1; p >= 0; p--) value = (value << 8) | bytes[p];
            return value;
        }

        static int Bits(ElementKind kind) => kind.Width * 8;

        static Int128 Mask(ElementKind kind) => (Int128.One << Bits(kind)) - 1;
    }
}
