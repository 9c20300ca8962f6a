using Lineage.Agents.Codec;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>
/// One stored shard object, read by ranges. Opening checks header, footer and index with their digests; chunks are read and checked one by
/// one. What only reads may be called from several threads; <see cref="DecodeChunk"/> and views may not.
/// </summary>
public sealed class ShardReader : IDisposable
{
    readonly ByteSource source;
    readonly ShardIndex index;
    readonly ShardFooter footer;
    readonly int[] firstChunks;
    readonly Lazy<TensorLinks> links;
    ChunkDecoder? decoder;
    long readBytes;

    ShardReader(ByteSource source, string name, ShardHeader header, ShardFooter footer, ShardIndex index)
    {
        this.source = source;
        this.index = index;
        this.footer = footer;
        Name = name;
        Header = header;
        links = new Lazy<TensorLinks>(() => TensorLinks.Of(index.Tensors));
        firstChunks = new int[Tensors.Count];
        for (var tensor = 1; tensor < firstChunks.Length; tensor++)
            firstChunks[tensor] = firstChunks[tensor - 1] + (int)ChunkPlan.Count(Tensors[tensor - 1], header.ChunkElements);
    }

    /// <summary>What messages call the object; its path, if it was opened by one.</summary>
    public string Name { get; }

    public ShardHeader Header { get; }

    public ShardIdentity Identity => Header.Identity;

    public IReadOnlyList<TensorSpec> Tensors => index.Tensors;

    public ContentHash Root => footer.Root;

    public int ChunkCount => index.ChunkCount;

    /// <summary>Raw bytes of the tensors.</summary>
    public long RawBytes => index.RawBytes;

    /// <summary>Size of the whole object.</summary>
    public long StoredBytes => footer.TotalLength;

    /// <summary>Bytes read from the object so far.</summary>
    public long ReadBytes => Interlocked.Read(ref readBytes);

    /// <exception cref="ShardFormatException">It is no whole, unaltered shard object; the message names file, offset and
    /// reason.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static ShardReader Open(string path) => Open(OpenFile(path), path);

    /// <param name="source">Seekable; disposed with the reader, and when opening fails.</param>
    /// <param name="name">What messages call it.</param>
    public static ShardReader Open(Stream source, string name)
    {
        try
        {
            return Parse(ByteSource.Of(source), name);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    static ShardReader Parse(ByteSource source, string name)
    {
        var length = source.Length;
        const int least = ShardLimits.Alignment + 8 + ShardFooter.Size;
        if (length < least)
            throw new ShardFormatException(
                name, length, $"the object has {length:N0} bytes, the smallest shard {least}.", Finding.Truncated);
        var front = new byte[ShardHeader.FixedBytes];
        ReadAt(source, name, 0, front);
        var header = new byte[ShardHeader.ReadLength(front, name)];
        if (length < header.Length + ShardFooter.Size)
            throw new ShardFormatException(
                name, length, $"the object has {length:N0} bytes; its header alone takes {header.Length:N0}.", Finding.Truncated);
        ReadAt(source, name, 0, header);
        var end = new byte[ShardFooter.Size];
        ReadAt(source, name, length - end.Length, end);
        var footer = ShardFooter.Read(end, header.Length, length, name);
        var root = ShardFooter.RootOf(header, footer.IndexOffset, footer.IndexLength, footer.IndexDigest);
        if (root != footer.Root)
            throw new ShardFormatException(
                name, 0,
                $"header and footer do not belong together: the root of both is {root.Short}, the footer says {footer.Root.Short}.");
        var bytes = new byte[footer.IndexLength];
        ReadAt(source, name, footer.IndexOffset, bytes);
        if (ContentHash.Of(bytes) is var digest && digest != footer.IndexDigest)
            throw new ShardFormatException(
                name, footer.IndexOffset,
                $"the index of {bytes.Length:N0} bytes was altered: its SHA-256 is {digest.Short}, the footer says " +
                $"{footer.IndexDigest.Short}.");
        var parsed = ShardHeader.Read(header, name);
        if (!ChunkCodec.Knows(parsed.Codec))
            throw new ShardFormatException(
                name, ShardHeader.FixedBytes, $"codec {parsed.Codec.Name} version {parsed.Codec.Version} is not known to this reader.",
                Finding.Unknown);
        var index = ShardIndex.Read(bytes, parsed, header.Length, footer, name);
        return new ShardReader(source, name, parsed, footer, index) { readBytes = header.Length + end.Length + bytes.Length };
    }

    /// <summary>Where a chunk lies in the raw tensors.</summary>
    public ChunkPlace Place(int chunk)
    {
        var entry = index[chunk];
        return ChunkPlan.At(Tensors[entry.Tensor], entry.Tensor, entry.Ordinal, Header.ChunkElements);
    }

    public ChunkEntry Entry(int chunk) => index[chunk];

    /// <summary>Number of a tensor's chunk among all.</summary>
    public int ChunkOf(int tensor, long ordinal) => firstChunks[tensor] + (int)ordinal;

    /// <summary>True if the chunk cannot be decoded without the base, itself or through the chunk that it is derived from.</summary>
    /// <exception cref="ShardFormatException">The chunk says where it is derived from, and is damaged.</exception>
    public bool NeedsBase(int chunk)
    {
        // Each step leads to a chunk that needs less: see SourceOf.
        for (var at = chunk; ; at = SourceOf(at))
        {
            if (index[at].Mode.NeedsBase()) return true;
            if (!index[at].Mode.NeedsSource()) return false;
        }
    }

    /// <summary>The chunk of this shard that another one cannot be decoded without.</summary>
    /// <exception cref="ShardFormatException">There is none that it may refer to: a repeated chunk refers to an earlier one of its type and
    /// length that refers to none, a cast to fp32, a first moment to a second.</exception>
    internal int SourceOf(int chunk)
    {
        var entry = index[chunk];
        if (entry.Mode == ChunkMode.Repeat) return Earlier(chunk, entry);
        var tensor = entry.Mode == ChunkMode.Derived ? links.Value.Masters[entry.Tensor] : links.Value.SecondMoments[entry.Tensor];
        return tensor >= 0
            ? ChunkOf(tensor, entry.Ordinal)
            : throw Damage(entry, $"is {entry.Mode}, but the tensor table has nothing for it to be derived from.");
    }

    int Earlier(int chunk, ChunkEntry entry)
    {
        var buffer = new byte[ShardLimits.Alignment];
        if (entry.StoredBytes == RepeatedChunk.Size && RepeatedChunk.Read(ReadStored(chunk, buffer)) is { } target
            && target.Tensor < Tensors.Count && target.Ordinal < ChunkPlan.Count(Tensors[target.Tensor], Header.ChunkElements)
            && ChunkOf(target.Tensor, target.Ordinal) is var earlier && earlier < chunk && index[earlier].RawBytes == entry.RawBytes
            && Tensors[target.Tensor].Dtype == Tensors[entry.Tensor].Dtype && !index[earlier].Mode.NeedsSource())
            return earlier;
        throw Damage(entry, "is said to repeat another chunk, which is none that it may repeat.");
    }

    /// <summary>Reads, checks and decodes one chunk: stored digest, padding, decoded length, raw hash taken at capture. One thread at a
    /// time.</summary>
    /// <param name="baseState">Needed for chunks that refer to the base; null for a full shard.</param>
    /// <param name="destination">Exactly as long as the chunk's raw bytes.</param>
    /// <exception cref="ShardFormatException">The chunk or its base is not what was captured; the destination is not to be
    /// used.</exception>
    public void DecodeChunk(int chunk, ITensorBytes? baseState, Span<byte> destination)
    {
        if (decoder is null || !ReferenceEquals(decoder.Floor, baseState))
        {
            decoder?.Dispose();
            decoder = new ChunkDecoder([this], baseState);
        }

        decoder.Decode(0, chunk, destination);
    }

    /// <summary>Reads one chunk as it is stored and checks digest and padding.</summary>
    /// <exception cref="ShardFormatException">It was altered or cut off.</exception>
    public void CheckStored(int chunk) => ReadStored(chunk, new byte[Padded(index[chunk])]);

    /// <summary>The shard as a source of raw bytes, decoded through its base on demand, one chunk in memory. Does not own the
    /// reader.</summary>
    public ITensorBytes View(ITensorBytes? baseState) => new ShardView(new ChunkDecoder([this], baseState));

    /// <summary>Stored bytes of a chunk with the padding behind them.</summary>
    internal static int Padded(ChunkEntry entry) => (int)(ShardLimits.Align(entry.StoredOffset + entry.StoredBytes) - entry.StoredOffset);

    /// <param name="buffer">At least <see cref="Padded"/> bytes; the result lies in it.</param>
    /// <exception cref="ShardFormatException">It was altered or cut off.</exception>
    internal ReadOnlySpan<byte> ReadStored(int chunk, Span<byte> buffer)
    {
        var entry = index[chunk];
        var bytes = buffer[..Padded(entry)];
        ReadRange(entry.StoredOffset, bytes);
        CheckStored(entry, bytes, ContentHash.Of(bytes[..entry.StoredBytes]));
        return bytes[..entry.StoredBytes];
    }

    /// <summary>Unchecked bytes of the object.</summary>
    internal void ReadRange(long offset, Span<byte> destination)
    {
        ReadAt(source, Name, offset, destination);
        Interlocked.Add(ref readBytes, destination.Length);
    }

    /// <param name="padded">Stored bytes with their padding.</param>
    /// <param name="digest">What the stored bytes digest to.</param>
    internal void CheckStored(ChunkEntry entry, ReadOnlySpan<byte> padded, ContentHash digest)
    {
        if (digest != entry.StoredDigest)
            throw Damage(
                entry,
                $"was altered: SHA-256 of its {entry.StoredBytes:N0} stored bytes is {digest.Short}, the index says " +
                $"{entry.StoredDigest.Short}.");
        if (padded[entry.StoredBytes..].IndexOfAnyExcept((byte)0) is >= 0 and var at)
            throw Damage(entry, $"is followed by padding that is not zero (byte {entry.StoredBytes + at:N0} behind its start).");
    }

    /// <exception cref="ShardFormatException">It is not the base that this shard names, or is cut otherwise.</exception>
    internal void CheckBase(ITensorBytes baseState)
    {
        var link = Identity.Base
            ?? throw new ShardFormatException(Name, 0, "a base was given, but the shard was encoded without one.");
        if (baseState.ShardRoot is { } root && root != link.ShardRoot)
            throw new ShardFormatException(
                Name, 0,
                $"the base given has root {root.Short}, the shard was encoded against {link.ShardRoot.Short} of checkpoint " +
                $"{link.Checkpoint}.");
        if (!TensorTable.SameRectangles(Tensors, baseState.Tensors))
            throw new ShardFormatException(
                Name, footer.IndexOffset,
                $"the tensors are cut differently from those of the base given for checkpoint {link.Checkpoint}.");
    }

    internal ShardFormatException Damage(ChunkEntry entry, string what) =>
        new(Name, entry.StoredOffset, $"chunk {entry.Ordinal:N0} of tensor \"{Tensors[entry.Tensor].Name}\" {what}");

    /// <summary>Unbuffered, because reads are large already; in nobody's way who renames or removes the file.</summary>
    internal static FileStream OpenFile(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Open,
        Access = FileAccess.Read,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
    });

    static void ReadAt(ByteSource source, string name, long offset, Span<byte> destination)
    {
        var read = source.ReadAt(offset, destination);
        if (read < destination.Length)
            throw new ShardFormatException(
                name, offset + read, $"the object ends here, {destination.Length - read:N0} bytes too early.", Finding.Truncated);
    }

    public void Dispose()
    {
        decoder?.Dispose();
        source.Dispose();
    }
}
