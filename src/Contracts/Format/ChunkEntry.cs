using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>One chunk in the index (docs/FORMAT.md, section 3.5).</summary>
/// <param name="Tensor">Index into the tensor table.</param>
/// <param name="Ordinal">Number of the chunk inside its tensor.</param>
/// <param name="RawBytes">Captured size.</param>
/// <param name="StoredBytes">Encoded size; never above <paramref name="RawBytes"/>.</param>
/// <param name="StoredOffset">Where the encoded bytes begin in the object; a multiple of 64, even if there are none.</param>
/// <param name="RawHash">XxHash3-64 of the raw chunk, taken at capture.</param>
/// <param name="StoredDigest">SHA-256 of the encoded bytes.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ChunkEntry(
    int Tensor, long Ordinal, ChunkMode Mode, ushort CodecVersion, int RawBytes, int StoredBytes, long StoredOffset, ulong RawHash,
    ContentHash StoredDigest)
{
    /// <summary>Bytes of one entry on disk.</summary>
    public const int Size = 72;

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, Tensor);
        destination[4] = (byte)Mode;
        destination[5] = 0;   // flags
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], CodecVersion);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], Ordinal);
        BinaryPrimitives.WriteInt32LittleEndian(destination[16..], RawBytes);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], StoredBytes);
        BinaryPrimitives.WriteInt64LittleEndian(destination[24..], StoredOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], RawHash);
        StoredDigest.ToBytes().CopyTo(destination[40..]);
    }

    /// <summary>Takes the fields as they are; <see cref="ShardIndex"/> says whether they make sense.</summary>
    public static ChunkEntry Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt32LittleEndian(source),
        BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
        (ChunkMode)source[4],
        BinaryPrimitives.ReadUInt16LittleEndian(source[6..]),
        BinaryPrimitives.ReadInt32LittleEndian(source[16..]),
        BinaryPrimitives.ReadInt32LittleEndian(source[20..]),
        BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
        ContentHash.FromDigest(source.Slice(40, ContentHash.SizeBytes)));

    /// <summary>The flags byte, which must be zero in version 1.</summary>
    public static byte Flags(ReadOnlySpan<byte> source) => source[5];
}
