using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Lineage.Agents.Codec.Kernels;

/// <summary>
/// The low bits of numbers, one number behind the other without gaps, lowest bit first; how many of each number is what a mask of ones at
/// its low end says. Two numbers go through one PEXT or PDEP (Intel SDM, BMI2), which is what makes widths that change from number to
/// number as cheap as one for all.
/// </summary>
static class LowBits
{
    /// <summary>Bytes that a packer may write behind what it has packed.</summary>
    public const int Slack = 16;

    /// <summary>Most bits of one number; two of them and 7 left over from before fit into 64.</summary>
    public const int BitsMax = 24;

    /// <summary>Packs into <paramref name="destination"/> from a bit position on and returns the next. Bits of the byte at the position
    /// that lie above it are taken to be zero and the bytes behind undefined.</summary>
    /// <param name="masks">As many as numbers.</param>
    public static long Pack(ReadOnlySpan<uint> numbers, ReadOnlySpan<uint> masks, Span<byte> destination, long position, LaneWidth lanes)
    {
        var at = (int)(position >> 3);
        var held = (int)(position & 7);
        var bits = held == 0 ? 0UL : destination[at];
        var pairs = Bmi2.X64.IsSupported && lanes != LaneWidth.Scalar ? numbers.Length / 2 : 0;
        if (pairs > 0) PackPairs(numbers, masks, pairs, destination, ref at, ref held, ref bits);
        for (var i = 2 * pairs; i < numbers.Length; i++)
        {
            bits |= (ulong)(numbers[i] & masks[i]) << held;
            held += BitOperations.PopCount(masks[i]);
            Flush(destination, ref at, ref held, ref bits);
        }

        return (at * 8L) + held;
    }

    static void PackPairs(
        ReadOnlySpan<uint> numbers, ReadOnlySpan<uint> masks, int pairs, Span<byte> destination, ref int at, ref int held, ref ulong bits)
    {
        ref var number = ref Unsafe.As<uint, ulong>(ref MemoryMarshal.GetReference(numbers));
        ref var mask = ref Unsafe.As<uint, ulong>(ref MemoryMarshal.GetReference(masks));
        if (destination.Length - at < (pairs * 2L * BitsMax / 8) + Slack) throw new ArgumentException("No room.", nameof(destination));
        ref var target = ref MemoryMarshal.GetReference(destination);
        var (position, count, rest) = ((nint)at, held, bits);
        for (nint i = 0; i < pairs; i++)
        {
            var m = Unsafe.Add(ref mask, i);
            rest |= Bmi2.X64.ParallelBitExtract(Unsafe.Add(ref number, i), m) << count;
            count = unchecked(count + BitOperations.PopCount(m));
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, position), rest);
            position = unchecked(position + (count >> 3));
            rest >>= count & 0x38;
            count &= 7;
        }

        (at, held, bits) = ((int)position, count, rest);
    }

    static void Flush(Span<byte> destination, ref int at, ref int held, ref ulong bits)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination[at..], bits);
        at += held >> 3;
        bits >>= held & 0x38;
        held &= 7;
    }

    /// <summary>The same with one mask for all numbers.</summary>
    public static long PackAlike(ReadOnlySpan<uint> numbers, int width, Span<byte> destination, long position, LaneWidth lanes)
    {
        var at = (int)(position >> 3);
        var held = (int)(position & 7);
        var bits = held == 0 ? 0UL : destination[at];
        var pairs = Bmi2.X64.IsSupported && lanes != LaneWidth.Scalar ? numbers.Length / 2 : 0;
        if (pairs > 0) PackPairsAlike(numbers, width, pairs, destination, ref at, ref held, ref bits);
        for (var i = 2 * pairs; i < numbers.Length; i++)
        {
            bits |= (ulong)(numbers[i] & ((1U << width) - 1)) << held;
            held += width;
            Flush(destination, ref at, ref held, ref bits);
        }

        return (at * 8L) + held;
    }

    static void PackPairsAlike(
        ReadOnlySpan<uint> numbers, int width, int pairs, Span<byte> destination, ref int at, ref int held, ref ulong bits)
    {
        ref var number = ref Unsafe.As<uint, ulong>(ref MemoryMarshal.GetReference(numbers));
        if (destination.Length - at < (pairs * 2L * BitsMax / 8) + Slack) throw new ArgumentException("No room.", nameof(destination));
        ref var target = ref MemoryMarshal.GetReference(destination);
        var (position, count, rest, mask) = ((nint)at, held, bits, Both((1U << width) - 1));
        for (nint i = 0; i < pairs; i++)
        {
            rest |= Bmi2.X64.ParallelBitExtract(Unsafe.Add(ref number, i), mask) << count;
            count = unchecked(count + (2 * width));
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, position), rest);
            position = unchecked(position + (count >> 3));
            rest >>= count & 0x38;
            count &= 7;
        }

        (at, held, bits) = ((int)position, count, rest);
    }

    static ulong Both(uint mask) => ((ulong)mask << 32) | mask;

    /// <summary>The inverse. The caller has checked that the packed bits of all masks are there.</summary>
    /// <returns>The next position.</returns>
    public static long Unpack(ReadOnlySpan<byte> source, long position, ReadOnlySpan<uint> masks, Span<uint> numbers, LaneWidth lanes)
    {
        var done = 0;
        if (Bmi2.X64.IsSupported && lanes != LaneWidth.Scalar)
        {
            // Eight bytes are read for every pair, so the last ones of the source are left to the careful loop.
            var last = ((long)source.Length - 8) * 8;
            var pairs = (int)Math.Clamp((last - position) / (2 * BitsMax), 0, masks.Length / 2);
            if (pairs > 0) position = UnpackPairs(source, position, masks, numbers, pairs);
            done = 2 * pairs;
        }

        for (var i = done; i < masks.Length; i++)
        {
            var width = BitOperations.PopCount(masks[i]);
            numbers[i] = (uint)((Word(source, (int)(position >> 3)) >> (int)(position & 7)) & masks[i]);
            position += width;
        }

        return position;
    }

    static long UnpackPairs(ReadOnlySpan<byte> source, long position, ReadOnlySpan<uint> masks, Span<uint> numbers, int pairs)
    {
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var mask = ref Unsafe.As<uint, ulong>(ref MemoryMarshal.GetReference(masks));
        ref var number = ref Unsafe.As<uint, ulong>(ref MemoryMarshal.GetReference(numbers));
        var at = (nint)position;
        for (nint i = 0; i < pairs; i++)
        {
            var m = Unsafe.Add(ref mask, i);
            var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, at >> 3)) >> (int)(at & 7);
            Unsafe.Add(ref number, i) = Bmi2.X64.ParallelBitDeposit(word, m);
            at = unchecked(at + BitOperations.PopCount(m));
        }

        return at;
    }

    /// <summary>The same with one mask for all numbers.</summary>
    public static long UnpackAlike(ReadOnlySpan<byte> source, long position, int width, Span<uint> numbers, LaneWidth lanes)
    {
        var done = 0;
        if (Bmi2.X64.IsSupported && lanes != LaneWidth.Scalar)
        {
            var last = ((long)source.Length - 8) * 8;
            var pairs = (int)Math.Clamp((last - position) / (2 * BitsMax), 0, numbers.Length / 2);
            if (pairs > 0) UnpackPairsAlike(source, position, width, numbers, pairs);
            done = 2 * pairs;
        }

        position += (long)done * width;
        for (var i = done; i < numbers.Length; i++, position += width)
            numbers[i] = (uint)((Word(source, (int)(position >> 3)) >> (int)(position & 7)) & ((1U << width) - 1));
        return position;
    }

    static void UnpackPairsAlike(ReadOnlySpan<byte> source, long position, int width, Span<uint> numbers, int pairs)
    {
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var number = ref Unsafe.As<uint, ulong>(ref MemoryMarshal.GetReference(numbers));
        var (at, step, mask) = ((nint)position, (nint)(2 * width), Both((1U << width) - 1));
        for (nint i = 0; i < pairs; i++)
        {
            var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, at >> 3)) >> (int)(at & 7);
            Unsafe.Add(ref number, i) = Bmi2.X64.ParallelBitDeposit(word, mask);
            at = unchecked(at + step);
        }
    }

    static ulong Word(ReadOnlySpan<byte> source, int at)
    {
        if (at + 8 <= source.Length) return BinaryPrimitives.ReadUInt64LittleEndian(source[at..]);
        var word = 0UL;
        for (var i = source.Length - 1; i >= at; i--) word = (word << 8) | source[i];
        return word;
    }
}
