using System.IO.Hashing;
using Lineage.Agents.Codec;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>
/// Reads one shard object by ranges. Opening checks header, footer and index with their digests; chunks are read and checked one by one.
/// Not thread safe: open one reader per thread.
/// </summary>
public sealed class ShardReader : IDisposable
{
    readonly Stream source;
    readonly ShardIndex index;
    readonly ShardFooter footer;
    readonly ChunkCodec codec = new();
    byte[] stored = [], baseRaw = [];
    ITensorBytes? checkedBase;

    ShardReader(Stream source, string name, ShardHeader header, ShardFooter footer, ShardIndex index)
    {
        this.source = source;
        this.index = index;
        this.footer = footer;
        Name = name;
        Header = header;
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
    public long ReadBytes { get; private set; }

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
            return Parse(source, name);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    static ShardReader Parse(Stream source, string name)
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
        if (parsed.Codec != ChunkCodec.Name)
            throw new ShardFormatException(
                name, ShardHeader.FixedBytes, $"codec {parsed.Codec.Name} version {parsed.Codec.Version} is not known to this reader.",
                Finding.Unknown);
        var index = ShardIndex.Read(bytes, parsed, header.Length, footer, name);
        return new ShardReader(source, name, parsed, footer, index) { ReadBytes = header.Length + end.Length + bytes.Length };
    }

    /// <summary>Where a chunk lies in the raw tensors.</summary>
    public ChunkPlace Place(int chunk)
    {
        var entry = index[chunk];
        return ChunkPlan.At(Tensors[entry.Tensor], entry.Tensor, entry.Ordinal, Header.ChunkElements);
    }

    public ChunkEntry Entry(int chunk) => index[chunk];

    /// <summary>True if the chunk cannot be decoded without the base.</summary>
    public bool NeedsBase(int chunk) => index[chunk].Mode is ChunkMode.Same or ChunkMode.DeltaPlanes;

    /// <summary>Reads, checks and decodes one chunk: stored digest, padding, decoded length, raw hash taken at capture.</summary>
    /// <param name="baseState">Needed for chunks that refer to the base; null for a full shard.</param>
    /// <param name="destination">Exactly as long as the chunk's raw bytes.</param>
    /// <exception cref="ShardFormatException">The chunk or its base is not what was captured; the destination is not to be
    /// used.</exception>
    public void DecodeChunk(int chunk, ITensorBytes? baseState, Span<byte> destination)
    {
        var (entry, place) = (index[chunk], Place(chunk));
        if (destination.Length != entry.RawBytes)
            throw new ArgumentException(
                $"Chunk {chunk:N0} has {entry.RawBytes:N0} raw bytes, the destination {destination.Length:N0}.", nameof(destination));
        var encoded = ReadStored(chunk, entry);
        ReadOnlySpan<byte> baseBytes = default;
        if (NeedsBase(chunk))
        {
            if (baseState is null)
                throw new ArgumentNullException(nameof(baseState), $"Chunk {chunk:N0} of {Name} refers to its base.");
            CheckBase(baseState);
            if (baseRaw.Length < destination.Length) baseRaw = new byte[destination.Length];
            baseState.Read(place.Tensor, place.ByteOffset, baseRaw.AsSpan(0, destination.Length));
            baseBytes = baseRaw.AsSpan(0, destination.Length);
        }

        if (codec.Decode(ElementKind.Of(Tensors[place.Tensor].Dtype), entry.Mode, encoded, baseBytes, destination) is { } objection)
            throw Damage(entry, $"cannot be decoded: {objection}.");
        if (XxHash3.HashToUInt64(destination) is var hash && hash != entry.RawHash)
            throw Damage(
                entry,
                $"decodes to hash {hash:x16}, captured was {entry.RawHash:x16}"
                    + (baseBytes.IsEmpty ? "." : "; it, or the base under it, is not what was captured."));
    }

    /// <summary>Reads one chunk as it is stored and checks digest and padding.</summary>
    /// <exception cref="ShardFormatException">It was altered or cut off.</exception>
    public void CheckStored(int chunk) => ReadStored(chunk, index[chunk]);

    /// <summary>The shard as a source of raw bytes, decoded through its base on demand, one chunk in memory. Does not own the
    /// reader.</summary>
    public ITensorBytes View(ITensorBytes? baseState) => new ShardView(this, baseState);

    ReadOnlySpan<byte> ReadStored(int chunk, ChunkEntry entry)
    {
        var length = (int)(ShardLimits.Align(entry.StoredOffset + entry.StoredBytes) - entry.StoredOffset);
        if (stored.Length < length) stored = new byte[Math.Max(length, entry.RawBytes + ShardLimits.Alignment)];
        var bytes = stored.AsSpan(0, length);
        ReadAt(source, Name, entry.StoredOffset, bytes);
        ReadBytes += length;
        var encoded = bytes[..entry.StoredBytes];
        if (ContentHash.Of(encoded) is var digest && digest != entry.StoredDigest)
            throw Damage(
                entry,
                $"was altered: SHA-256 of its {encoded.Length:N0} stored bytes is {digest.Short}, the index says " +
                $"{entry.StoredDigest.Short}.");
        if (bytes[encoded.Length..].IndexOfAnyExcept((byte)0) is >= 0 and var at)
            throw Damage(entry, $"is followed by padding that is not zero (byte {encoded.Length + at:N0} behind its start).");
        return encoded;
    }

    void CheckBase(ITensorBytes baseState)
    {
        if (ReferenceEquals(baseState, checkedBase)) return;
        var link = Identity.Base!;
        if (baseState.ShardRoot is { } root && root != link.ShardRoot)
            throw new ShardFormatException(
                Name, 0,
                $"the base given has root {root.Short}, the shard was encoded against {link.ShardRoot.Short} of checkpoint " +
                $"{link.Checkpoint}.");
        if (!TensorTable.SameRectangles(Tensors, baseState.Tensors))
            throw new ShardFormatException(
                Name, footer.IndexOffset,
                $"the tensors are cut differently from those of the base given for checkpoint {link.Checkpoint}.");
        checkedBase = baseState;
    }

    ShardFormatException Damage(ChunkEntry entry, string what) =>
        new(Name, entry.StoredOffset, $"chunk {entry.Ordinal:N0} of tensor \"{Tensors[entry.Tensor].Name}\" {what}");

    /// <summary>Unbuffered, because reads are large already; in nobody's way who renames or removes the file.</summary>
    internal static FileStream OpenFile(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Open,
        Access = FileAccess.Read,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
    });

    static void ReadAt(Stream source, string name, long offset, Span<byte> destination)
    {
        source.Position = offset;
        var read = source.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        if (read < destination.Length)
            throw new ShardFormatException(
                name, offset + read, $"the object ends here, {destination.Length - read:N0} bytes too early.", Finding.Truncated);
    }

    public void Dispose()
    {
        codec.Dispose();
        source.Dispose();
    }
}
