using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Inspecting;

/// <summary>How many chunks, and of how many bytes, are stored in one mode.</summary>
public sealed record ModeFigures(ChunkMode Mode, long Chunks, long RawBytes, long StoredBytes);

/// <summary>One tensor as a shard holds it.</summary>
/// <param name="Modes">Only those that occur, most raw bytes first.</param>
public sealed record TensorContents(
    string Name, TensorDtype Dtype, TensorRole Role, IReadOnlyList<long> GlobalShape, IReadOnlyList<long> Offsets,
    IReadOnlyList<long> Sizes, string? CastOf, int Chunks, long RawBytes, long StoredBytes, IReadOnlyList<ModeFigures> Modes);

/// <summary>One chunk as the index describes it.</summary>
/// <param name="Chunk">Number in the shard.</param>
/// <param name="Ordinal">Number in the tensor.</param>
/// <param name="RawHash">XxHash3-64 taken at capture, hexadecimal.</param>
public sealed record ChunkContents(
    int Chunk, string Tensor, long Ordinal, ChunkMode Mode, long StoredOffset, int RawBytes, int StoredBytes, string RawHash,
    ContentHash StoredDigest);

/// <summary>What lies in one shard object, from its header, index and footer; no chunk is read.</summary>
/// <param name="EncodedBytes">Of all chunks, without header, padding, index and footer.</param>
public sealed record ShardContents(
    string File, ShardId Shard, WorldSize WorldSize, ContentHash LayoutDigest, ContentHash Root, BaseShard? Base, CodecName Codec,
    int ChunkElements, int Chunks, long RawBytes, long EncodedBytes, long StoredBytes, IReadOnlyList<TensorContents> Tensors)
{
    public static ShardContents Of(ShardReader reader)
    {
        var (chunks, encoded) = (0, 0L);
        var tensors = new List<TensorContents>(reader.Tensors.Count);
        for (var tensor = 0; tensor < reader.Tensors.Count; tensor++)
        {
            var entries = new List<ChunkEntry>();
            for (; chunks < reader.ChunkCount && reader.Entry(chunks).Tensor == tensor; chunks++) entries.Add(reader.Entry(chunks));
            var contents = Of(reader.Tensors[tensor], entries);
            tensors.Add(contents);
            encoded += contents.StoredBytes;
        }

        var identity = reader.Identity;
        return new ShardContents(
            reader.Name, identity.Shard, identity.WorldSize, identity.LayoutDigest, reader.Root, identity.Base, reader.Header.Codec,
            reader.Header.ChunkElements, reader.ChunkCount, reader.RawBytes, encoded, reader.StoredBytes, tensors);
    }

    public static IReadOnlyList<ChunkContents> ChunksOf(ShardReader reader) =>
    [
        .. Enumerable.Range(0, reader.ChunkCount).Select(chunk =>
        {
            var entry = reader.Entry(chunk);
            return new ChunkContents(
                chunk, reader.Tensors[entry.Tensor].Name, entry.Ordinal, entry.Mode, entry.StoredOffset, entry.RawBytes, entry.StoredBytes,
                entry.RawHash.ToString("x16", null), entry.StoredDigest);
        }),
    ];

    static TensorContents Of(TensorSpec spec, List<ChunkEntry> entries) => new(
        spec.Name, spec.Dtype, spec.Role, spec.GlobalShape, spec.Offsets, spec.Sizes, spec.CastOf, entries.Count,
        entries.Sum(static entry => (long)entry.RawBytes), entries.Sum(static entry => (long)entry.StoredBytes),
        [.. entries.GroupBy(static entry => entry.Mode).Select(static group => new ModeFigures(
            group.Key, group.Count(), group.Sum(static entry => (long)entry.RawBytes), group.Sum(static entry => (long)entry.StoredBytes)))
            .OrderByDescending(static mode => mode.RawBytes).ThenBy(static mode => mode.Mode)]);
}
