using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lineage.Agents.Codec.Kernels;

/// <summary>How a 16-bit weight follows from its 32-bit master.</summary>
public enum CastKind : byte
{
    /// <summary>To the nearest, halves to even; a NaN of bf16 becomes 0x7FC0, as PyTorch's conversion has it.</summary>
    Nearest = 0,

    /// <summary>The upper 16 bits; bf16 only.</summary>
    UpperHalf = 1,
}

/// <summary>Casts of fp32 numbers to 16 bits, to learn whether a weight needs to be stored at all.</summary>
static class CastCheck
{
    public static bool IsKnown(CastKind kind, ElementKind target) => target switch
    {
        { Width: 2, MantissaBits: 7 } => kind is CastKind.Nearest or CastKind.UpperHalf,
        { Width: 2, MantissaBits: 10 } => kind == CastKind.Nearest,
        _ => false,
    };

    /// <param name="master">fp32 numbers.</param>
    /// <param name="halves">Receives as many 16-bit numbers.</param>
    public static void Cast(CastKind kind, ElementKind target, ReadOnlySpan<byte> master, Span<byte> halves, LaneWidth lanes)
    {
        if (target.MantissaBits == 10)
        {
            var from = MemoryMarshal.Cast<byte, float>(master);
            var to = MemoryMarshal.Cast<byte, Half>(halves);
            for (var i = 0; i < to.Length; i++) to[i] = (Half)from[i];
            return;
        }

        var count = halves.Length / 2;
        var done = lanes switch
        {
            LaneWidth.Vector512 => Cast<Lanes16, Vector512<uint>>(kind, master, halves, count, 0),
            LaneWidth.Vector256 => Cast<Lanes8, Vector256<uint>>(kind, master, halves, count, 0),
            _ => 0,
        };
        Cast<Lanes1, uint>(kind, master, halves, count, done);
    }

    static int Cast<TLanes, TVector>(CastKind kind, ReadOnlySpan<byte> master, Span<byte> halves, int count, int from)
        where TLanes : struct, ILanes<TVector>
    {
        ref var source = ref Numbers.Words(master);
        ref var target = ref Numbers.Halves(halves);
        var i = from;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            var x = TLanes.Load(ref Unsafe.Add(ref source, i));
            if (kind == CastKind.Nearest) x = Nearest<TLanes, TVector>(x);
            TLanes.Store(TLanes.Right(x, 16), ref Unsafe.Add(ref target, i));
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Nearest<TLanes, TVector>(TVector x) where TLanes : struct, ILanes<TVector>
    {
        var even = TLanes.And(TLanes.Right(x, 16), TLanes.Of(1));
        var rounded = TLanes.Add(x, TLanes.Add(even, TLanes.Of(0x7FFF)));
        // Above infinity the magnitude is a NaN's: infinity minus it has the top bit.
        var magnitude = TLanes.And(x, TLanes.Of(0x7FFF_FFFF));
        var isNaN = Lane.Spread<TLanes, TVector>(TLanes.Right(TLanes.Subtract(TLanes.Of(0x7F80_0000), magnitude), 31));
        return TLanes.Xor(rounded, TLanes.And(TLanes.Xor(rounded, TLanes.Of(0x7FC0_0000)), isNaN));
    }
}
