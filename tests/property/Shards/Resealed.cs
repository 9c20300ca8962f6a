using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Shards;

/// <summary>Shards that somebody edited and gave digests that fit again.</summary>
static class Resealed
{
    /// <summary>Two chunks in each other's place, with sizes, modes and digests, but the hashes of the capture where they were. Null if
    /// the two hold the same bytes, captured or stored: that changes nothing.</summary>
    public static byte[]? Swap(byte[] shard, Random random)
    {
        using var reader = Stored.Open(shard);
        if (reader.ChunkCount < 2) return null;
        var entries = Enumerable.Range(0, reader.ChunkCount).Select(reader.Entry).ToArray();
        var (a, b) = (random.Next(entries.Length), random.Next(entries.Length));
        var isSame = (entries[a].Mode, entries[a].StoredDigest) == (entries[b].Mode, entries[b].StoredDigest);
        if (isSame || entries[a].RawHash == entries[b].RawHash) return null;
        var stored = entries.Select(entry => shard.AsSpan((int)entry.StoredOffset, entry.StoredBytes).ToArray()).ToArray();
        (stored[a], stored[b]) = (stored[b], stored[a]);
        (entries[a], entries[b]) = (Exchanged(entries[a], entries[b]), Exchanged(entries[b], entries[a]));
        return Assemble(Forge.Of(shard), entries, stored);
    }

    static ChunkEntry Exchanged(ChunkEntry place, ChunkEntry content) =>
        place with { Mode = content.Mode, StoredBytes = content.StoredBytes, StoredDigest = content.StoredDigest };

    /// <summary>The chunks packed one behind the other, and an index that says so.</summary>
    static byte[] Assemble(Forge forge, ChunkEntry[] entries, byte[][] stored)
    {
        var chunks = new MemoryStream();
        var table = forge.Index.AsSpan(8, BitConverter.ToInt32(forge.Index)).ToArray();
        var list = new byte[entries.Length * ChunkEntry.Size];
        for (var i = 0; i < entries.Length; i++)
        {
            (entries[i] with { StoredOffset = forge.Header.Length + chunks.Length }).Write(list.AsSpan(i * ChunkEntry.Size));
            chunks.Write(stored[i]);
            chunks.SetLength(ShardLimits.Align(chunks.Length));
            chunks.Position = chunks.Length;
        }

        return (forge with { Chunks = chunks.ToArray(), Index = ShardIndex.Write(table, list) }).Assemble();
    }
}
