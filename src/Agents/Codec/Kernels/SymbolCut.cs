using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lineage.Agents.Codec.Kernels;

/// <summary>Cuts blocks of floats into symbols and low bits and puts them together again, by one rule.</summary>
readonly ref struct SymbolCut
{
    readonly FloatResidual residual;
    readonly LaneWidth lanes;
    readonly bool byExponent;
    readonly int width, bits, mantissaBits, shift, shiftMax;
    readonly uint flip, top;

    public SymbolCut(FloatRule rule, ElementKind kind, LaneWidth lanes)
    {
        (residual, byExponent, shift, this.lanes) = (rule.Residual, rule.ByExponent, rule.Shift, lanes);
        (width, bits, mantissaBits, shiftMax) = (kind.Width, kind.Bits, kind.MantissaBits, FloatRule.ShiftMax(kind));
        // top - t is ~t + top + 1, so counting down costs an exclusive or and an addition.
        (flip, top) = rule.CountsDown ? (uint.MaxValue, unchecked(rule.Top + 1)) : (0, 0);
    }

    /// <summary>What a symbol stands for, of one residual.</summary>
    public uint Quotient(uint z, int low) => unchecked(((z >> low) ^ flip) + top);

    /// <param name="raw">Numbers; residuals already, where they come from whole rows.</param>
    /// <param name="other">As long as <paramref name="raw"/>; not looked at where the residual needs no other numbers.</param>
    /// <param name="z">Receives the residuals.</param>
    /// <param name="masks">Receives which of their bits are low ones.</param>
    /// <param name="symbols">255 where no symbol stands for the value.</param>
    public void Split(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> other, Span<uint> z, Span<uint> masks, Span<byte> symbols)
    {
        switch (residual)
        {
            case FloatResidual.Turned: Split<TurnedStep>(raw, other, z, masks, symbols); break;
            case FloatResidual.Plain or FloatResidual.Rows: Split<PlainStep>(raw, other, z, masks, symbols); break;
            case FloatResidual.Difference: Split<DifferenceStep>(raw, other, z, masks, symbols); break;
            case FloatResidual.Ratio: Split<RatioStep>(raw, other, z, masks, symbols); break;
            default: throw new UnreachableException();
        }
    }

    void Split<TStep>(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> other, Span<uint> z, Span<uint> masks, Span<byte> symbols)
        where TStep : struct, IResidualStep
    {
        var done = lanes switch
        {
            LaneWidth.Vector512 => Split<TStep, Lanes16, Vector512<uint>>(raw, other, z, masks, symbols, 0),
            LaneWidth.Vector256 => Split<TStep, Lanes8, Vector256<uint>>(raw, other, z, masks, symbols, 0),
            _ => 0,
        };
        Split<TStep, Lanes1, uint>(raw, other, z, masks, symbols, done);
    }

    int Split<TStep, TLanes, TVector>(
        ReadOnlySpan<byte> raw, ReadOnlySpan<byte> other, Span<uint> z, Span<uint> masks, Span<byte> symbols, int from)
        where TStep : struct, IResidualStep where TLanes : struct, ILanes<TVector>
    {
        ref var zs = ref MemoryMarshal.GetReference(z);
        ref var ms = ref MemoryMarshal.GetReference(masks);
        ref var ss = ref MemoryMarshal.GetReference(symbols);
        var (flips, tops, escape) = (TLanes.Of(flip), TLanes.Of(top), TLanes.Of(FloatRule.Escape));
        var i = from;
        for (; i <= z.Length - TLanes.Count; i += TLanes.Count)
        {
            var below = Number<TLanes, TVector>(other, i);
            var residual = TStep.Forward<TLanes, TVector>(Number<TLanes, TVector>(raw, i), below, bits);
            var low = Low<TLanes, TVector>(below);
            TLanes.Store(residual, ref Unsafe.Add(ref zs, i));
            TLanes.Store(Mask<TLanes, TVector>(low), ref Unsafe.Add(ref ms, i));
            var quotient = TLanes.Add(TLanes.Xor(TLanes.Right(residual, low), flips), tops);
            TLanes.Store(TLanes.Min(quotient, escape), ref Unsafe.Add(ref ss, i));
        }

        return i;
    }

    /// <summary>Which bits of each residual are low ones, as the base's numbers say; not written where they are alike for all.</summary>
    /// <returns>How many in all.</returns>
    public long Masks(ReadOnlySpan<byte> other, Span<uint> masks)
    {
        if (!byExponent) return (long)shift * masks.Length;

        var sum = 0L;
        var done = lanes switch
        {
            LaneWidth.Vector512 => Masks<Lanes16, Vector512<uint>>(other, masks, 0, ref sum),
            LaneWidth.Vector256 => Masks<Lanes8, Vector256<uint>>(other, masks, 0, ref sum),
            _ => 0,
        };
        Masks<Lanes1, uint>(other, masks, done, ref sum);
        return sum;
    }

    int Masks<TLanes, TVector>(ReadOnlySpan<byte> other, Span<uint> masks, int from, ref long sum) where TLanes : struct, ILanes<TVector>
    {
        ref var ms = ref MemoryMarshal.GetReference(masks);
        var (i, all) = (from, TLanes.Of(0));
        for (; i <= masks.Length - TLanes.Count; i += TLanes.Count)
        {
            var low = Low<TLanes, TVector>(Number<TLanes, TVector>(other, i));
            all = TLanes.Add(all, low);
            TLanes.Store(Mask<TLanes, TVector>(low), ref Unsafe.Add(ref ms, i));
        }

        Span<uint> lane = stackalloc uint[TLanes.Count];
        TLanes.Store(all, ref lane[0]);
        foreach (var part in lane) sum += part;
        return i;
    }

    /// <summary>The biased exponents of numbers.</summary>
    public void Exponents(ReadOnlySpan<byte> numbers, Span<uint> exponents)
    {
        for (var i = 0; i < numbers.Length / width; i++)
            exponents[i] = (Number<Lanes1, uint>(numbers, i) & ((1U << (bits - 1)) - 1)) >> mantissaBits;
    }

    /// <summary>Symbols as 32-bit numbers; where one is 255 the caller puts the listed value.</summary>
    public void Widen(ReadOnlySpan<byte> symbols, Span<uint> quotients)
    {
        var i = 0;
        if (lanes == LaneWidth.Vector512)
            for (; i <= symbols.Length - Lanes16.Count; i += Lanes16.Count)
                Lanes16.Store(Lanes16.Load(ref Unsafe.AsRef(in symbols[i])), ref quotients[i]);
        for (; i < symbols.Length; i++) quotients[i] = symbols[i];
    }

    /// <summary>The inverse of <see cref="Split"/>.</summary>
    /// <param name="destination">May be where <paramref name="other"/> lies.</param>
    public void Join(
        ReadOnlySpan<uint> quotients, ReadOnlySpan<uint> low, ReadOnlySpan<byte> other, Span<byte> destination)
    {
        switch (residual)
        {
            case FloatResidual.Turned: Join<TurnedStep>(quotients, low, other, destination); break;
            case FloatResidual.Plain or FloatResidual.Rows: Join<PlainStep>(quotients, low, other, destination); break;
            case FloatResidual.Difference: Join<DifferenceStep>(quotients, low, other, destination); break;
            case FloatResidual.Ratio: Join<RatioStep>(quotients, low, other, destination); break;
            default: throw new UnreachableException();
        }
    }

    void Join<TStep>(
        ReadOnlySpan<uint> quotients, ReadOnlySpan<uint> low, ReadOnlySpan<byte> other, Span<byte> destination)
        where TStep : struct, IResidualStep
    {
        var done = lanes switch
        {
            LaneWidth.Vector512 => Join<TStep, Lanes16, Vector512<uint>>(quotients, low, other, destination, 0),
            LaneWidth.Vector256 => Join<TStep, Lanes8, Vector256<uint>>(quotients, low, other, destination, 0),
            _ => 0,
        };
        Join<TStep, Lanes1, uint>(quotients, low, other, destination, done);
    }

    int Join<TStep, TLanes, TVector>(
        ReadOnlySpan<uint> quotients, ReadOnlySpan<uint> low, ReadOnlySpan<byte> other, Span<byte> destination, int from)
        where TStep : struct, IResidualStep where TLanes : struct, ILanes<TVector>
    {
        ref var qs = ref MemoryMarshal.GetReference(quotients);
        ref var zs = ref MemoryMarshal.GetReference(low);
        var (flips, tops, full) = (TLanes.Of(flip), TLanes.Of(top), Lane.Full<TLanes, TVector>(bits));
        var i = from;
        for (; i <= quotients.Length - TLanes.Count; i += TLanes.Count)
        {
            var below = Number<TLanes, TVector>(other, i);
            var high = TLanes.Xor(TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref qs, i)), tops), flips);
            var z = TLanes.Or(TLanes.Left(high, Low<TLanes, TVector>(below)), TLanes.Load(ref Unsafe.Add(ref zs, i)));
            Store<TLanes, TVector>(TStep.Backward<TLanes, TVector>(TLanes.And(z, full), below, bits), destination, i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    TVector Number<TLanes, TVector>(ReadOnlySpan<byte> bytes, int i) where TLanes : struct, ILanes<TVector> => width == 4
        ? TLanes.Load(ref Unsafe.Add(ref Numbers.Words(bytes), i))
        : TLanes.Load(ref Unsafe.Add(ref Numbers.Halves(bytes), i));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Store<TLanes, TVector>(TVector value, Span<byte> bytes, int i) where TLanes : struct, ILanes<TVector>
    {
        if (width == 4) TLanes.Store(value, ref Unsafe.Add(ref Numbers.Words(bytes), i));
        else TLanes.Store(value, ref Unsafe.Add(ref Numbers.Halves(bytes), i));
    }

    /// <summary>How many low bits, of each number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    TVector Low<TLanes, TVector>(TVector below) where TLanes : struct, ILanes<TVector>
    {
        if (!byExponent) return TLanes.Of((uint)shift);
        var magnitude = TLanes.And(below, TLanes.Of((1U << (bits - 1)) - 1));
        var (exponent, from) = (TLanes.Right(magnitude, mantissaBits), TLanes.Of((uint)shift));
        return TLanes.Min(TLanes.Subtract(TLanes.Max(from, exponent), exponent), TLanes.Of((uint)shiftMax));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Mask<TLanes, TVector>(TVector low) where TLanes : struct, ILanes<TVector> =>
        TLanes.Subtract(TLanes.Left(TLanes.Of(1), low), TLanes.Of(1));
}
