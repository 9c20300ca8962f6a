using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Lineage.Agents.Codec;

/// <summary>The one place that knows the zstd library. Frames carry no checksum of their own: chunks have digests. Not thread
/// safe.</summary>
public sealed class Zstd : IDisposable
{
    readonly Dictionary<ZstdEffort, Compressor> compressors = [];
    Decompressor? decompressor;

    /// <summary>Room that <see cref="Compress"/> needs whatever the bytes are.</summary>
    public static int Bound(int length) => Compressor.GetCompressBound(length);

    /// <returns>Bytes written.</returns>
    public int Compress(ZstdEffort effort, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (!compressors.TryGetValue(effort, out var compressor)) compressors.Add(effort, compressor = Create(effort));
        return compressor.Wrap(source, destination);
    }

    /// <summary>Null if the frame fills the destination exactly; otherwise what is wrong with it. Needs no memory beyond the
    /// destination.</summary>
    public string? Decompress(ReadOnlySpan<byte> frame, Span<byte> destination)
    {
        try
        {
            decompressor ??= new Decompressor();
            var written = decompressor.Unwrap(frame, destination);
            return written == destination.Length ? null : $"a zstd frame holds {written:N0} bytes, expected {destination.Length:N0}";
        }
        catch (ZstdException e)
        {
            return $"a zstd frame of {frame.Length:N0} bytes cannot be read: {e.Message}";
        }
    }

    static Compressor Create(ZstdEffort effort)
    {
        if (effort != ZstdEffort.EntropyOnly) return new Compressor(effort == ZstdEffort.Search ? 1 : 7);
        // Literals with Huffman codes and no matches: float planes have a skewed histogram but hardly a repeat (facts: 0.7 GB/s against 0.2
        // of level 1).
        var compressor = new Compressor(-1);
        compressor.SetParameter(ZSTD_cParameter.ZSTD_c_strategy, (int)ZSTD_strategy.ZSTD_fast);
        compressor.SetParameter(ZSTD_cParameter.ZSTD_c_minMatch, 7);
        compressor.SetParameter(ZSTD_cParameter.ZSTD_c_hashLog, 6);
        compressor.SetParameter(ZSTD_cParameter.ZSTD_c_targetLength, 131_072);
        compressor.SetParameter(ZSTD_cParameter.ZSTD_c_experimentalParam5, 1);   // literal compression: on
        return compressor;
    }

    public void Dispose()
    {
        foreach (var compressor in compressors.Values) compressor.Dispose();
        decompressor?.Dispose();
    }
}

public enum ZstdEffort
{
    /// <summary>Huffman codes only.</summary>
    EntropyOnly,

    /// <summary>Level 1.</summary>
    Search,

    /// <summary>Level 7.</summary>
    SearchHarder,
}
