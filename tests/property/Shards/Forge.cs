using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Shards;

/// <summary>Takes a shard object apart and puts altered parts together again with digests that fit, as somebody hostile would.</summary>
sealed record Forge(byte[] Header, byte[] Chunks, byte[] Index)
{
    public static Forge Of(byte[] shard)
    {
        var header = ShardHeader.ReadLength(shard.AsSpan(0, ShardHeader.FixedBytes), "x");
        var footer = ShardFooter.Read(shard.AsSpan(shard.Length - ShardFooter.Size), header, shard.Length, "x");
        var index = (int)footer.IndexOffset;
        return new Forge(shard[..header], shard[header..index], shard[index..(shard.Length - ShardFooter.Size)]);
    }

    public byte[] Assemble()
    {
        var (offset, digest) = (Header.Length + Chunks.Length, ContentHash.Of(Index));
        var root = ShardFooter.RootOf(Header, offset, Index.Length, digest);
        var total = offset + Index.Length + ShardFooter.Size;
        return [.. Header, .. Chunks, .. Index, .. new ShardFooter(offset, Index.Length, digest, root, total).Write()];
    }
}
