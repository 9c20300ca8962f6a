using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ZstdSharp;

namespace Lineage.Bench.Codec;

/// <summary>The strong baseline of the literature: byte planes, each through zstd-1; with a base, the XOR with it first. Its own kernels,
/// vectorised, so that it neither suffers from ours nor profits by them.</summary>
sealed class PlanesCodec(bool xor) : TensorCodec(xor ? "xor + planes + zstd-1" : "planes + zstd-1", xor)
{
    const int LengthBytes = sizeof(int);

    readonly Compressor compressor = new(1);
    readonly Decompressor decompressor = new();
    byte[] difference = [], planes = [];

    protected override int Bound(int raw, int width) => width * (LengthBytes + Compressor.GetCompressBound(raw / width));

    protected override int Encode(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> below, int width, Span<byte> stored)
    {
        Reserve(raw.Length);
        var source = raw;
        if (!below.IsEmpty)
        {
            Xor(raw, below, difference.AsSpan(0, raw.Length));
            source = difference.AsSpan(0, raw.Length);
        }

        if (width > 1) Split(source, width, planes.AsSpan(0, raw.Length));
        var planar = width > 1 ? planes.AsSpan(0, raw.Length) : source;
        var (size, end) = (raw.Length / width, 0);
        for (var plane = 0; plane < width; plane++)
        {
            var written = compressor.Wrap(planar.Slice(plane * size, size), stored[(end + LengthBytes)..]);
            BinaryPrimitives.WriteInt32LittleEndian(stored[end..], written);
            end += LengthBytes + written;
        }

        return end;
    }

    protected override void Decode(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> below, int width, Span<byte> raw)
    {
        Reserve(raw.Length);
        var planar = width > 1 ? planes.AsSpan(0, raw.Length) : raw;
        var (size, at) = (raw.Length / width, 0);
        for (var plane = 0; plane < width; plane++)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(stored[at..]);
            decompressor.Unwrap(stored.Slice(at + LengthBytes, length), planar.Slice(plane * size, size));
            at += LengthBytes + length;
        }

        if (width > 1) Join(planar, width, raw);
        if (!below.IsEmpty) Xor(raw, below, raw);
    }

    static void Xor(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> result)
    {
        var i = 0;
        for (; i <= left.Length - Vector256<byte>.Count; i += Vector256<byte>.Count)
            (Vector256.Create(left[i..]) ^ Vector256.Create(right[i..])).CopyTo(result[i..]);
        for (; i < left.Length; i++) result[i] = (byte)(left[i] ^ right[i]);
    }

    static void Split(ReadOnlySpan<byte> source, int width, Span<byte> planes)
    {
        var (size, done) = (source.Length / width, 0);
        if (width == 2) done = SplitPairs(source, planes);
        if (width == 4) done = SplitFours(source, planes);
        for (var i = done; i < size; i++)
            for (var plane = 0; plane < width; plane++)
                planes[(plane * size) + i] = source[(i * width) + plane];
    }

    static int SplitPairs(ReadOnlySpan<byte> source, Span<byte> planes)
    {
        var x = MemoryMarshal.Cast<byte, ushort>(source);
        var (size, i) = (source.Length / 2, 0);
        for (; i <= size - 32; i += 32)
        {
            var (a, b) = (Vector256.Create(x[i..]), Vector256.Create(x[(i + 16)..]));
            Vector256.Narrow(a, b).CopyTo(planes[i..]);
            Vector256.Narrow(a >>> 8, b >>> 8).CopyTo(planes[(size + i)..]);
        }

        return i;
    }

    static int SplitFours(ReadOnlySpan<byte> source, Span<byte> planes)
    {
        var x = MemoryMarshal.Cast<byte, uint>(source);
        var (size, i) = (source.Length / 4, 0);
        for (; i <= size - 32; i += 32)
        {
            var (a, b) = (Vector256.Create(x[i..]), Vector256.Create(x[(i + 8)..]));
            var (c, d) = (Vector256.Create(x[(i + 16)..]), Vector256.Create(x[(i + 24)..]));
            for (var plane = 0; plane < 4; plane++)
            {
                var low = Vector256.Narrow(a >>> (8 * plane), b >>> (8 * plane));
                Vector256.Narrow(low, Vector256.Narrow(c >>> (8 * plane), d >>> (8 * plane))).CopyTo(planes[((plane * size) + i)..]);
            }
        }

        return i;
    }

    static void Join(ReadOnlySpan<byte> planes, int width, Span<byte> raw)
    {
        var (size, done) = (raw.Length / width, 0);
        if (width == 2) done = JoinPairs(planes, raw);
        if (width == 4) done = JoinFours(planes, raw);
        for (var i = done; i < size; i++)
            for (var plane = 0; plane < width; plane++)
                raw[(i * width) + plane] = planes[(plane * size) + i];
    }

    static int JoinPairs(ReadOnlySpan<byte> planes, Span<byte> raw)
    {
        var x = MemoryMarshal.Cast<byte, ushort>(raw);
        var (size, i) = (raw.Length / 2, 0);
        for (; i <= size - 32; i += 32)
        {
            var (a, b) = Vector256.Widen(Vector256.Create(planes[i..]));
            var (c, d) = Vector256.Widen(Vector256.Create(planes[(size + i)..]));
            (a | (c << 8)).CopyTo(x[i..]);
            (b | (d << 8)).CopyTo(x[(i + 16)..]);
        }

        return i;
    }

    static int JoinFours(ReadOnlySpan<byte> planes, Span<byte> raw)
    {
        var x = MemoryMarshal.Cast<byte, uint>(raw);
        var (size, i) = (raw.Length / 4, 0);
        for (; i <= size - 32; i += 32)
        {
            Vector256<uint> a = default, b = default, c = default, d = default;
            for (var plane = 0; plane < 4; plane++)
            {
                var (low, high) = Vector256.Widen(Vector256.Create(planes[((plane * size) + i)..]));
                var ((first, second), (third, fourth)) = (Vector256.Widen(low), Vector256.Widen(high));
                (a, b) = (a | (first << (8 * plane)), b | (second << (8 * plane)));
                (c, d) = (c | (third << (8 * plane)), d | (fourth << (8 * plane)));
            }

            a.CopyTo(x[i..]);
            b.CopyTo(x[(i + 8)..]);
            c.CopyTo(x[(i + 16)..]);
            d.CopyTo(x[(i + 24)..]);
        }

        return i;
    }

    void Reserve(int raw)
    {
        if (planes.Length < raw) (planes, difference) = (new byte[raw], new byte[raw]);
    }

    public override void Dispose()
    {
        compressor.Dispose();
        decompressor.Dispose();
    }
}
