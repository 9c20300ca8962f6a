using System.Buffers.Binary;
using System.Security.Cryptography;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>
/// The end of a shard object (docs/FORMAT.md, section 3.6): <c>index offset u64 | index length u64 | SHA-256 of the index | root | total
/// length u64 | version u16 | flags u16 | reserved u32 | magic 8</c>.
/// </summary>
public sealed record ShardFooter(long IndexOffset, long IndexLength, ContentHash IndexDigest, ContentHash Root, long TotalLength)
{
    public const int Size = 104;
    const ushort Version = ShardHeader.Version;

    /// <summary>The header's, backwards.</summary>
    public static ReadOnlySpan<byte> Magic => [0x1A, 0x0A, 0x0D, (byte)'D', (byte)'H', (byte)'S', (byte)'L', 0x8A];

    /// <summary>
    /// Root of the digest tree (docs/FORMAT.md, section 4): over the whole header (identity, base) and the index's digest (through it every
    /// stored chunk).
    /// </summary>
    public static ContentHash RootOf(ReadOnlySpan<byte> header, long indexOffset, long indexLength, ContentHash indexDigest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("lineage.shard.v1\n"u8);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, header.Length);
        hash.AppendData(number);
        hash.AppendData(header);
        BinaryPrimitives.WriteInt64LittleEndian(number, indexOffset);
        hash.AppendData(number);
        BinaryPrimitives.WriteInt64LittleEndian(number, indexLength);
        hash.AppendData(number);
        hash.AppendData(indexDigest.ToBytes());
        return ContentHash.FromDigest(hash.GetHashAndReset());
    }

    public byte[] Write()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, IndexOffset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), IndexLength);
        IndexDigest.ToBytes().CopyTo(bytes, 16);
        Root.ToBytes().CopyTo(bytes, 48);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(80), TotalLength);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(88), Version);
        Magic.CopyTo(bytes.AsSpan(96));
        return bytes;
    }

    /// <param name="bytes">The last <see cref="Size"/> bytes of the object.</param>
    /// <param name="headerLength">Of the header that was read from the same object.</param>
    /// <param name="fileLength">Of the object as it is.</param>
    public static ShardFooter Read(ReadOnlySpan<byte> bytes, int headerLength, long fileLength, string file)
    {
        var at = fileLength - Size;
        var magic = bytes.Slice(96, 8).SequenceEqual(Magic);
        var total = BinaryPrimitives.ReadInt64LittleEndian(bytes[80..]);
        // Neither mark of a footer in place: the end is gone. One of them: it is a footer, and something of it, or before it, was changed.
        if (!magic && total != fileLength)
            throw new ShardFormatException(
                file, at, $"the last {Size} bytes are no footer; the object was cut off or something was appended.", Finding.Truncated);
        if (!magic)
            throw new ShardFormatException(
                file, at + 96, $"the footer ends with {Convert.ToHexString(bytes.Slice(96, 8))}, expected {Convert.ToHexString(Magic)}.");
        if (total != fileLength)
            throw new ShardFormatException(
                file, at + 80, $"the footer says {total:N0} bytes in all, the object has {fileLength:N0}.",
                total > fileLength ? Finding.Truncated : Finding.Altered);
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[88..]) is var version && version != Version)
            throw new ShardFormatException(file, at + 88, $"footer version is {version}, this reader knows {Version}.");
        if (bytes.Slice(90, 6).IndexOfAnyExcept((byte)0) >= 0)
            throw new ShardFormatException(file, at + 90, "the footer's flags and reserved bytes are not zero.");
        var (offset, length) = (BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]));
        if (length is < 0 or > ShardLimits.IndexBytesMax || offset < headerLength || offset % ShardLimits.Alignment != 0
            || offset != at - length)
            throw new ShardFormatException(
                file, at,
                $"the index is said to lie at {offset:N0} with {length:N0} bytes; it must fill a multiple of {ShardLimits.Alignment} " +
                $"behind the header up to {at:N0}.");
        return new ShardFooter(
            offset, length, ContentHash.FromDigest(bytes.Slice(16, 32)), ContentHash.FromDigest(bytes.Slice(48, 32)), total);
    }
}
