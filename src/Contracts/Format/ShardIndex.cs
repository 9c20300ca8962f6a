using System.Buffers.Binary;

namespace Lineage.Contracts.Format;

/// <summary>
/// The index of a shard object (docs/FORMAT.md, section 3.5): <c>table length u32 | chunk count u32 | tensor table | zeros up to a
/// multiple of 8 | one <see cref="ChunkEntry"/> per chunk</c>. Order, sizes and offsets of the entries follow from the table, so the
/// reader leaves them no freedom.
/// </summary>
public sealed class ShardIndex
{
    const int FixedBytes = 8;
    readonly ReadOnlyMemory<byte> entries;

    ShardIndex(IReadOnlyList<TensorSpec> tensors, ReadOnlyMemory<byte> entries)
    {
        Tensors = tensors;
        this.entries = entries;
        RawBytes = tensors.Sum(static t => t.Bytes);
    }

    public IReadOnlyList<TensorSpec> Tensors { get; }

    public int ChunkCount => entries.Length / ChunkEntry.Size;

    /// <summary>Raw bytes of the tensors.</summary>
    public long RawBytes { get; }

    public ChunkEntry this[int chunk] => ChunkEntry.Read(entries.Span.Slice(chunk * ChunkEntry.Size, ChunkEntry.Size));

    /// <summary>Index bytes from a checked tensor table and the finished entries.</summary>
    public static byte[] Write(ReadOnlySpan<byte> tensorTable, ReadOnlySpan<byte> entries)
    {
        var start = EntriesStart(tensorTable.Length);
        var bytes = new byte[start + entries.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, tensorTable.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), entries.Length / ChunkEntry.Size);
        tensorTable.CopyTo(bytes.AsSpan(FixedBytes));
        entries.CopyTo(bytes.AsSpan(start));
        return bytes;
    }

    /// <param name="bytes">Exactly the index; kept by the result.</param>
    /// <param name="headerLength">Where the first chunk begins.</param>
    public static ShardIndex Read(ReadOnlyMemory<byte> bytes, ShardHeader header, int headerLength, ShardFooter footer, string file)
    {
        var span = bytes.Span;
        var at = footer.IndexOffset;
        if (span.Length < FixedBytes)
            throw new ShardFormatException(file, at, $"an index has at least {FixedBytes} bytes, got {span.Length}.");
        var (table, count) = (BinaryPrimitives.ReadUInt32LittleEndian(span), BinaryPrimitives.ReadUInt32LittleEndian(span[4..]));
        if (table > ShardLimits.TensorTableBytesMax || table > span.Length - FixedBytes)
            throw new ShardFormatException(file, at, $"the tensor table is said to take {table:N0} bytes of an index of {span.Length:N0}.");
        var start = EntriesStart((int)table);
        if (start + ((long)count * ChunkEntry.Size) != span.Length)
            throw new ShardFormatException(
                file, at + 4, $"a tensor table of {table:N0} bytes and {count:N0} chunks do not make an index of {span.Length:N0} bytes.");
        if (span[(FixedBytes + (int)table)..start].IndexOfAnyExcept((byte)0) >= 0)
            throw new ShardFormatException(file, at + FixedBytes + table, "the padding behind the tensor table is not zero.");
        var tensors = TensorTable.Read(span.Slice(FixedBytes, (int)table), file, at + FixedBytes);
        CheckCount(tensors, count, header.ChunkElements, file, at + 4);
        var index = new ShardIndex(tensors, bytes[start..]);
        index.CheckEntries(header, headerLength, footer, file, at + start);
        return index;
    }

    static int EntriesStart(int table) => (FixedBytes + table + 7) / 8 * 8;

    static void CheckCount(IReadOnlyList<TensorSpec> tensors, long count, int chunkElements, string file, long at)
    {
        var left = count;
        foreach (var tensor in tensors)
            if ((left -= ChunkPlan.Count(tensor, chunkElements)) < 0) break;
        if (left != 0)
            throw new ShardFormatException(
                file, at, $"the index has {count:N0} chunks, but the tensors are cut into {(left > 0 ? "fewer" : "more")}.");
    }

    void CheckEntries(ShardHeader header, int headerLength, ShardFooter footer, string file, long at)
    {
        var (chunk, position) = (0, (long)headerLength);
        foreach (var place in ChunkPlan.Of(Tensors, header.ChunkElements))
        {
            var entry = this[chunk];
            if (ObjectionTo(
                entry, ChunkEntry.Flags(entries.Span.Slice(chunk * ChunkEntry.Size, ChunkEntry.Size)), place, position,
                header) is { } objection)
                throw new ShardFormatException(
                    file, at + ((long)chunk * ChunkEntry.Size),
                    $"chunk {place.Ordinal:N0} of tensor \"{Tensors[place.Tensor].Name}\" {objection}");
            position = ShardLimits.Align(position + entry.StoredBytes);
            chunk++;
        }

        if (position != footer.IndexOffset)
            throw new ShardFormatException(file, at, $"the chunks end at {position:N0}, the index begins at {footer.IndexOffset:N0}.");
    }

    static string? ObjectionTo(ChunkEntry entry, byte flags, ChunkPlace place, long position, ShardHeader header)
    {
        if (entry.Tensor != place.Tensor || entry.Ordinal != place.Ordinal)
            return $"is missing; chunk {entry.Ordinal:N0} of tensor {entry.Tensor:N0} stands in its place.";
        if (entry.RawBytes != place.Length) return $"has {entry.RawBytes:N0} raw bytes, expected {place.Length:N0}.";
        if (entry.StoredOffset != position) return $"is said to lie at {entry.StoredOffset:N0}, expected {position:N0}.";
        if (flags != 0) return $"has flags 0x{flags:x2}; version 1 has none.";
        if (entry.CodecVersion != header.Codec.Version)
            return $"is of codec version {entry.CodecVersion}, the header says {header.Codec.Version}.";
        if (!Enum.IsDefined(entry.Mode)) return $"has the unknown mode {(byte)entry.Mode}.";
        if (entry.CodecVersion < 2 && entry.Mode >= ChunkModes.FirstOfVersion2)
            return $"has mode {entry.Mode}, which codec version {entry.CodecVersion} does not have.";
        if (entry.Mode.NeedsBase() && header.Identity.Base is null)
            return $"has mode {entry.Mode}, but the shard names no base.";
        if (entry.StoredBytes < 0 || entry.StoredBytes > entry.RawBytes)
            return $"has {entry.StoredBytes:N0} stored bytes of {entry.RawBytes:N0} raw ones.";
        return entry.Mode switch
        {
            ChunkMode.Raw when entry.StoredBytes != entry.RawBytes =>
                $"is raw with {entry.StoredBytes:N0} stored bytes of {entry.RawBytes:N0}.",
            ChunkMode.Same when entry.StoredBytes != 0 => $"is the same as its base but has {entry.StoredBytes:N0} stored bytes.",
            _ => null,
        };
    }
}
