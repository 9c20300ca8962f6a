using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>
/// A stored shard as a source of raw bytes: decodes the chunks that a read touches, through its base, each one checked, and keeps the
/// last. Reading in the order of the chunks decodes each once. Not thread safe.
/// </summary>
sealed class ShardView(ChunkDecoder decoder) : ITensorBytes
{
    byte[] cache = [];
    int cached = -1;

    ShardReader Reader => decoder.Top;

    public IReadOnlyList<TensorSpec> Tensors => Reader.Tensors;

    public ContentHash? ShardRoot => Reader.Root;

    public void Read(int tensor, long byteOffset, Span<byte> destination)
    {
        var spec = Tensors[tensor];
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteOffset, spec.Bytes - destination.Length);
        var elements = Reader.Header.ChunkElements;
        while (destination.Length > 0)
        {
            var place = ChunkPlan.At(spec, tensor, byteOffset / ChunkPlan.Bytes(spec, elements), elements);
            var chunk = Reader.ChunkOf(tensor, place.Ordinal);
            var (skip, take) = ((int)(byteOffset - place.ByteOffset), 0);
            if (skip == 0 && destination.Length >= place.Length && chunk != cached)
            {
                take = place.Length;
                decoder.Decode(decoder.TopLink, chunk, destination[..take]);
            }
            else
            {
                take = Math.Min(destination.Length, place.Length - skip);
                Fetch(chunk, place.Length).Slice(skip, take).CopyTo(destination);
            }

            destination = destination[take..];
            byteOffset += take;
        }
    }

    ReadOnlySpan<byte> Fetch(int chunk, int length)
    {
        if (cache.Length < length) (cache, cached) = (new byte[length], -1);
        if (cached != chunk)
        {
            cached = -1;   // a failed decode leaves nothing behind
            decoder.Decode(decoder.TopLink, chunk, cache.AsSpan(0, length));
            cached = chunk;
        }

        return cache.AsSpan(0, length);
    }
}
