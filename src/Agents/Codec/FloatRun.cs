using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Lineage.Agents.Codec.Kernels;

namespace Lineage.Agents.Codec;

/// <summary>
/// Codes a run of floats by a <see cref="FloatRule"/>: <c>header | low bits | listed values | symbols</c>. A listed value is a u16; 0xFFFF
/// says that a u32 follows. Works through blocks that stay in the first-level cache. Not thread safe.
/// </summary>
/// <param name="lanes">What the kernels may use; the bytes are the same for each.</param>
sealed class FloatRun(LaneWidth lanes)
{
    /// <summary>Numbers per block: five arrays of it fit into 48 KiB.</summary>
    const int Block = 1_024;

    /// <summary>A listed value from here on takes more bytes.</summary>
    const uint Longer = 0xFFFF;

    readonly SymbolSection section = new();
    readonly uint[] words = GC.AllocateArray<uint>(Block, pinned: true);
    readonly uint[] masks = GC.AllocateArray<uint>(Block, pinned: true);
    readonly uint[] quotients = GC.AllocateArray<uint>(Block, pinned: true);
    byte[] symbols = [];
    byte[] listed = [];

    /// <summary>Room that <see cref="Encode"/> needs.</summary>
    public static int Bound(int rawBytes) =>
        FloatRule.HeaderBytes + rawBytes + (rawBytes / 16) + 8 + LowBits.Slack + SymbolSection.Bound(rawBytes / 2);

    /// <param name="other">The base's numbers, or those of a ratio's denominator; empty where the residual needs none.</param>
    /// <param name="destination">At least <see cref="Bound"/> bytes.</param>
    /// <returns>Bytes written; 0 if too many values would have to be listed.</returns>
    public int Encode(FloatRule rule, ElementKind kind, ReadOnlySpan<byte> raw, ReadOnlySpan<byte> other, Span<byte> destination)
    {
        var count = raw.Length / kind.Width;
        Reserve(count);
        var (listedBytes, position) = (0, 0L);
        var low = destination[FloatRule.HeaderBytes..];
        var cut = new SymbolCut(rule, kind, lanes);
        for (var start = 0; start < count; start += Block)
        {
            var size = Math.Min(Block, count - start);
            var bytes = (start * kind.Width)..((start + size) * kind.Width);
            var z = words.AsSpan(0, size);
            var m = masks.AsSpan(0, size);
            var block = symbols.AsSpan(start, size);
            var numbers = raw[bytes];
            if (rule.Residual == FloatResidual.Rows)
            {
                RowResidual.Forward(raw, start, (int)rule.Top, quotients.AsSpan(0, size), lanes);
                numbers = MemoryMarshal.AsBytes(quotients.AsSpan(0, size));
            }

            cut.Split(numbers, other.IsEmpty ? numbers : other[bytes], z, m, block);
            if (!List(cut, z, m, block, ref listedBytes, count / 8)) return 0;
            position = rule.ByExponent
                ? LowBits.Pack(z, m, low, position, lanes)
                : LowBits.PackAlike(z, rule.Shift, low, position, lanes);
        }

        var lowBytes = (int)((position + 7) / 8);
        rule.Write(destination, lowBytes, listedBytes);
        var at = FloatRule.HeaderBytes + lowBytes;
        listed.AsSpan(0, listedBytes).CopyTo(destination[at..]);
        at += listedBytes;
        return at + section.Encode(symbols.AsSpan(0, count), destination[at..]);
    }

    /// <summary>Keeps the values that no symbol stands for; false if there are more than allowed.</summary>
    bool List(
        in SymbolCut cut, ReadOnlySpan<uint> z, ReadOnlySpan<uint> masks, ReadOnlySpan<byte> block, ref int bytes, int bytesMax)
    {
        for (var i = block.IndexOf((byte)FloatRule.Escape); i >= 0;)
        {
            if (bytes > bytesMax) return false;
            var quotient = cut.Quotient(z[i], BitOperations.PopCount(masks[i]));
            BinaryPrimitives.WriteUInt16LittleEndian(listed.AsSpan(bytes), (ushort)Math.Min(quotient, Longer));
            BinaryPrimitives.WriteUInt32LittleEndian(listed.AsSpan(bytes + 2), quotient);
            bytes += quotient < Longer ? 2 : 6;
            var next = block[(i + 1)..].IndexOf((byte)FloatRule.Escape);
            i = next < 0 ? -1 : i + 1 + next;
        }

        return true;
    }

    /// <summary>Null if the run was decoded from exactly these bytes; otherwise what is wrong with them.</summary>
    /// <param name="destination">May be where <paramref name="other"/> lies.</param>
    public string? Decode(ElementKind kind, ReadOnlySpan<byte> source, ReadOnlySpan<byte> other, Span<byte> destination)
    {
        if (source.Length < FloatRule.HeaderBytes) return $"{source.Length:N0} bytes hold no run of floats";
        if (FloatRule.Read(source, kind, out var rule) is { } objection) return objection;
        if (rule.Residual is FloatResidual.Difference or FloatResidual.Ratio && other.Length != destination.Length)
            return $"residual {rule.Residual} refers to other numbers that are not there";
        var lowBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        var listedBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[12..]);
        if (FloatRule.HeaderBytes + (long)lowBytes + listedBytes > source.Length)
            return $"{lowBytes:N0} bytes of low bits and {listedBytes:N0} of listed values do not fit into {source.Length:N0} bytes";
        Reserve(destination.Length / kind.Width);
        var values = source.Slice(FloatRule.HeaderBytes + (int)lowBytes, (int)listedBytes);
        var coded = source[(FloatRule.HeaderBytes + (int)lowBytes + values.Length)..];
        return section.Decode(coded, symbols.AsSpan(0, destination.Length / kind.Width))
            ?? Join(rule, kind, source.Slice(FloatRule.HeaderBytes, (int)lowBytes), values, other, destination);
    }

    string? Join(
        FloatRule rule, ElementKind kind, ReadOnlySpan<byte> low, ReadOnlySpan<byte> values, ReadOnlySpan<byte> other,
        Span<byte> destination)
    {
        var count = destination.Length / kind.Width;
        var (position, next) = (0L, 0);
        var cut = new SymbolCut(rule, kind, lanes);
        for (var start = 0; start < count; start += Block)
        {
            var size = Math.Min(Block, count - start);
            var bytes = (start * kind.Width)..((start + size) * kind.Width);
            var z = words.AsSpan(0, size);
            var m = masks.AsSpan(0, size);
            var q = quotients.AsSpan(0, size);
            var below = other.IsEmpty ? destination[bytes] : other[bytes];
            var bits = cut.Masks(below, m);
            if (position + bits > low.Length * 8L) return $"the low bits end after {low.Length:N0} bytes, too early";
            position = rule.ByExponent
                ? LowBits.Unpack(low, position, m, z, lanes)
                : LowBits.UnpackAlike(low, position, rule.Shift, z, lanes);
            cut.Widen(symbols.AsSpan(start, size), q);
            if (!Unlist(symbols.AsSpan(start, size), values, q, ref next)) return "a listed value is missing";
            if (rule.Residual != FloatResidual.Rows) cut.Join(q, z, below, destination[bytes]);
            else
            {
                cut.Join(q, z, below, MemoryMarshal.AsBytes(q));
                RowResidual.Backward(q, destination, start, (int)rule.Top);
            }
        }

        if (next != values.Length) return $"{values.Length - next:N0} bytes of listed values are left over";
        return (position + 7) / 8 == low.Length ? null : $"the low bits take {(position + 7) / 8:N0} bytes, {low.Length:N0} are there";
    }

    static bool Unlist(ReadOnlySpan<byte> block, ReadOnlySpan<byte> values, Span<uint> quotients, ref int next)
    {
        for (var i = block.IndexOf((byte)FloatRule.Escape); i >= 0;)
        {
            if (values.Length - next < 2) return false;
            quotients[i] = BinaryPrimitives.ReadUInt16LittleEndian(values[next..]);
            next += 2;
            if (quotients[i] == Longer)
            {
                if (values.Length - next < 4) return false;
                quotients[i] = BinaryPrimitives.ReadUInt32LittleEndian(values[next..]);
                next += 4;
            }

            var more = block[(i + 1)..].IndexOf((byte)FloatRule.Escape);
            i = more < 0 ? -1 : i + 1 + more;
        }

        return true;
    }

    void Reserve(int count)
    {
        if (symbols.Length < count) (symbols, listed) = (new byte[count], new byte[(count / 8) + 8]);
    }
}
