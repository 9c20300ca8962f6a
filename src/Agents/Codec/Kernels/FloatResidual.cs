using System.Runtime.CompilerServices;

namespace Lineage.Agents.Codec.Kernels;

/// <summary>What of a float is coded instead of the float itself (docs/FORMAT.md, section 3.3). Each is a bijection on its bits, given the
/// other number, so NaN payloads, -0.0 and denormals need no care.</summary>
public enum FloatResidual : byte
{
    /// <summary>The number, turned left by one bit: exponent on top, sign at the bottom.</summary>
    Turned = 0,

    /// <summary>The number as it is; pays where all signs are alike (a second moment).</summary>
    Plain = 1,

    /// <summary>Zigzag difference to the base's number, both as integers of the same order.</summary>
    Difference = 2,

    /// <summary>The magnitude over the square root of another number's, in the logarithm: the exponent and mantissa bits minus half of the
    /// other's; turned like the first. For a first moment beside its second.</summary>
    Ratio = 3,

    /// <summary>Zigzag difference to what the neighbours in row and column let expect (<see cref="RowResidual"/>); fp32 only.</summary>
    Rows = 4,
}

/// <summary>The same for a vector of numbers. <c>bits</c> is the numbers' width, 16 or 32; higher bits of a lane are zero.</summary>
interface IResidualStep
{
    static abstract TVector Forward<TLanes, TVector>(TVector x, TVector other, int bits) where TLanes : ILanes<TVector>;

    static abstract TVector Backward<TLanes, TVector>(TVector z, TVector other, int bits) where TLanes : ILanes<TVector>;
}

readonly struct TurnedStep : IResidualStep
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TLanes, TVector>(TVector x, TVector other, int bits) where TLanes : ILanes<TVector> =>
        TLanes.And(TLanes.Or(TLanes.Left(x, 1), TLanes.Right(x, bits - 1)), Lane.Full<TLanes, TVector>(bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TLanes, TVector>(TVector z, TVector other, int bits) where TLanes : ILanes<TVector> =>
        TLanes.And(TLanes.Or(TLanes.Right(z, 1), TLanes.Left(z, bits - 1)), Lane.Full<TLanes, TVector>(bits));
}

readonly struct PlainStep : IResidualStep
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TLanes, TVector>(TVector x, TVector other, int bits) where TLanes : ILanes<TVector> => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TLanes, TVector>(TVector z, TVector other, int bits) where TLanes : ILanes<TVector> => z;
}

readonly struct DifferenceStep : IResidualStep
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TLanes, TVector>(TVector x, TVector other, int bits) where TLanes : ILanes<TVector>
    {
        var full = Lane.Full<TLanes, TVector>(bits);
        var d = TLanes.And(TLanes.Subtract(Ordered<TLanes, TVector>(x, bits), Ordered<TLanes, TVector>(other, bits)), full);
        return TLanes.And(TLanes.Xor(TLanes.Left(d, 1), Lane.Spread<TLanes, TVector>(TLanes.Right(d, bits - 1))), full);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TLanes, TVector>(TVector z, TVector other, int bits) where TLanes : ILanes<TVector>
    {
        var full = Lane.Full<TLanes, TVector>(bits);
        var d = TLanes.Xor(TLanes.Right(z, 1), Lane.Spread<TLanes, TVector>(TLanes.And(z, TLanes.Of(1))));
        var key = TLanes.And(TLanes.Add(Ordered<TLanes, TVector>(other, bits), d), full);
        // A key with its top bit was a number without sign: only the bit goes. One without was complemented whole.
        var clear = TLanes.Subtract(TLanes.Right(key, bits - 1), TLanes.Of(1));
        return TLanes.And(TLanes.Xor(key, TLanes.Or(clear, TLanes.Of(1U << (bits - 1)))), full);
    }

    /// <summary>Sign and magnitude to an integer of the same order: negatives are complemented, the others get the top bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Ordered<TLanes, TVector>(TVector x, int bits) where TLanes : ILanes<TVector> => TLanes.And(
        TLanes.Xor(x, TLanes.Or(Lane.Spread<TLanes, TVector>(TLanes.Right(x, bits - 1)), TLanes.Of(1U << (bits - 1)))),
        Lane.Full<TLanes, TVector>(bits));
}

readonly struct RatioStep : IResidualStep
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TLanes, TVector>(TVector x, TVector other, int bits) where TLanes : ILanes<TVector>
    {
        var ratio = TLanes.Add(TLanes.Subtract(x, TLanes.Right(other, 1)), TLanes.Of(1U << (bits - 2)));
        return TLanes.Or(TLanes.Left(Magnitude<TLanes, TVector>(ratio, bits), 1), TLanes.Right(x, bits - 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TLanes, TVector>(TVector z, TVector other, int bits) where TLanes : ILanes<TVector>
    {
        var x = TLanes.Subtract(TLanes.Add(TLanes.Right(z, 1), TLanes.Right(other, 1)), TLanes.Of(1U << (bits - 2)));
        return TLanes.Or(Magnitude<TLanes, TVector>(x, bits), TLanes.Left(TLanes.And(z, TLanes.Of(1)), bits - 1));
    }

    static TVector Magnitude<TLanes, TVector>(TVector x, int bits) where TLanes : ILanes<TVector> =>
        TLanes.And(x, TLanes.Of((1U << (bits - 1)) - 1));
}

static class Lane
{
    /// <summary>All bits of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Full<TLanes, TVector>(int bits) where TLanes : ILanes<TVector> => TLanes.Of(uint.MaxValue >> (32 - bits));

    /// <summary>One becomes all ones, zero stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Spread<TLanes, TVector>(TVector bit) where TLanes : ILanes<TVector> => TLanes.Subtract(TLanes.Of(0), bit);
}
