using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Lineage.Agents.Codec.Kernels;

namespace Lineage.Agents.Codec;

/// <summary>
/// The numbers of a chunk that are not what the base has (or not zero), and where they are: <c>changed u32 | gaps u32 | bytes of the gap
/// section u32 | 0 u32 | gap section | run of floats</c> (docs/FORMAT.md, section 3.3). A gap below 255 is how many numbers stay before the
/// next that changes; 255 passes over 255 of them. Huffman codes of gaps come within a few hundredths of a bit of the entropy of a bit per
/// number, which codes of the numbers themselves, a bit each at least, cannot. Not thread safe.
/// </summary>
sealed class SparseChunk(FloatRun run, LaneWidth lanes)
{
    public const int HeaderBytes = 16;

    const int Pass = 255;
    readonly SymbolSection section = new();
    int[] positions = [];
    byte[] gaps = [], packed = [], packedBase = [];

    /// <summary>Room that <see cref="Encode"/> needs.</summary>
    public static int Bound(int rawBytes) => HeaderBytes + SymbolSection.Bound(rawBytes / 2) + FloatRun.Bound(rawBytes);

    /// <summary>What changed, packed: for an estimate of how to code it. False if it is more than half.</summary>
    /// <param name="below">The base's numbers; empty for zeros.</param>
    public bool Extract(ElementKind kind, ReadOnlySpan<byte> raw, ReadOnlySpan<byte> below, out ReadOnlySpan<byte> changed,
        out ReadOnlySpan<byte> changedBase)
    {
        Reserve(raw.Length);
        changed = changedBase = default;
        Count = Changed.Find(kind.Width, raw, below, positions.AsSpan(0, raw.Length / kind.Width / 2), lanes);
        if (Count < 0) return false;
        var bytes = Count * kind.Width;
        Gather(kind.Width, raw, packed);
        changed = packed.AsSpan(0, bytes);
        if (below.IsEmpty) return true;
        Gather(kind.Width, below, packedBase);
        changedBase = packedBase.AsSpan(0, bytes);
        return true;
    }

    /// <summary>Numbers that the last <see cref="Extract"/> found.</summary>
    public int Count { get; private set; }

    /// <summary>Encodes what was extracted last, by this rule.</summary>
    /// <returns>Bytes written; 0 if the rule does not do.</returns>
    public int Encode(FloatRule rule, ElementKind kind, bool againstBase, Span<byte> destination)
    {
        var gapCount = Gaps();
        var sectionBytes = section.Encode(gaps.AsSpan(0, gapCount), destination[HeaderBytes..]);
        BinaryPrimitives.WriteInt32LittleEndian(destination, Count);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], gapCount);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], sectionBytes);
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], 0);
        var bytes = Count * kind.Width;
        var coded = run.Encode(
            rule, kind, packed.AsSpan(0, bytes), againstBase ? packedBase.AsSpan(0, bytes) : default,
            destination[(HeaderBytes + sectionBytes)..]);
        return coded == 0 ? 0 : HeaderBytes + sectionBytes + coded;
    }

    /// <summary>Null if the chunk was decoded from exactly these bytes; otherwise what is wrong with them.</summary>
    /// <param name="below">The base's numbers; empty for zeros.</param>
    public string? Decode(ElementKind kind, ReadOnlySpan<byte> source, ReadOnlySpan<byte> below, Span<byte> destination)
    {
        if (source.Length < HeaderBytes) return $"{source.Length:N0} bytes hold no sparse chunk";
        var changed = BinaryPrimitives.ReadUInt32LittleEndian(source);
        var gapCount = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]);
        var sectionBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        var numbers = destination.Length / kind.Width;
        if (changed > numbers / 2 || gapCount < changed || gapCount - changed > numbers / Pass)
            return $"{changed:N0} changes behind {gapCount:N0} gaps make no sparse chunk of {numbers:N0} numbers";
        if (sectionBytes > source.Length - HeaderBytes || source.Slice(12, 4).IndexOfAnyExcept((byte)0) >= 0)
            return $"gaps of {sectionBytes:N0} bytes do not fit into {source.Length:N0}, or reserved bytes are not zero";
        Reserve(destination.Length);
        Count = (int)changed;
        if (section.Decode(source.Slice(HeaderBytes, (int)sectionBytes), gaps.AsSpan(0, (int)gapCount)) is { } objection)
            return objection;
        if (!Places(gaps.AsSpan(0, (int)gapCount), numbers)) return "the gaps do not lead to the changes that are there";
        return Apply(kind, source[(HeaderBytes + (int)sectionBytes)..], below, destination);
    }

    string? Apply(ElementKind kind, ReadOnlySpan<byte> coded, ReadOnlySpan<byte> below, Span<byte> destination)
    {
        var bytes = Count * kind.Width;
        if (!below.IsEmpty) Gather(kind.Width, below, packedBase);
        if (run.Decode(kind, coded, below.IsEmpty ? default : packedBase.AsSpan(0, bytes), packed.AsSpan(0, bytes)) is { } objection)
            return objection;
        if (below.IsEmpty) destination.Clear();
        else below.CopyTo(destination);
        if (kind.Width == 2) Scatter(MemoryMarshal.Cast<byte, ushort>(packed), MemoryMarshal.Cast<byte, ushort>(destination));
        else Scatter(MemoryMarshal.Cast<byte, uint>(packed), MemoryMarshal.Cast<byte, uint>(destination));
        return null;
    }

    int Gaps()
    {
        var (at, next) = (0, 0);
        for (var i = 0; i < Count; i++)
        {
            var gap = positions[i] - next;
            for (; gap >= Pass; gap -= Pass) gaps[at++] = Pass;
            gaps[at++] = (byte)gap;
            next = positions[i] + 1;
        }

        return at;
    }

    bool Places(ReadOnlySpan<byte> codes, int numbers)
    {
        var (found, at) = (0, 0);
        foreach (var gap in codes)
        {
            at += gap;
            if (gap == Pass) continue;
            if (at >= numbers || found == Count) return false;
            positions[found++] = at++;
        }

        return found == Count;
    }

    void Gather(int width, ReadOnlySpan<byte> from, Span<byte> to)
    {
        if (width == 2) Gather(MemoryMarshal.Cast<byte, ushort>(from), MemoryMarshal.Cast<byte, ushort>(to));
        else Gather(MemoryMarshal.Cast<byte, uint>(from), MemoryMarshal.Cast<byte, uint>(to));
    }

    void Gather<T>(ReadOnlySpan<T> from, Span<T> to)
    {
        for (var i = 0; i < Count; i++) to[i] = from[positions[i]];
    }

    void Scatter<T>(ReadOnlySpan<T> from, Span<T> to)
    {
        for (var i = 0; i < Count; i++) to[positions[i]] = from[i];
    }

    void Reserve(int rawBytes)
    {
        if (packed.Length >= rawBytes) return;
        (packed, packedBase) = (new byte[rawBytes], new byte[rawBytes]);
        (positions, gaps) = (new int[(rawBytes / 2) + 1], new byte[rawBytes / 2 + (rawBytes / Pass) + 2]);
    }
}
