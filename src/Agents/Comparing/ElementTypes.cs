using System.Numerics;

namespace Lineage.Agents.Comparing;

/// <summary>How the bits of an element are read for a comparison. Structs, so that each kernel is compiled for its type.</summary>
interface IElement<TBits>
{
    static abstract bool IsNan(TBits bits);

    /// <summary>|a - b| of two numbers; NaN if the type has none.</summary>
    static abstract double Distance(TBits a, TBits b);
}

/// <summary>A floating type: its value as a double, which holds all of them exactly.</summary>
interface IFloating<TBits>
{
    static abstract double ToDouble(TBits bits);
}

readonly struct Floating<TBits, TFloat> : IElement<TBits> where TFloat : struct, IFloating<TBits>
{
    public static bool IsNan(TBits bits) => double.IsNaN(TFloat.ToDouble(bits));

    public static double Distance(TBits a, TBits b) => Math.Abs(TFloat.ToDouble(a) - TFloat.ToDouble(b));
}

readonly struct Integer<TBits> : IElement<TBits> where TBits : IBinaryInteger<TBits>
{
    public static bool IsNan(TBits bits) => false;

    /// <summary>In 128 bits, because the difference of two 64-bit numbers may fit into neither their type nor a double.</summary>
    public static double Distance(TBits a, TBits b) => (double)Int128.Abs(Int128.CreateChecked(a) - Int128.CreateChecked(b));
}

/// <summary>Truth values, and types of 4 and 6 bits by the bytes that they share.</summary>
readonly struct PlainByte : IElement<byte>
{
    public static bool IsNan(byte bits) => false;

    public static double Distance(byte a, byte b) => double.NaN;
}

/// <summary>Two floats; one that is NaN makes the pair NaN, and the larger of the two differences counts.</summary>
readonly struct ComplexPair : IElement<ulong>
{
    public static bool IsNan(ulong bits) => double.IsNaN(Float32.ToDouble(Real(bits))) || double.IsNaN(Float32.ToDouble(Imaginary(bits)));

    public static double Distance(ulong a, ulong b) => Math.Max(Difference(Real(a), Real(b)), Difference(Imaginary(a), Imaginary(b)));

    static uint Real(ulong bits) => (uint)(bits & uint.MaxValue);

    static uint Imaginary(ulong bits) => (uint)(bits >> 32);

    /// <summary>The same infinity on both sides is no difference.</summary>
    static double Difference(uint a, uint b) => a == b ? 0 : Math.Abs(Float32.ToDouble(a) - Float32.ToDouble(b));
}

readonly struct Float64 : IFloating<ulong>
{
    public static double ToDouble(ulong bits) => BitConverter.UInt64BitsToDouble(bits);
}

readonly struct Float32 : IFloating<uint>
{
    public static double ToDouble(uint bits) => BitConverter.UInt32BitsToSingle(bits);
}

readonly struct Float16 : IFloating<ushort>
{
    public static double ToDouble(ushort bits) => (double)BitConverter.UInt16BitsToHalf(bits);
}

/// <summary>The upper half of a 32-bit float.</summary>
readonly struct BrainFloat16 : IFloating<ushort>
{
    public static double ToDouble(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}

/// <summary>The 8-bit types by table, after the OCP specification (E4M3, E5M2, E8M0) and Graphcore's variants without -0 (…FNUZ).</summary>
static class SmallFloats
{
    public static double[] E4M3 { get; } = Table(3, 7, static bits => (bits & 0x7F) == 0x7F ? double.NaN : null);

    public static double[] E5M2 { get; } = Table(2, 15, static bits => (bits & 0x7F) switch
    {
        0x7C => (bits & 0x80) == 0 ? double.PositiveInfinity : double.NegativeInfinity,
        > 0x7C => double.NaN,
        _ => null,
    });

    public static double[] E4M3Fnuz { get; } = Table(3, 8, static bits => bits == 0x80 ? double.NaN : null);

    public static double[] E5M2Fnuz { get; } = Table(2, 16, static bits => bits == 0x80 ? double.NaN : null);

    /// <summary>A power of two without sign.</summary>
    public static double[] E8M0 { get; } =
        [.. Enumerable.Range(0, 256).Select(static bits => bits == 0xFF ? double.NaN : Math.ScaleB(1, bits - 127))];

    static double[] Table(int mantissaBits, int bias, Func<int, double?> special) =>
        [.. Enumerable.Range(0, 256).Select(bits => special(bits) ?? Value(bits, mantissaBits, bias))];

    static double Value(int bits, int mantissaBits, int bias)
    {
        var (exponent, mantissa) = ((bits & 0x7F) >> mantissaBits, bits & ((1 << mantissaBits) - 1));
        var magnitude = exponent == 0
            ? Math.ScaleB(mantissa, 1 - bias - mantissaBits)
            : Math.ScaleB((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits);
        return (bits & 0x80) == 0 ? magnitude : -magnitude;
    }
}

readonly struct Float8E4M3 : IFloating<byte>
{
    public static double ToDouble(byte bits) => SmallFloats.E4M3[bits];
}

readonly struct Float8E5M2 : IFloating<byte>
{
    public static double ToDouble(byte bits) => SmallFloats.E5M2[bits];
}

readonly struct Float8E4M3Fnuz : IFloating<byte>
{
    public static double ToDouble(byte bits) => SmallFloats.E4M3Fnuz[bits];
}

readonly struct Float8E5M2Fnuz : IFloating<byte>
{
    public static double ToDouble(byte bits) => SmallFloats.E5M2Fnuz[bits];
}

readonly struct Float8E8M0 : IFloating<byte>
{
    public static double ToDouble(byte bits) => SmallFloats.E8M0[bits];
}
