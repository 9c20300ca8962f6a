using System.Buffers.Binary;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Codec;

/// <summary>
/// Byte planes of any numbers, each plane as it is or in zstd frames (docs/FORMAT.md, section 3.2): for integers, bytes, the rarer floats
/// and floats whose low bits are not noise. Not thread safe.
/// </summary>
sealed class PlanesChunk(Zstd zstd)
{
    const uint CompressedBit = 0x8000_0000;
    const int PlaneHeaderBytes = 4;

    byte[] self = [], difference = [], spare = [], trial = [];

    /// <summary>Room that <see cref="Encode"/> needs.</summary>
    public static int Bound(int rawBytes) => rawBytes + (8 * PlaneHeaderBytes) + (2 * Zstd.Bound(rawBytes));

    /// <param name="baseRaw">Empty when there is no base.</param>
    /// <param name="written">Bytes; 0 with <see cref="ChunkMode.Raw"/> if planes do not pay.</param>
    public ChunkMode Encode(
        CodecPreset preset, ElementKind kind, ReadOnlySpan<byte> raw, ReadOnlySpan<byte> baseRaw, Span<byte> destination, out int written)
    {
        Reserve(raw.Length);
        var own = Split(kind, raw, default, self);
        if (baseRaw.IsEmpty) return Pack(preset, kind, own, destination, raw.Length, out written) ? ChunkMode.Planes : ChunkMode.Raw;
        var delta = Split(kind, raw, baseRaw, difference);
        var preferDelta = Bits(kind, delta) < Bits(kind, own);
        var mode = preferDelta ? ChunkMode.DeltaPlanes : ChunkMode.Planes;
        if (!Pack(preset, kind, preferDelta ? delta : own, destination, raw.Length, out written)) mode = ChunkMode.Raw;
        if (preset != CodecPreset.High) return mode;
        var other = preferDelta ? ChunkMode.Planes : ChunkMode.DeltaPlanes;
        var limit = mode == ChunkMode.Raw ? raw.Length : written;
        if (!Pack(preset, kind, preferDelta ? own : delta, trial, limit, out var better)) return mode;
        trial.AsSpan(0, written = better).CopyTo(destination);
        return other;
    }

    /// <summary>Null if the destination now holds what was encoded, as far as the codec can tell; otherwise what is wrong.</summary>
    /// <param name="baseRaw">Empty for planes of the numbers themselves.</param>
    public string? Decode(ElementKind kind, ReadOnlySpan<byte> stored, ReadOnlySpan<byte> baseRaw, Span<byte> destination)
    {
        if (destination.Length % kind.Width != 0)
            return $"{destination.Length:N0} bytes are no whole number of elements of {kind.Width} bytes";
        Reserve(destination.Length);
        var planes = self.AsSpan(0, destination.Length);
        if (Unpack(kind, stored, planes) is { } objection) return objection;
        var numbers = BytePlanes.Join(kind.Width, planes, spare.AsSpan(0, destination.Length));
        if (baseRaw.IsEmpty) Residual.ToSelf(kind, numbers, destination);
        else Residual.ToDifference(kind, numbers, baseRaw, destination);
        return null;
    }

    /// <summary>Residuals of the chunk in byte planes, in <paramref name="home"/>.</summary>
    Span<byte> Split(ElementKind kind, ReadOnlySpan<byte> raw, ReadOnlySpan<byte> baseRaw, byte[] home)
    {
        var numbers = home.AsSpan(0, raw.Length);
        if (baseRaw.IsEmpty) Residual.OfSelf(kind, raw, numbers);
        else Residual.OfDifference(kind, raw, baseRaw, numbers);
        var planes = BytePlanes.Split(kind.Width, numbers, spare.AsSpan(0, raw.Length));
        if (!planes.Overlaps(numbers)) planes.CopyTo(numbers);
        return numbers;
    }

    /// <summary>Estimated bits of all planes per number.</summary>
    static double Bits(ElementKind kind, ReadOnlySpan<byte> planes)
    {
        var (bits, size) = (0.0, planes.Length / kind.Width);
        for (var p = 0; p < kind.Width; p++) bits += PlaneEntropy.BitsPerByte(planes.Slice(p * size, size));
        return bits;
    }

    /// <summary>Each plane the least of raw and zstd; false if the whole is not below <paramref name="limit"/> bytes.</summary>
    bool Pack(CodecPreset preset, ElementKind kind, ReadOnlySpan<byte> planes, Span<byte> destination, int limit, out int written)
    {
        var size = planes.Length / kind.Width;
        var end = kind.Width * PlaneHeaderBytes;
        written = 0;
        for (var p = 0; p < kind.Width; p++)
        {
            if (end >= limit) return false;
            var plane = planes.Slice(p * size, size);
            var compressed = Compress(preset, plane, destination[end..]);
            if (compressed == 0) plane.CopyTo(destination[end..]);
            BinaryPrimitives.WriteUInt32LittleEndian(
                destination[(p * PlaneHeaderBytes)..], compressed == 0 ? (uint)size : (uint)compressed | CompressedBit);
            end += compressed == 0 ? size : compressed;
        }

        if (end >= limit) return false;
        written = end;
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
        if (self.Length >= raw) return;
        (self, difference, spare, trial) = (new byte[raw], new byte[raw], new byte[raw], new byte[Bound(raw)]);
    }
}
