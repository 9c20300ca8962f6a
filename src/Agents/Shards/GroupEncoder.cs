using System.IO.Hashing;
using Lineage.Agents.Codec;
using Lineage.Agents.Codec.Kernels;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>Encodes a group of chunks as it will lie in the object, padding included, and takes the digests of its chunks together. Keeps
/// its buffers from group to group, and from save to save. Not thread safe.</summary>
sealed class GroupEncoder : IDisposable
{
    const long IdleBytesMax = 256 << 20;
    static readonly Pool<GroupEncoder> Idle = new(static () => new GroupEncoder(), static encoder => encoder.HeldBytes, IdleBytesMax);

    readonly ChunkCodec codec = new();
    readonly Sha256Lanes digests = new(LaneWidths.Best);
    readonly List<ChunkEntry> entries = [];
    readonly StoredPiece[] pieces = new StoredPiece[GroupPlan.ChunksMax];
    readonly byte[] computed = new byte[GroupPlan.ChunksMax * ContentHash.SizeBytes];
    readonly Slab stored = new();
    byte[] raw = [], below = [], source = [], earlier = [];
    ChunkFeed feed = null!;
    CodecPreset preset;
    int length, lastTensor;

    GroupEncoder() { }

    long HeldBytes => stored.Length + codec.HeldBytes + raw.Length + below.Length + source.Length + earlier.Length;

    /// <summary>Return it when the feed is empty.</summary>
    public static GroupEncoder Rent(ChunkFeed feed, CodecPreset preset)
    {
        var encoder = Idle.Rent();
        (encoder.feed, encoder.preset) = (feed, preset);
        return encoder;
    }

    public static void Return(GroupEncoder encoder)
    {
        encoder.feed = null!;   // or an idle encoder would keep a whole captured state alive
        Idle.Return(encoder);
    }

    /// <summary>The group's bytes.</summary>
    public ReadOnlySpan<byte> Stored => stored.Slice(0, length);

    /// <summary>The group's entries; stored offsets count from its first byte.</summary>
    public IReadOnlyList<ChunkEntry> Entries => entries;

    /// <exception cref="CaptureDamagedException">A chunk is no longer what was captured.</exception>
    public void Encode(IReadOnlyList<ChunkPlace> group)
    {
        Reserve(group);
        entries.Clear();
        (length, lastTensor) = (0, -1);
        foreach (var place in group) Add(place);
        digests.Hash(Stored, pieces.AsSpan(0, entries.Count), computed);
        for (var i = 0; i < entries.Count; i++)
            entries[i] = entries[i] with
            {
                StoredDigest = ContentHash.FromDigest(computed.AsSpan(i * ContentHash.SizeBytes, ContentHash.SizeBytes)),
            };
    }

    void Add(ChunkPlace place)
    {
        if (place.Tensor != lastTensor) codec.Begin();
        lastTensor = place.Tensor;
        var tensor = feed.State.Tensors[place.Tensor];
        var bytes = Read(feed.State, place, ref raw);
        var hash = XxHash3.HashToUInt64(bytes);
        CheckCapture(place, tensor, hash);
        var (sourceIs, sourceTensor) = feed.SourceOf(place.Tensor);
        var input = new ChunkInput
        {
            Kind = ElementKind.Of(tensor.Dtype),
            Raw = bytes,
            Base = feed.Base is null ? default : Read(feed.Base, place, ref below),
            SourceIs = sourceIs,
            Source = sourceIs == ChunkSource.None || preset == CodecPreset.Emergency
                ? default
                : Read(feed.State, Beside(place, sourceTensor), ref source),
            RowElements = tensor.Sizes is [_, .., var row] && row <= int.MaxValue ? (int)row : 0,
            RepeatOf = Repeated(place, bytes),
        };
        var mode = codec.Encode(preset, input, stored.Slice(length, (int)stored.Length - length), out var written);
        pieces[entries.Count] = new StoredPiece(length, written);
        entries.Add(new ChunkEntry(
            place.Tensor, place.Ordinal, mode, ChunkCodec.Name.Version, place.Length, written, length, hash, StoredDigest: default));
        var next = (int)ShardLimits.Align(length + written);
        stored.Slice(length + written, next - length - written).Clear();
        length = next;
    }

    void CheckCapture(ChunkPlace place, TensorSpec tensor, ulong hash)
    {
        if (feed.State.HashAtCapture(place.Tensor, place.Ordinal) is { } captured && captured != hash)
            throw new CaptureDamagedException(
                $"Chunk {place.Ordinal:N0} of tensor \"{tensor.Name}\" was captured with hash {captured:x16} and now has {hash:x16}: " +
                $"memory was damaged or overwritten. " +
                "This save is given up; earlier checkpoints are untouched. If it happens again, test this machine's memory.");
    }

    /// <summary>Equal hashes are no proof: the bytes are compared.</summary>
    RepeatedChunk? Repeated(ChunkPlace place, ReadOnlySpan<byte> bytes) =>
        feed.Earlier(place) is { } first && Read(feed.State, first, ref earlier).SequenceEqual(bytes)
            ? new RepeatedChunk(first.Tensor, first.Ordinal)
            : null;

    ChunkPlace Beside(ChunkPlace place, int tensor)
    {
        var width = ElementKind.Of(feed.State.Tensors[place.Tensor].Dtype).Width;
        var scale = ElementKind.Of(feed.State.Tensors[tensor].Dtype).Width / width;
        return new ChunkPlace(tensor, place.Ordinal, place.ByteOffset * scale, place.Length * scale);
    }

    static ReadOnlySpan<byte> Read(ITensorBytes from, ChunkPlace place, ref byte[] buffer)
    {
        if (from.TrySpan(place.Tensor, place.ByteOffset, place.Length, out var bytes)) return bytes;
        if (buffer.Length < place.Length) buffer = new byte[place.Length];
        from.Read(place.Tensor, place.ByteOffset, buffer.AsSpan(0, place.Length));
        return buffer.AsSpan(0, place.Length);
    }

    /// <summary>Stored is never more than raw, so there is always room for the next chunk's trials behind what is there.</summary>
    void Reserve(IReadOnlyList<ChunkPlace> group)
    {
        var (sum, largest) = (0, 0);
        foreach (var place in group) (sum, largest) = (sum + place.Length + ShardLimits.Alignment, Math.Max(largest, place.Length));
        stored.Reserve((long)sum + ChunkCodec.Bound(largest));
    }

    public void Dispose()
    {
        codec.Dispose();
        digests.Dispose();
        stored.Dispose();
    }
}
