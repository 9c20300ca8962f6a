using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lineage.Agents.Codec;

/// <summary>
/// Byte planes: the lowest bytes of all numbers, then the next ones, and so on, <c>planes[p·n + i] = numbers[i·width + p]</c>. Done by
/// halving: each round parts every run of numbers into their low and their high halves, so that one narrowing (or widening) instruction
/// carries all widths.
/// </summary>
public static class BytePlanes
{
    /// <param name="work">Numbers; a multiple of <paramref name="width"/> long. Its content is lost.</param>
    /// <param name="spare">As long, and not overlapping.</param>
    /// <returns>The planes, in one of the two.</returns>
    public static Span<byte> Split(int width, Span<byte> work, Span<byte> spare)
    {
        for (var size = width; size > 1; size /= 2)
        {
            var run = work.Length / width * size;
            for (var start = 0; start < work.Length; start += run)
                Part(size, work.Slice(start, run), spare.Slice(start, run / 2), spare.Slice(start + (run / 2), run / 2));
            var swap = work;
            work = spare;
            spare = swap;
        }

        return work;
    }

    /// <summary>The inverse of <see cref="Split"/>, with the same rules.</summary>
    public static Span<byte> Join(int width, Span<byte> work, Span<byte> spare)
    {
        for (var size = 2; size <= width; size *= 2)
        {
            var run = work.Length / width * size;
            for (var start = 0; start < work.Length; start += run)
                Pair(size, work.Slice(start, run / 2), work.Slice(start + (run / 2), run / 2), spare.Slice(start, run));
            var swap = work;
            work = spare;
            spare = swap;
        }

        return work;
    }

    static void Part(int size, ReadOnlySpan<byte> numbers, Span<byte> low, Span<byte> high)
    {
        switch (size)
        {
            case 2: Part<ushort, byte, Bytes>(numbers, low, high); break;
            case 4: Part<uint, ushort, Shorts>(numbers, low, high); break;
            default: Part<ulong, uint, Ints>(numbers, low, high); break;
        }
    }

    static void Pair(int size, ReadOnlySpan<byte> low, ReadOnlySpan<byte> high, Span<byte> numbers)
    {
        switch (size)
        {
            case 2: Pair<ushort, byte, Bytes>(low, high, numbers); break;
            case 4: Pair<uint, ushort, Shorts>(low, high, numbers); break;
            default: Pair<ulong, uint, Ints>(low, high, numbers); break;
        }
    }

    static void Part<TWide, THalf, THalves>(ReadOnlySpan<byte> numbers, Span<byte> low, Span<byte> high)
        where TWide : unmanaged, IBinaryInteger<TWide> where THalf : unmanaged, IBinaryInteger<THalf> where THalves : IHalves<TWide, THalf>
    {
        var x = MemoryMarshal.Cast<byte, TWide>(numbers);
        var (i, lanes, half) = (0, Vector256<TWide>.Count, Unsafe.SizeOf<THalf>() * 8);
        var l = MemoryMarshal.Cast<byte, THalf>(low);
        var h = MemoryMarshal.Cast<byte, THalf>(high);
        if (Vector256.IsHardwareAccelerated)
            for (; i <= x.Length - (2 * lanes); i += 2 * lanes)
            {
                var (a, b) = (Vector256.Create<TWide>(x[i..]), Vector256.Create<TWide>(x[(i + lanes)..]));
                THalves.Narrow(a, b).CopyTo(l[i..]);
                THalves.Narrow(a >>> half, b >>> half).CopyTo(h[i..]);
            }

        for (; i < x.Length; i++) (l[i], h[i]) = (THalf.CreateTruncating(x[i]), THalf.CreateTruncating(x[i] >>> half));
    }

    static void Pair<TWide, THalf, THalves>(ReadOnlySpan<byte> low, ReadOnlySpan<byte> high, Span<byte> numbers)
        where TWide : unmanaged, IBinaryInteger<TWide> where THalf : unmanaged, IBinaryInteger<THalf> where THalves : IHalves<TWide, THalf>
    {
        var x = MemoryMarshal.Cast<byte, TWide>(numbers);
        var (i, lanes, half) = (0, Vector256<TWide>.Count, Unsafe.SizeOf<THalf>() * 8);
        var l = MemoryMarshal.Cast<byte, THalf>(low);
        var h = MemoryMarshal.Cast<byte, THalf>(high);
        if (Vector256.IsHardwareAccelerated)
            for (; i <= x.Length - (2 * lanes); i += 2 * lanes)
            {
                var (a, b) = THalves.Widen(Vector256.Create<THalf>(l[i..]));
                var (c, d) = THalves.Widen(Vector256.Create<THalf>(h[i..]));
                (a | (c << half)).CopyTo(x[i..]);
                (b | (d << half)).CopyTo(x[(i + lanes)..]);
            }

        for (; i < x.Length; i++) x[i] = TWide.CreateTruncating(l[i]) | (TWide.CreateTruncating(h[i]) << half);
    }

    interface IHalves<TWide, THalf>
    {
        /// <summary>The low halves of all lanes, in order.</summary>
        static abstract Vector256<THalf> Narrow(Vector256<TWide> first, Vector256<TWide> second);

        static abstract (Vector256<TWide> First, Vector256<TWide> Second) Widen(Vector256<THalf> halves);
    }

    readonly struct Bytes : IHalves<ushort, byte>
    {
        public static Vector256<byte> Narrow(Vector256<ushort> first, Vector256<ushort> second) => Vector256.Narrow(first, second);

        public static (Vector256<ushort> First, Vector256<ushort> Second) Widen(Vector256<byte> halves) => Vector256.Widen(halves);
    }

    readonly struct Shorts : IHalves<uint, ushort>
    {
        public static Vector256<ushort> Narrow(Vector256<uint> first, Vector256<uint> second) => Vector256.Narrow(first, second);

        public static (Vector256<uint> First, Vector256<uint> Second) Widen(Vector256<ushort> halves) => Vector256.Widen(halves);
    }

    readonly struct Ints : IHalves<ulong, uint>
    {
        public static Vector256<uint> Narrow(Vector256<ulong> first, Vector256<ulong> second) => Vector256.Narrow(first, second);

        public static (Vector256<ulong> First, Vector256<ulong> Second) Widen(Vector256<uint> halves) => Vector256.Widen(halves);
    }
}
