using System.Runtime.InteropServices;
using Lineage.Bench.Traces;

namespace Lineage.Bench.Codec;

/// <summary>
/// Order-0 entropy of the byte planes of a tensor, of the tensor itself or of the zigzag difference to its base in order-preserving
/// integers. No codec: a yardstick that shows whether a trace is what it claims to be, independent of any implementation.
/// </summary>
static class OrderZero
{
    public const string Name = "order-0 entropy";

    /// <returns>Bits of the whole tensor; NaN for widths other than 2 and 4 bytes.</returns>
    public static double Bits(MemoryTensors state, MemoryTensors? baseState, int tensor, int width)
    {
        if (width is not (2 or 4)) return double.NaN;
        var histograms = new long[width * 256];
        var raw = state.Bytes(tensor);
        var below = baseState is null ? default : baseState.Bytes(tensor);
        for (var i = 0; i < raw.Length; i += width)
        {
            var number = Number(raw[i..], width);
            number = below.IsEmpty ? SignLast(number, width) : Difference(number, Number(below[i..], width), width);
            for (var plane = 0; plane < width; plane++) histograms[(plane * 256) + (int)((number >> (8 * plane)) & 0xFF)]++;
        }

        return Enumerable.Range(0, width).Sum(plane => Entropy(histograms.AsSpan(plane * 256, 256)));
    }

    static uint Number(ReadOnlySpan<byte> bytes, int width) =>
        width == 2 ? MemoryMarshal.Read<ushort>(bytes) : MemoryMarshal.Read<uint>(bytes);

    /// <summary>Rotated by one, so that the exponent has a byte of its own.</summary>
    static uint SignLast(uint bits, int width) => (bits << 1) | (bits >> ((8 * width) - 1));

    static uint Difference(uint current, uint below, int width)
    {
        var unused = 32 - (8 * width);
        var difference = unchecked((int)((Ordered(current, width) - Ordered(below, width)) << unused) >> unused);   // with its sign
        return unchecked((uint)((difference << 1) ^ (difference >> 31)));
    }

    static uint Ordered(uint bits, int width) => bits >> ((8 * width) - 1) == 0 ? bits | (1u << ((8 * width) - 1)) : ~bits;

    static double Entropy(ReadOnlySpan<long> histogram)
    {
        var (bits, total) = (0.0, 0L);
        foreach (var count in histogram) total += count;
        foreach (var count in histogram)
            if (count > 0) bits -= count * Math.Log2((double)count / total);
        return bits;
    }
}
