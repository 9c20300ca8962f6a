using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// A plain, slow, scalar reader of a shard object after docs/FORMAT.md, sections 3 and 4, written from that text and sharing nothing with
/// the writers. It checks that every byte is accounted for: magic and versions, header, padding, every stored chunk against its digest, the
/// index against the footer, and the root. <see cref="PlainContent"/> decodes the chunks.
/// </summary>
/// <param name="Root">Computed from the bytes; null if they are no whole shard.</param>
/// <param name="Damage">The first thing that is wrong, and where; null if nothing is.</param>
sealed record PlainShard(ContentHash? Root, PlainIdentity? Identity, string? Damage)
{
    const int FooterBytes = 104, EntryBytes = 72, Alignment = 64;

    static ReadOnlySpan<byte> HeadMagic => [0x8A, 0x4C, 0x53, 0x48, 0x44, 0x0D, 0x0A, 0x1A];

    static ReadOnlySpan<byte> FootMagic => [0x1A, 0x0A, 0x0D, 0x44, 0x48, 0x53, 0x4C, 0x8A];

    public static PlainShard Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 16 + FooterBytes) return new(null, null, $"{bytes.Length} B are too few for a shard: it is truncated");
        if (!bytes[..8].SequenceEqual(HeadMagic)) return new(null, null, "the first 8 bytes are not a shard's");
        if (U16(bytes, 8) != 1 || U16(bytes, 10) != 0) return new(null, null, "version or flags of the header, at 8 B, are not 1 and 0");
        var length = U32(bytes, 12);
        var header = Aligned(16 + (long)length);
        if (length is 0 or > 65_536 || header > bytes.Length - FooterBytes)
            return new(null, null, $"the identity is said to have {length} B, at 12 B");
        if (!IsZero(bytes[(16 + (int)length)..(int)header])) return new(null, null, "the padding behind the identity is not zero");
        return ParseIdentity(bytes.Slice(16, (int)length)) is { } identity
            ? Body(bytes, (int)header, identity)
            : new(null, null, "the identity, at 16 B, cannot be read");
    }

    static PlainShard Body(ReadOnlySpan<byte> bytes, int header, PlainIdentity identity)
    {
        var foot = bytes.Length - FooterBytes;
        if (!bytes[^8..].SequenceEqual(FootMagic)) return new(null, identity, "the last 8 bytes are not a shard's: it is truncated "
            + "or longer");
        if (U16(bytes, foot + 88) != 1 || U16(bytes, foot + 90) != 0 || U32(bytes, foot + 92) != 0)
            return new(null, identity, "version, flags or reserved bytes of the footer are not 1, 0 and 0");
        var (indexAt, indexLength, total) = (U64(bytes, foot), U64(bytes, foot + 8), U64(bytes, foot + 80));
        if (total != (ulong)bytes.Length) return new(null, identity, $"the footer says {total} B, the object has {bytes.Length}");
        var isPlaced = indexAt >= (ulong)header && indexAt % Alignment == 0 && indexAt <= (ulong)foot;
        if (!isPlaced || indexLength != (ulong)foot - indexAt || indexLength < 8)
            return new(null, identity, $"the index is said to lie at {indexAt} B with {indexLength} B");
        var index = bytes[(int)indexAt..foot];
        if (!SHA256.HashData(index).AsSpan().SequenceEqual(bytes.Slice(foot + 16, 32)))
            return new(null, identity, $"the index at {indexAt} B has another digest than the footer says");
        var root = RootOf(bytes[..header], indexAt, indexLength, bytes.Slice(foot + 16, 32));
        if (!root.AsSpan().SequenceEqual(bytes.Slice(foot + 48, 32)))
            return new(null, identity, "the root in the footer is not the one that header and index give");
        return new(ContentHash.FromDigest(root), identity, Chunks(bytes, index, header, (int)indexAt));
    }

    /// <summary>SHA-256 of the prefix, then header length, header, index offset, index length, and the digest of the index.</summary>
    static byte[] RootOf(ReadOnlySpan<byte> header, ulong indexAt, ulong indexLength, ReadOnlySpan<byte> indexDigest)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[8];
        sum.AppendData("lineage.shard.v1\n"u8);
        BinaryPrimitives.WriteUInt64LittleEndian(number, (ulong)header.Length);
        sum.AppendData(number);
        sum.AppendData(header);
        BinaryPrimitives.WriteUInt64LittleEndian(number, indexAt);
        sum.AppendData(number);
        BinaryPrimitives.WriteUInt64LittleEndian(number, indexLength);
        sum.AppendData(number);
        sum.AppendData(indexDigest);
        return sum.GetHashAndReset();
    }

    /// <summary>Every chunk lies where the one before leaves off, at a multiple of 64, with zeros between, and has its digest.</summary>
    static string? Chunks(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> index, int header, int indexAt)
    {
        var (table, count) = (U32(index, 0), U32(index, 4));
        var entries = (8 + (long)table + 7) / 8 * 8;
        if (entries + ((long)count * EntryBytes) != index.Length)
            return $"the index of {index.Length} B does not hold a table of {table} B and {count} chunks";
        if (!IsZero(index[(int)(8 + table)..(int)entries])) return "the padding behind the tensor table is not zero";
        var at = (long)header;
        for (var i = 0; i < count; i++)
        {
            var entry = index.Slice((int)entries + (i * EntryBytes), EntryBytes);
            var (stored, offset) = (U32(entry, 20), U64(entry, 24));
            var begin = Aligned(at);
            if (offset != (ulong)begin || begin + stored > indexAt) return $"chunk {i} is said to lie at {offset} B; expected {begin} B";
            if (!IsZero(bytes[(int)at..(int)begin])) return $"the padding before chunk {i}, at {at} B, is not zero";
            if (!SHA256.HashData(bytes.Slice((int)begin, (int)stored)).AsSpan().SequenceEqual(entry.Slice(40, 32)))
                return $"tensor {U32(entry, 0)} chunk {U64(entry, 8)} at {begin} B is altered: its {stored} stored bytes have "
                    + $"another digest";
            at = begin + stored;
        }

        return Aligned(at) == indexAt && IsZero(bytes[(int)at..indexAt]) ? null : $"between the last chunk and the index, at {at} B, "
            + $"are bytes of nobody";
    }

    static PlainIdentity? ParseIdentity(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            var members = document.RootElement;
            var named = members.GetProperty("base");
            return new PlainIdentity(
                new CheckpointId(
                    RunId.Parse(members.GetProperty("run").GetString() ?? ""), new Generation(members.GetProperty("generation").GetInt64()),
                    new Step(members.GetProperty("step").GetInt64())),
                members.GetProperty("rank").GetInt32(),
                named.ValueKind == JsonValueKind.Null ? null : ContentHash.Parse(named.GetProperty("shardRoot").GetString() ?? ""));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return null;   // the caller says so: the bytes are damaged, whatever it was
        }
    }

    static long Aligned(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    static bool IsZero(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);

    static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
