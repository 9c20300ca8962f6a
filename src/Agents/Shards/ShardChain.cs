using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>
/// The shards of one rank that rebuild its state together: the full one first, then every delta. Each chunk is rebuilt through all its
/// links in one go, so the state is never in memory as a whole. Owns its readers. Views are not thread safe; every thread has a decoder of
/// its own.
/// </summary>
public sealed class ShardChain : IDisposable
{
    readonly IReadOnlyList<ShardReader> links;
    readonly List<ChunkDecoder> decoders = [];

    ShardChain(IReadOnlyList<ShardReader> links)
    {
        this.links = links;
        if (links.Count > 1) Below = View(links.Count - 1);
        Bytes = View(links.Count);
    }

    /// <summary>The links from the lowest one on from which all are cut into chunks of one size, and what lies below them.</summary>
    internal (IReadOnlyList<ShardReader> Links, ITensorBytes? Floor) Fused(int count)
    {
        var first = count - 1;
        while (first > 0 && links[first - 1].Header.ChunkElements == links[count - 1].Header.ChunkElements) first--;
        return ([.. links.Take(count).Skip(first)], first == 0 ? null : View(first));
    }

    ShardView View(int count)
    {
        var (fused, floor) = Fused(count);
        var decoder = new ChunkDecoder(fused, floor);
        decoders.Add(decoder);
        return new ShardView(decoder);
    }

    internal IReadOnlyList<ShardReader> Links => links;

    /// <summary>All links are cut into chunks of one size, so that a chunk is the same chunk in each.</summary>
    internal bool IsFused => links.All(link => link.Header.ChunkElements == Top.Header.ChunkElements);

    /// <summary>The link asked for.</summary>
    public ShardReader Top => links[^1];

    /// <summary>What the top link's differences refer to; null when it is a full shard. For
    /// <see cref="ShardReader.DecodeChunk"/>.</summary>
    public ITensorBytes? Below { get; }

    /// <summary>The state that the top link holds.</summary>
    public ITensorBytes Bytes { get; }

    /// <summary>Bytes read from all links so far.</summary>
    public long ReadBytes => links.Sum(static link => link.ReadBytes);

    /// <param name="paths">The full shard first, then every delta in the order of application.</param>
    /// <exception cref="ShardFormatException">A link is damaged, or is not the base that the next one names.</exception>
    /// <exception cref="IOException">A link is missing or cannot be read.</exception>
    public static ShardChain Open(IReadOnlyList<string> paths)
    {
        var readers = new List<ShardReader>(paths.Count);
        try
        {
            foreach (var path in paths) readers.Add(ShardReader.Open(path));
            return Of(readers);
        }
        catch
        {
            foreach (var reader in readers) reader.Dispose();
            throw;
        }
    }

    /// <param name="links">Owned by the chain once it is returned.</param>
    /// <exception cref="ShardFormatException">A link is not the base that the next one names.</exception>
    public static ShardChain Of(IReadOnlyList<ShardReader> links)
    {
        if (links is []) throw new ArgumentException("A chain has at least one link.", nameof(links));
        if (links[0].Identity.Base is { } missing)
            throw new ShardFormatException(
                links[0].Name, 0, $"the chain begins with an incremental shard; its base {missing.Checkpoint} is missing.");
        foreach (var (lower, upper) in links.Zip(links.Skip(1)))
        {
            if (upper.Identity.Base is not { } link)
                throw new ShardFormatException(upper.Name, 0, $"a full shard lies above {lower.Identity.Shard} in the chain.");
            if (link.ShardRoot != lower.Root || link.Checkpoint != lower.Identity.Shard.Checkpoint)
                throw new ShardFormatException(
                    upper.Name, 0,
                    $"it was encoded against {link.Checkpoint} with root {link.ShardRoot.Short}; below it lies {lower.Identity.Shard} " +
                    $"with root {lower.Root.Short}.");
        }

        return new ShardChain(links);
    }

    public void Dispose()
    {
        foreach (var decoder in decoders) decoder.Dispose();
        foreach (var link in links) link.Dispose();
    }
}
