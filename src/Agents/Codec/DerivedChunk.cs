using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Lineage.Agents.Codec.Kernels;

namespace Lineage.Agents.Codec;

/// <summary>
/// A 16-bit weight as the cast of its fp32 master: <c>kind u8 | 0 u8 x 3 | exceptions u32 | per exception: place u32, number u16</c>
/// (docs/FORMAT.md, section 3.3). Every number is compared when it is written, so a trainer that rounds otherwise costs bytes, never
/// truth. Not thread safe.
/// </summary>
sealed class DerivedChunk(LaneWidth lanes)
{
    const int HeaderBytes = 8, ExceptionBytes = 6;
    byte[] cast = [];

    /// <param name="master">As many fp32 numbers.</param>
    /// <returns>Bytes written; 0 if more than one number in 64 is something else.</returns>
    public int Encode(ElementKind kind, ReadOnlySpan<byte> raw, ReadOnlySpan<byte> master, Span<byte> destination)
    {
        Reserve(raw.Length);
        foreach (var how in (ReadOnlySpan<CastKind>)[CastKind.Nearest, CastKind.UpperHalf])
        {
            if (!CastCheck.IsKnown(how, kind)) continue;
            CastCheck.Cast(how, kind, master, cast.AsSpan(0, raw.Length), lanes);
            var written = HeaderBytes + (ExceptionBytes * Exceptions(raw, destination[HeaderBytes..]));
            if (written < HeaderBytes) continue;
            destination[..4].Clear();
            destination[0] = (byte)how;
            BinaryPrimitives.WriteInt32LittleEndian(destination[4..], (written - HeaderBytes) / ExceptionBytes);
            return written;
        }

        return 0;
    }

    /// <returns>How many were written; -1 if they are too many.</returns>
    int Exceptions(ReadOnlySpan<byte> raw, Span<byte> destination)
    {
        var numbers = MemoryMarshal.Cast<byte, ushort>(raw);
        var expected = MemoryMarshal.Cast<byte, ushort>(cast.AsSpan(0, raw.Length));
        var found = 0;
        for (var at = 0; ;)
        {
            at += numbers[at..].CommonPrefixLength(expected[at..]);
            if (at == numbers.Length) return found;
            if (found >= numbers.Length / 64) return -1;
            BinaryPrimitives.WriteInt32LittleEndian(destination[(found * ExceptionBytes)..], at);
            BinaryPrimitives.WriteUInt16LittleEndian(destination[((found++ * ExceptionBytes) + 4)..], numbers[at++]);
        }
    }

    /// <summary>Null if the chunk was decoded from exactly these bytes; otherwise what is wrong with them.</summary>
    public string? Decode(ElementKind kind, ReadOnlySpan<byte> source, ReadOnlySpan<byte> master, Span<byte> destination)
    {
        if (source.Length < HeaderBytes || source[1..4].IndexOfAnyExcept((byte)0) >= 0)
            return $"{source.Length:N0} bytes are no derived chunk, or its reserved bytes are not zero";
        var how = (CastKind)source[0];
        if (!CastCheck.IsKnown(how, kind)) return $"cast {source[0]} is not known for this type";
        var count = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]);
        if (HeaderBytes + ((long)count * ExceptionBytes) != source.Length)
            return $"{count:N0} exceptions do not make {source.Length:N0} bytes";
        CastCheck.Cast(how, kind, master, destination, lanes);
        var numbers = MemoryMarshal.Cast<byte, ushort>(destination);
        for (var rest = source[HeaderBytes..]; !rest.IsEmpty; rest = rest[ExceptionBytes..])
        {
            var at = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            if (at >= numbers.Length) return $"an exception lies at {at:N0} of {numbers.Length:N0} numbers";
            numbers[(int)at] = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
        }

        return null;
    }

    void Reserve(int rawBytes)
    {
        if (cast.Length < rawBytes) cast = new byte[rawBytes];
    }
}
