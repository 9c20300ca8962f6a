using System.Buffers.Binary;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Codec;

/// <summary>
/// Encodes and decodes one chunk at a time (docs/FORMAT.md, section 3.2), each in the cheapest mode and never above its raw size. Keeps
/// its buffers from chunk to chunk. Not thread safe.
/// </summary>
public sealed class ChunkCodec : IDisposable
{
    const uint CompressedBit = 0x8000_0000;
    const int PlaneHeaderBytes = 4;

    readonly Zstd zstd = new();
    byte[] work = [], spare = [], other = [], output = [];

    /// <summary>What this code writes into the header of a shard.</summary>
    public static CodecName Name { get; } = new("lineage.planes", 1);

    /// <param name="raw">Not empty.</param>
    /// <param name="baseRaw">The same elements of the base, or empty when there is no base.</param>
    /// <param name="stored">Valid until the next call, and while <paramref name="raw"/> is unchanged.</param>
    public ChunkMode Encode(
        CodecPreset preset, ElementKind kind, ReadOnlySpan<byte> raw, ReadOnlySpan<byte> baseRaw, out ReadOnlySpan<byte> stored)
    {
        stored = default;
        if (!baseRaw.IsEmpty && raw.SequenceEqual(baseRaw)) return ChunkMode.Same;
        stored = raw[..kind.Width];
        if (raw[kind.Width..].SequenceEqual(raw[..^kind.Width])) return ChunkMode.Constant;
        stored = raw;
        if (preset == CodecPreset.Emergency) return ChunkMode.Raw;

        Reserve(raw.Length);
        var self = Split(kind, raw, default, work);
        if (baseRaw.IsEmpty) return Pack(preset, kind, self, ref stored) ? ChunkMode.Planes : ChunkMode.Raw;
        var difference = Split(kind, raw, baseRaw, other);
        var (selfBits, differenceBits) = (Bits(kind, self), Bits(kind, difference));
        var mode = ChunkMode.Raw;
        if ((preset == CodecPreset.High || selfBits <= differenceBits) && Pack(preset, kind, self, ref stored)) mode = ChunkMode.Planes;
        if ((preset == CodecPreset.High || selfBits > differenceBits) && Pack(preset, kind, difference, ref stored))
            mode = ChunkMode.DeltaPlanes;
        return mode;
    }

    /// <summary>Null if the destination now holds what was encoded, as far as the codec can tell; otherwise what is wrong with the stored
    /// bytes.</summary>
    /// <param name="baseRaw">As long as the destination where the mode refers to the base.</param>
    /// <param name="destination">The chunk's raw bytes; undefined after an objection.</param>
    public string? Decode(ElementKind kind, ChunkMode mode, ReadOnlySpan<byte> stored, ReadOnlySpan<byte> baseRaw, Span<byte> destination)
    {
        switch (mode)
        {
            case ChunkMode.Raw when stored.Length == destination.Length:
                stored.CopyTo(destination);
                return null;
            case ChunkMode.Same when stored.IsEmpty && baseRaw.Length == destination.Length:
                baseRaw.CopyTo(destination);
                return null;
            case ChunkMode.Constant when stored.Length == kind.Width:
                stored.CopyTo(destination);
                for (var done = kind.Width; done < destination.Length; done *= 2)
                    destination[..Math.Min(done, destination.Length - done)].CopyTo(destination[done..]);
                return null;
            case ChunkMode.Planes:
            case ChunkMode.DeltaPlanes when baseRaw.Length == destination.Length:
                return DecodePlanes(kind, mode, stored, baseRaw, destination);
            default:
                return $"mode {mode} with {stored.Length:N0} stored bytes makes no chunk of {destination.Length:N0}";
        }
    }

    string? DecodePlanes(ElementKind kind, ChunkMode mode, ReadOnlySpan<byte> stored, ReadOnlySpan<byte> baseRaw, Span<byte> destination)
    {
        if (destination.Length % kind.Width != 0)
            return $"{destination.Length:N0} bytes are no whole number of elements of {kind.Width} bytes";
        Reserve(destination.Length);
        var planes = work.AsSpan(0, destination.Length);
        if (Unpack(kind, stored, planes) is { } objection) return objection;
        var numbers = BytePlanes.Join(kind.Width, planes, spare.AsSpan(0, destination.Length));
        if (mode == ChunkMode.Planes) Residual.ToSelf(kind, numbers, destination);
        else Residual.ToDifference(kind, numbers, baseRaw, destination);
        return null;
    }

    /// <summary>Residuals of the chunk in byte planes, in <paramref name="home"/> or in the spare buffer's stead.</summary>
    Span<byte> Split(ElementKind kind, ReadOnlySpan<byte> raw, ReadOnlySpan<byte> baseRaw, byte[] home)
    {
        var numbers = home.AsSpan(0, raw.Length);
        if (baseRaw.IsEmpty) Residual.OfSelf(kind, raw, numbers);
        else Residual.OfDifference(kind, raw, baseRaw, numbers);
        var planes = BytePlanes.Split(kind.Width, numbers, spare.AsSpan(0, raw.Length));
        if (!planes.Overlaps(numbers)) planes.CopyTo(numbers);
        return numbers;
    }

    static double Bits(ElementKind kind, ReadOnlySpan<byte> planes)
    {
        var (bits, size) = (0.0, planes.Length / kind.Width);
        for (var p = 0; p < kind.Width; p++) bits += PlaneEntropy.BitsPerByte(planes.Slice(p * size, size));
        return bits;
    }

    /// <summary>Writes the planes into the output if that makes them smaller than what is there; each plane the least of raw and
    /// zstd.</summary>
    bool Pack(CodecPreset preset, ElementKind kind, ReadOnlySpan<byte> planes, ref ReadOnlySpan<byte> best)
    {
        var size = planes.Length / kind.Width;
        // The best so far may lie in the output, so a second try goes behind it.
        var room = best.Overlaps(output) ? output.AsSpan(best.Length) : output.AsSpan();
        var end = kind.Width * PlaneHeaderBytes;
        for (var p = 0; p < kind.Width; p++)
        {
            if (end >= best.Length) return false;
            var plane = planes.Slice(p * size, size);
            var compressed = Compress(preset, plane, room[end..]);
            if (compressed == 0) plane.CopyTo(room[end..]);
            BinaryPrimitives.WriteUInt32LittleEndian(
                room[(p * PlaneHeaderBytes)..], compressed == 0 ? (uint)size : (uint)compressed | CompressedBit);
            end += compressed == 0 ? size : compressed;
        }

        if (end >= best.Length) return false;
        best = room[..end];
        return true;
    }

    /// <returns>Bytes written; 0 if compressing does not pay.</returns>
    int Compress(CodecPreset preset, ReadOnlySpan<byte> plane, Span<byte> destination)
    {
        if (preset == CodecPreset.High) return CompressBest(plane, destination);
        var bits = PlaneEntropy.BitsPerByte(plane);
        if (bits > PlaneEntropy.Incompressible) return 0;
        var search = preset == CodecPreset.Default && bits < PlaneEntropy.Skewed;
        var written = zstd.Compress(search ? ZstdEffort.Search : ZstdEffort.EntropyOnly, plane, destination);
        return written < plane.Length ? written : 0;
    }

    int CompressBest(ReadOnlySpan<byte> plane, Span<byte> destination)
    {
        var coded = zstd.Compress(ZstdEffort.EntropyOnly, plane, destination);
        var rest = destination[coded..];
        var searched = zstd.Compress(ZstdEffort.SearchHarder, plane, rest);
        if (searched < coded) rest[..searched].CopyTo(destination);
        return Math.Min(coded, searched) is var written && written < plane.Length ? written : 0;
    }

    string? Unpack(ElementKind kind, ReadOnlySpan<byte> stored, Span<byte> planes)
    {
        var (size, at) = (planes.Length / kind.Width, kind.Width * PlaneHeaderBytes);
        if (stored.Length < at) return $"{stored.Length:N0} stored bytes hold no table of {kind.Width} planes";
        for (var p = 0; p < kind.Width; p++)
        {
            var head = BinaryPrimitives.ReadUInt32LittleEndian(stored[(p * PlaneHeaderBytes)..]);
            var (compressed, length) = ((head & CompressedBit) != 0, head & ~CompressedBit);
            if (length > stored.Length - at || (compressed ? length >= size : length != size))
                return $"plane {p} of {size:N0} bytes is said to be stored in {length:N0}{(compressed ? " compressed" : "")} of the " +
                    $"{stored.Length - at:N0} bytes left";
            var source = stored.Slice(at, (int)length);
            if (!compressed) source.CopyTo(planes.Slice(p * size, size));
            else if (zstd.Decompress(source, planes.Slice(p * size, size)) is { } objection) return $"plane {p}: {objection}";
            at += (int)length;
        }

        return at == stored.Length ? null : $"{stored.Length - at:N0} stored bytes are left over behind the last plane";
    }

    void Reserve(int raw)
    {
        if (work.Length >= raw) return;
        (work, spare, other) = (new byte[raw], new byte[raw], new byte[raw]);
        // Twice the raw size for two packed candidates behind one another, and what zstd may ask for to try a plane twice.
        output = new byte[(2 * raw) + (2 * Zstd.Bound(raw)) + (8 * PlaneHeaderBytes)];
    }

    public void Dispose() => zstd.Dispose();
}
