using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lineage.Agents.Codec.Kernels;

/// <summary>
/// Each fp32 number less what its neighbours let expect, zigzag: the one before it plus the one above less the one before that, all as the
/// integers of their bits. As bits grow with the logarithm, this is exact for a product of a row's and a column's factor, which is what
/// second moments nearly are (Shazeer and Stern, Adafactor, arXiv:1804.04235). Borders of rows are not looked at: there the guess is bad,
/// and the number costs more.
/// </summary>
static class RowResidual
{
    /// <summary>Shorter rows are not worth it.</summary>
    public const int RowMin = 16;

    /// <param name="chunk">fp32 numbers from the chunk's first on.</param>
    /// <param name="start">Where the run begins, in numbers.</param>
    /// <param name="row">Numbers of a row.</param>
    /// <param name="z">Receives one residual per number of the run.</param>
    public static void Forward(ReadOnlySpan<byte> chunk, int start, int row, Span<uint> z, LaneWidth lanes)
    {
        var x = MemoryMarshal.Cast<byte, uint>(chunk);
        var plain = Math.Clamp(row + 1 - start, 0, z.Length);
        for (var i = 0; i < plain; i++) z[i] = Zigzag(unchecked(x[start + i] - Expected(x, start + i, row)));
        var done = lanes switch
        {
            LaneWidth.Vector512 => Forward<Lanes16, Vector512<uint>>(x, start, row, z, plain),
            LaneWidth.Vector256 => Forward<Lanes8, Vector256<uint>>(x, start, row, z, plain),
            _ => plain,
        };
        Forward<Lanes1, uint>(x, start, row, z, done);
    }

    static int Forward<TLanes, TVector>(ReadOnlySpan<uint> x, int start, int row, Span<uint> z, int from)
        where TLanes : struct, ILanes<TVector>
    {
        ref var number = ref Unsafe.Add(ref MemoryMarshal.GetReference(x), start);
        ref var target = ref MemoryMarshal.GetReference(z);
        var i = from;
        for (; i <= z.Length - TLanes.Count; i += TLanes.Count)
        {
            var here = TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref number, i)), TLanes.Load(ref Unsafe.Add(ref number, i - 1)));
            var above = TLanes.Subtract(
                TLanes.Load(ref Unsafe.Add(ref number, i - row)), TLanes.Load(ref Unsafe.Add(ref number, i - row - 1)));
            var d = TLanes.Subtract(here, above);
            var zigzag = TLanes.Xor(TLanes.Left(d, 1), Lane.Spread<TLanes, TVector>(TLanes.Right(d, 31)));
            TLanes.Store(zigzag, ref Unsafe.Add(ref target, i));
        }

        return i;
    }

    /// <summary>The inverse, run after run from the chunk's first number on.</summary>
    public static void Backward(ReadOnlySpan<uint> z, Span<byte> chunk, int start, int row)
    {
        var x = MemoryMarshal.Cast<byte, uint>(chunk);
        var plain = Math.Clamp(row + 1 - start, 0, z.Length);
        for (var i = 0; i < plain; i++) x[start + i] = unchecked(Expected(x, start + i, row) + Unzigzag(z[i]));
        if (plain == z.Length) return;
        ref var number = ref Unsafe.Add(ref MemoryMarshal.GetReference(x), start);
        ref var residual = ref MemoryMarshal.GetReference(z);
        var (before, corner) = (Unsafe.Add(ref number, plain - 1), Unsafe.Add(ref number, plain - row - 1));
        for (nint i = plain; i < z.Length; i++)
        {
            var above = Unsafe.Add(ref number, i - row);
            before = unchecked(before + (above - corner + Unzigzag(Unsafe.Add(ref residual, i))));
            corner = above;
            Unsafe.Add(ref number, i) = before;
        }
    }

    static uint Expected(ReadOnlySpan<uint> x, int i, int row) => i == 0 ? 0
        : i <= row ? x[i - 1]
        : unchecked(x[i - 1] + x[i - row] - x[i - row - 1]);

    static uint Zigzag(uint d) => (d << 1) ^ unchecked(0 - (d >> 31));

    static uint Unzigzag(uint z) => (z >> 1) ^ unchecked(0 - (z & 1));
}
