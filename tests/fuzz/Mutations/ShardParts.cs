using System.Buffers.Binary;
using System.IO.Hashing;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Fuzz.Mutations;

/// <summary>
/// A shard object taken apart, to be put together again with sizes, offsets, digests and root that fit, as somebody hostile would: what is
/// altered gets past the digests and as deep into the reader as its own wrongness allows.
/// </summary>
sealed class ShardParts
{
    const int FrontBytes = 12;

    /// <summary>Field of an index entry: where it is and how wide.</summary>
    static readonly (int At, int Width)[] Fields = [(0, 4), (4, 1), (5, 1), (6, 2), (8, 8), (16, 4), (20, 4), (24, 8), (32, 8), (40, 8)];

    /// <summary>Magic, version and flags, as they were: an object of an older version stays one.</summary>
    readonly byte[] front;

    ShardParts(byte[] front, byte[] identity, byte[] table, byte[] entries, List<byte[]> chunks)
    {
        this.front = front;
        Identity = identity;
        Table = table;
        Entries = entries;
        Chunks = chunks;
    }

    public byte[] Identity { get; set; }

    public byte[] Table { get; set; }

    public byte[] Entries { get; set; }

    /// <summary>Stored bytes, one per entry.</summary>
    public List<byte[]> Chunks { get; }

    /// <summary>Null where the bytes are not laid out like a shard.</summary>
    public static ShardParts? Of(ReadOnlySpan<byte> shard)
    {
        if (shard.Length < ShardHeader.FixedBytes + 8 + ShardFooter.Size) return null;
        var identity = BinaryPrimitives.ReadUInt32LittleEndian(shard[12..]);
        var footer = shard[^ShardFooter.Size..];
        var (offset, length) = (BinaryPrimitives.ReadInt64LittleEndian(footer), BinaryPrimitives.ReadInt64LittleEndian(footer[8..]));
        if (identity > shard.Length - ShardHeader.FixedBytes || offset < 0 || length < 8 || offset > shard.Length
            || length > shard.Length - offset)
            return null;
        var index = shard.Slice((int)offset, (int)length);
        var table = BinaryPrimitives.ReadUInt32LittleEndian(index);
        var start = (8 + (long)table + 7) / 8 * 8;
        if (start > index.Length || (index.Length - start) % ChunkEntry.Size != 0) return null;
        var entries = index[(int)start..];
        var chunks = new List<byte[]>();
        for (var at = 0; at < entries.Length; at += ChunkEntry.Size)
        {
            var stored = BinaryPrimitives.ReadUInt32LittleEndian(entries[(at + 20)..]);
            var where = BinaryPrimitives.ReadUInt64LittleEndian(entries[(at + 24)..]);
            if (where > (ulong)shard.Length || stored > (ulong)shard.Length - where) return null;
            chunks.Add(shard.Slice((int)where, (int)stored).ToArray());
        }

        return new ShardParts(
            shard[..FrontBytes].ToArray(), shard.Slice(ShardHeader.FixedBytes, (int)identity).ToArray(),
            index.Slice(8, (int)table).ToArray(), entries.ToArray(), chunks);
    }

    public Span<byte> Entry(int chunk) => Entries.AsSpan(chunk * ChunkEntry.Size, ChunkEntry.Size);

    /// <summary>Gives a chunk other stored bytes, and a raw hash that fits where it can be told without decoding.</summary>
    public void Store(int chunk, byte[] stored)
    {
        Chunks[chunk] = stored;
        var entry = Entry(chunk);
        if (entry[4] == (byte)ChunkMode.Raw)
            BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], XxHash3.HashToUInt64(stored));
    }

    /// <summary>The object, with an optional last word of an editor on an entry's field after everything was made to fit.</summary>
    /// <param name="chunk">The entry; none if negative.</param>
    public byte[] Assemble(int chunk = -1, Random? random = null)
    {
        var header = new byte[ShardLimits.Align(ShardHeader.FixedBytes + Identity.Length)];
        front.CopyTo(header, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(FrontBytes), (uint)Identity.Length);
        Identity.CopyTo(header, ShardHeader.FixedBytes);

        var position = (long)header.Length;
        for (var i = 0; i < Chunks.Count; i++)
        {
            var entry = Entry(i);
            BinaryPrimitives.WriteInt32LittleEndian(entry[20..], Chunks[i].Length);
            BinaryPrimitives.WriteInt64LittleEndian(entry[24..], position);
            ContentHash.Of(Chunks[i]).ToBytes().CopyTo(entry[40..]);
            position = ShardLimits.Align(position + Chunks[i].Length);
        }

        if (chunk >= 0 && random is not null && Fields[random.Next(Fields.Length)] is var (at, width))
            ByteEdits.Integer(Entry(chunk).Slice(at, width), 0, width, random);
        var index = ShardIndex.Write(Table, Entries);
        var digest = ContentHash.Of(index);
        var total = position + index.Length + ShardFooter.Size;
        var bytes = new byte[total];
        header.CopyTo(bytes, 0);
        var to = (long)header.Length;
        foreach (var stored in Chunks)
        {
            stored.CopyTo(bytes, to);
            to = ShardLimits.Align(to + stored.Length);
        }

        index.CopyTo(bytes, position);
        var root = ShardFooter.RootOf(header, position, index.Length, digest);
        new ShardFooter(position, index.Length, digest, root, total).Write().CopyTo(bytes, position + index.Length);
        return bytes;
    }
}
