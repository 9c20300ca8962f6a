using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>
/// A stored shard as a source of raw bytes: decodes the chunks that a read touches, through its base, each one checked, and keeps the
/// last. Reading in the order of the chunks decodes each once. Not thread safe.
/// </summary>
sealed class ShardView : ITensorBytes
{
    readonly ShardReader reader;
    readonly ITensorBytes? baseState;
    readonly int[] firstChunk;
    byte[] cache = [];
    int cached = -1;

    public ShardView(ShardReader reader, ITensorBytes? baseState)
    {
        this.reader = reader;
        this.baseState = baseState;
        firstChunk = new int[reader.Tensors.Count];
        for (var tensor = 1; tensor < firstChunk.Length; tensor++)
            firstChunk[tensor] = firstChunk[tensor - 1] + (int)ChunkPlan.Count(reader.Tensors[tensor - 1], reader.Header.ChunkElements);
    }

    public IReadOnlyList<TensorSpec> Tensors => reader.Tensors;

    public ContentHash? ShardRoot => reader.Root;

    public void Read(int tensor, long byteOffset, Span<byte> destination)
    {
        var spec = Tensors[tensor];
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteOffset, spec.Bytes - destination.Length);
        while (destination.Length > 0)
        {
            var place =
                ChunkPlan.At(spec, tensor, byteOffset / ChunkPlan.Bytes(spec, reader.Header.ChunkElements), reader.Header.ChunkElements);
            var chunk = firstChunk[tensor] + (int)place.Ordinal;
            var (skip, take) = ((int)(byteOffset - place.ByteOffset), 0);
            if (skip == 0 && destination.Length >= place.Length && chunk != cached)
            {
                take = place.Length;
                reader.DecodeChunk(chunk, baseState, destination[..take]);
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
            reader.DecodeChunk(chunk, baseState, cache.AsSpan(0, length));
            cached = chunk;
        }

        return cache.AsSpan(0, length);
    }
}
