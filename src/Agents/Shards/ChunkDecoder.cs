using System.IO.Hashing;
using Lineage.Agents.Codec;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>
/// Decodes chunks through the links of a chain, each chunk from its lowest link upwards in the one place where it ends up: whatever the
/// depth, every link's chunk is decoded once, while the chunk is in the cache. Checks each link's chunk against its own hash, so damage is
/// named where it is. One thread at a time.
/// </summary>
sealed class ChunkDecoder : IDisposable
{
    readonly IReadOnlyList<ShardReader> links;
    DecodingBuffers? buffers = DecodingBuffers.Rent();
    bool floorChecked;

    /// <param name="links">The lowest first; not owned. All cut into chunks of one size.</param>
    /// <param name="floor">What the lowest link's differences refer to; null if it is a full shard.</param>
    public ChunkDecoder(IReadOnlyList<ShardReader> links, ITensorBytes? floor)
    {
        this.links = links;
        Floor = floor;
    }

    public ITensorBytes? Floor { get; }

    public ShardReader Top => links[^1];

    /// <summary>Index of the top link.</summary>
    public int TopLink => links.Count - 1;

    /// <summary>Stored bytes that were read and checked ahead; looked into before the object is read.</summary>
    public StoredWindow? Window { get; set; }

    /// <summary>Raw bytes of the top link's tensors, in which all chunks that are derived from no other are decoded already: they are taken
    /// from there. Null: they are decoded again.</summary>
    public ITensorBytes? Decoded { get; set; }

    DecodingBuffers Buffers => buffers ?? throw new ObjectDisposedException(nameof(ChunkDecoder));

    /// <param name="destination">Exactly as long as the chunk's raw bytes.</param>
    /// <exception cref="ShardFormatException">The chunk, or one below it, is not what was captured; the destination is not to be
    /// used.</exception>
    public void Decode(int link, int chunk, Span<byte> destination) => Decode(link, chunk, destination, depth: 0);

    void Decode(int link, int chunk, Span<byte> destination, int depth)
    {
        var below = links[link].Entry(chunk).Mode.NeedsBase() ? DecodeBelow(link, chunk, destination, depth) : default;
        DecodeOver(link, chunk, below, destination, depth);
    }

    /// <summary>In the destination, unless the floor has the bytes in memory.</summary>
    ReadOnlySpan<byte> DecodeBelow(int link, int chunk, Span<byte> destination, int depth)
    {
        if (link > 0)
        {
            Decode(link - 1, chunk, destination, depth);
            return destination;
        }

        var reader = links[0];
        if (Floor is null)
            throw new InvalidOperationException($"Chunk {chunk:N0} of {reader.Name} refers to its base, and none was given.");
        if (!floorChecked) reader.CheckBase(Floor);
        floorChecked = true;
        var place = reader.Place(chunk);
        if (Floor.TrySpan(place.Tensor, place.ByteOffset, place.Length, out var bytes)) return bytes;
        Floor.Read(place.Tensor, place.ByteOffset, destination);
        return destination;
    }

    /// <summary>Like <see cref="Decode(int, int, Span{byte})"/>, where the destination already holds the raw chunk of the link
    /// below.</summary>
    public void DecodeOver(int link, int chunk, Span<byte> destination) => DecodeOver(link, chunk, destination, destination, depth: 0);

    void DecodeOver(int link, int chunk, ReadOnlySpan<byte> below, Span<byte> destination, int depth)
    {
        var reader = links[link];
        var entry = reader.Entry(chunk);
        if (destination.Length != entry.RawBytes)
            throw new ArgumentException(
                $"Chunk {chunk:N0} has {entry.RawBytes:N0} raw bytes, the destination {destination.Length:N0}.", nameof(destination));
        var needsBase = entry.Mode.NeedsBase();
        var input = new ChunkInput
        {
            Kind = ElementKind.Of(reader.Tensors[entry.Tensor].Dtype),
            Raw = destination,
            Base = needsBase ? below : default,
            Source = entry.Mode.NeedsSource() ? Source(link, chunk, depth) : default,
        };
        if (Buffers.Codec.Decode(entry.Mode, Stored(link, chunk), input, destination) is { } objection)
            throw reader.Damage(entry, $"cannot be decoded: {objection}.");
        if (XxHash3.HashToUInt64(destination) is var hash && hash != entry.RawHash)
            throw reader.Damage(
                entry,
                $"decodes to hash {hash:x16}, captured was {entry.RawHash:x16}"
                    + (needsBase ? "; it, or the base under it, is not what was captured." : "."));
    }

    ReadOnlySpan<byte> Source(int link, int chunk, int depth)
    {
        var reader = links[link];
        var source = reader.SourceOf(chunk);
        var place = reader.Place(source);
        // A source that is derived itself (the master of a tied weight repeats the other's) may not be there yet.
        if (link == TopLink && Decoded is not null && !reader.Entry(source).Mode.NeedsSource()
            && Decoded.TrySpan(place.Tensor, place.ByteOffset, place.Length, out var bytes))
            return bytes;
        var buffer = Buffers.Source(depth, place.Length);
        Decode(link, source, buffer, depth + 1);
        return buffer;
    }

    ReadOnlySpan<byte> Stored(int link, int chunk)
    {
        if (Window is not null && Window.TryGet(link, chunk, out var ahead)) return ahead;
        var entry = links[link].Entry(chunk);
        return links[link].ReadStored(chunk, Buffers.Stored(Math.Max(ShardReader.Padded(entry), entry.RawBytes + ShardLimits.Alignment)));
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref buffers, null) is { } rented) DecodingBuffers.Return(rented);
    }
}
