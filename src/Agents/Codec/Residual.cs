using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lineage.Agents.Codec;

/// <summary>
/// What is split into planes instead of the numbers themselves, and back (docs/FORMAT.md, section 3.2). All of it is a bijection on the
/// bits, so NaN payloads, -0.0 and denormals need no care. The scalar forms are the specification; the wide loops do the same to 32 bytes
/// at a time.
/// </summary>
public static class Residual
{
    /// <summary>Floats turn left by one bit, so that the exponent fills the top plane and the sign joins the mantissa; integers
    /// stay.</summary>
    public static void OfSelf(ElementKind kind, ReadOnlySpan<byte> raw, Span<byte> result) =>
        Dispatch(kind, raw, default, result, Step.Turn);

    public static void ToSelf(ElementKind kind, ReadOnlySpan<byte> residual, Span<byte> raw) =>
        Dispatch(kind, residual, default, raw, Step.TurnBack);

    /// <summary>zigzag(ordered(raw) - ordered(base)) modulo the width.</summary>
    public static void OfDifference(ElementKind kind, ReadOnlySpan<byte> raw, ReadOnlySpan<byte> baseRaw, Span<byte> result) =>
        Dispatch(kind, raw, baseRaw, result, Step.Subtract);

    public static void ToDifference(ElementKind kind, ReadOnlySpan<byte> residual, ReadOnlySpan<byte> baseRaw, Span<byte> raw) =>
        Dispatch(kind, residual, baseRaw, raw, Step.Add);

    internal enum Step { Turn, TurnBack, Subtract, Add }

    static void Dispatch(ElementKind kind, ReadOnlySpan<byte> input, ReadOnlySpan<byte> baseRaw, Span<byte> result, Step step)
    {
        if (input.Length != result.Length || input.Length % kind.Width != 0 || (step >= Step.Subtract && baseRaw.Length != input.Length))
            throw new ArgumentException(
                $"{input.Length:N0} bytes in, {result.Length:N0} out, {baseRaw.Length:N0} of the base do not go together at width " +
                $"{kind.Width}.", nameof(input));
        switch (kind.Width)
        {
            case 1: Run<byte>(kind.Float, input, baseRaw, result, step); break;
            case 2: Run<ushort>(kind.Float, input, baseRaw, result, step); break;
            case 4: Run<uint>(kind.Float, input, baseRaw, result, step); break;
            default: Run<ulong>(kind.Float, input, baseRaw, result, step); break;
        }
    }

    static void Run<T>(bool isFloat, ReadOnlySpan<byte> input, ReadOnlySpan<byte> baseRaw, Span<byte> result, Step step)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>, IMinMaxValue<T>
    {
        var x = MemoryMarshal.Cast<byte, T>(input);
        var b = MemoryMarshal.Cast<byte, T>(baseRaw);
        var y = MemoryMarshal.Cast<byte, T>(result);
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
            for (; i <= x.Length - Vector256<T>.Count; i += Vector256<T>.Count)
            {
                var v = Vector256.Create<T>(x[i..]);
                var w = step switch
                {
                    Step.Turn => isFloat ? (v << 1) | (v >>> (Bits<T>() - 1)) : v,
                    Step.TurnBack => isFloat ? (v >>> 1) | (v << (Bits<T>() - 1)) : v,
                    Step.Subtract => Zigzag(Ordered(v, isFloat) - Ordered(Vector256.Create<T>(b[i..]), isFloat)),
                    _ => Unordered(Ordered(Vector256.Create<T>(b[i..]), isFloat) + Unzigzag(v), isFloat),
                };
                w.CopyTo(y[i..]);
            }

        for (; i < x.Length; i++) y[i] = Scalar(x[i], step >= Step.Subtract ? b[i] : T.Zero, isFloat, step);
    }

    /// <summary>One element: the specification.</summary>
    internal static T Scalar<T>(T x, T b, bool isFloat, Step step)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>, IMinMaxValue<T>
    {
        unchecked
        {
            switch (step)
            {
                case Step.Turn: return isFloat ? T.RotateLeft(x, 1) : x;
                case Step.TurnBack: return isFloat ? T.RotateRight(x, 1) : x;
                case Step.Subtract:
                    var d = Ordered(x, isFloat) - Ordered(b, isFloat);
                    return (d << 1) ^ (T.Zero - (d >>> (Bits<T>() - 1)));
                default:
                    var key = Ordered(b, isFloat) + ((x >>> 1) ^ (T.Zero - (x & T.One)));
                    if (!isFloat) return key;
                    return (key & Sign<T>()) != T.Zero ? key ^ Sign<T>() : ~key;
            }
        }
    }

    /// <summary>Sign and magnitude to an integer of the same order: negatives are complemented, the others get the top bit.</summary>
    static T Ordered<T>(T x, bool isFloat) where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>, IMinMaxValue<T> =>
        !isFloat ? x : (x & Sign<T>()) != T.Zero ? ~x : x | Sign<T>();

    // A lane's sign as a mask of ones or zeros is 0 - (x >>> top); the wide forms below are the scalar ones without a branch.
    static Vector256<T> Ordered<T>(Vector256<T> x, bool isFloat) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        isFloat ? x ^ ((Vector256<T>.Zero - (x >>> (Bits<T>() - 1))) | Vector256.Create(Sign<T>())) : x;

    static Vector256<T> Unordered<T>(Vector256<T> key, bool isFloat) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        isFloat ? key ^ (((key >>> (Bits<T>() - 1)) - Vector256<T>.One) | Vector256.Create(Sign<T>())) : key;

    static Vector256<T> Zigzag<T>(Vector256<T> d) where T : unmanaged, IBinaryInteger<T> =>
        (d << 1) ^ (Vector256<T>.Zero - (d >>> (Bits<T>() - 1)));

    static Vector256<T> Unzigzag<T>(Vector256<T> z) where T : unmanaged, IBinaryInteger<T> =>
        (z >>> 1) ^ (Vector256<T>.Zero - (z & Vector256<T>.One));

    static T Sign<T>() where T : IBinaryInteger<T>, IMinMaxValue<T> => T.MaxValue ^ (T.MaxValue >>> 1);

    static unsafe int Bits<T>() where T : unmanaged => sizeof(T) * 8;
}
