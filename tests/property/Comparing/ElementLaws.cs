using FsCheck.Xunit;
using Lineage.Agents.Comparing;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Comparing;

public sealed class ElementLaws
{
    static ElementTally Compare(TensorDtype dtype, byte[] a, byte[] b) => ElementComparison.Compare(dtype, a, b);

    static byte[] Bytes<T>(params T[] values) where T : unmanaged =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    [Fact]
    public void Floats_are_compared_by_value_and_counted_by_bits()
    {
        Assert.Equal(new(2, 0, 0, 1.5), Compare(TensorDtype.F32, Bytes(1f, 2f, -1f), Bytes(1f, 3.5f, -1.25f)));
        Assert.Equal(new(1, 0, 0, 0), Compare(TensorDtype.F64, Bytes(0.0), Bytes(-0.0)));
        Assert.Equal(new(1, 0, 0, 0.5), Compare(TensorDtype.F16, Bytes((Half)1), Bytes((Half)1.5)));
        Assert.Equal(new(1, 0, 0, 2), Compare(TensorDtype.BF16, Bytes((ushort)0x3F80), Bytes((ushort)0x4040)));   // 1 and 3
        Assert.Equal(new(1, 0, 0, double.PositiveInfinity), Compare(TensorDtype.F32, Bytes(1f), Bytes(float.PositiveInfinity)));
        Assert.Equal(default, Compare(TensorDtype.F32, Bytes(float.NaN, float.NegativeInfinity), Bytes(float.NaN, float.NegativeInfinity)));
    }

    [Fact]
    public void Nans_are_told_apart_from_changes_of_numbers()
    {
        var payload = BitConverter.UInt32BitsToSingle(0x7FC0_0001);
        Assert.Equal(
            new(4, 3, 1, 0.25), Compare(TensorDtype.F32, Bytes(1f, float.NaN, float.NaN, 2f), Bytes(float.NaN, 1f, payload, 2.25f)));
        Assert.Equal(new(1, 1, 1, null), Compare(TensorDtype.F8_E4M3, [0x38], [0x7F]));
    }

    [Fact]
    public void Integers_are_exact_where_a_double_is_not()
    {
        Assert.Equal(new(1, 0, 0, 1), Compare(TensorDtype.I64, Bytes(long.MaxValue), Bytes(long.MaxValue - 1)));
        Assert.Equal(new(1, 0, 0, Math.Pow(2, 64)), Compare(TensorDtype.I64, Bytes(long.MinValue), Bytes(long.MaxValue)));
        Assert.Equal(new(1, 0, 0, 3), Compare(TensorDtype.U64, Bytes(ulong.MaxValue), Bytes(ulong.MaxValue - 3)));
        Assert.Equal(new(1, 0, 0, 255), Compare(TensorDtype.I8, [0x80], [0x7F]));
        Assert.Equal(new(1, 0, 0, 1), Compare(TensorDtype.U8, [0x80], [0x7F]));
        Assert.Equal(new(1, 0, 0, 65_535), Compare(TensorDtype.I16, Bytes(short.MinValue), Bytes(short.MaxValue)));
    }

    [Fact]
    public void Complex_numbers_are_pairs_and_what_has_no_value_is_counted_only()
    {
        Assert.Equal(new(1, 0, 0, 4), Compare(TensorDtype.C64, Bytes(1f, 2f, 7f, 7f), Bytes(0f, 6f, 7f, 7f)));
        Assert.Equal(new(1, 1, 1, null), Compare(TensorDtype.C64, Bytes(1f, 2f), Bytes(1f, float.NaN)));
        Assert.Equal(new(1, 0, 0, 1), Compare(
            TensorDtype.C64, Bytes(float.PositiveInfinity, 2f), Bytes(float.PositiveInfinity, 3f)));
        Assert.Equal(new(1, 0, 0, null), Compare(TensorDtype.BOOL, [0, 1], [1, 1]));
        Assert.Equal(new(2, 0, 0, null), Compare(TensorDtype.F4, [0x12, 0x34, 0x56], [0x13, 0x34, 0x66]));
    }

    /// <summary>Corners from the OCP specification of 8-bit floats and the one of the FNUZ variants.</summary>
    [Theory]
    [InlineData(TensorDtype.F8_E4M3, 0x7E, 448.0), InlineData(TensorDtype.F8_E4M3, 0x01, 0.001953125)]
    [InlineData(TensorDtype.F8_E4M3, 0x08, 0.015625), InlineData(TensorDtype.F8_E4M3, 0x38, 1.0)]
    [InlineData(TensorDtype.F8_E5M2, 0x7B, 57_344.0), InlineData(TensorDtype.F8_E5M2, 0x01, 1.52587890625E-05)]
    [InlineData(TensorDtype.F8_E5M2, 0x3C, 1.0), InlineData(TensorDtype.F8_E5M2, 0x7C, double.PositiveInfinity)]
    [InlineData(TensorDtype.F8_E4M3FNUZ, 0x7F, 240.0), InlineData(TensorDtype.F8_E4M3FNUZ, 0x01, 0.0009765625)]
    [InlineData(TensorDtype.F8_E5M2FNUZ, 0x7F, 57_344.0), InlineData(TensorDtype.F8_E5M2FNUZ, 0x01, 7.62939453125E-06)]
    [InlineData(TensorDtype.F8_E4M3, 0xFE, 448.0), InlineData(TensorDtype.F8_E5M2FNUZ, 0xFF, 57_344.0)]
    public void Eight_bit_floats_have_the_values_of_their_specification(TensorDtype dtype, byte bits, double magnitude) =>
        Assert.Equal(new(1, 0, 0, magnitude), Compare(dtype, [0], [bits]));

    [Fact]
    public void Scales_are_powers_of_two() =>
        Assert.Equal(new(1, 0, 0, 3), Compare(TensorDtype.F8_E8M0, [127], [129]));   // 2^0 and 2^2

    [Theory]
    [InlineData(TensorDtype.F8_E4M3, 2), InlineData(TensorDtype.F8_E5M2, 6), InlineData(TensorDtype.F8_E4M3FNUZ, 1)]
    [InlineData(TensorDtype.F8_E5M2FNUZ, 1), InlineData(TensorDtype.F8_E8M0, 1)]
    public void Each_eight_bit_type_has_its_own_nans(TensorDtype dtype, int nans) => Assert.Equal(
        nans, Enumerable.Range(0, 256).Count(bits => Compare(dtype, [(byte)(bits ^ 1)], [(byte)bits]) is { NanChanged: 1 }
            && Compare(dtype, [1], [(byte)bits]).NanAppeared == 1));

    /// <summary>Whatever the type and the bytes: counts agree with comparing element by element, and with the sum over any cut.</summary>
    [Property(MaxTest = 300)]
    public void Counts_agree_with_comparing_each_element_alone(int seed, byte pick)
    {
        var dtype = Enum.GetValues<TensorDtype>()[pick % Enum.GetValues<TensorDtype>().Length];
        var spec = new TensorSpec("t", dtype, [200], [0], [200], TensorRole.Weight);
        var random = new Random(seed);
        var (a, width) = (SmallStates.Fresh(random, spec), Math.Max(1, dtype.Bits() / 8));
        var b = SmallStates.Drifted(random, a, spec);
        var whole = Compare(dtype, a, b);
        var single = default(ElementTally);
        for (var i = 0; i < a.Length; i += width) single = single.Plus(Compare(dtype, a[i..(i + width)], b[i..(i + width)]));
        Assert.Equal(single, whole);
        var differ = Enumerable.Range(0, a.Length / width).Count(i =>
            !a.AsSpan(i * width, width).SequenceEqual(b.AsSpan(i * width, width)));
        Assert.Equal(differ, whole.Changed);
        Assert.True(whole.NanAppeared <= whole.NanChanged && whole.NanChanged <= whole.Changed);
        var back = Compare(dtype, b, a);
        Assert.Equal((whole.Changed, whole.NanChanged, whole.Largest), (back.Changed, back.NanChanged, back.Largest));
    }

    [Fact]
    public void Stretches_of_other_lengths_are_refused() =>
        Assert.Throws<ArgumentException>(() => Compare(TensorDtype.U8, [1, 2], [1]));
}
