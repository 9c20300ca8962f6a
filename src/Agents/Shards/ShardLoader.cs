using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>Decodes whole shards: several threads, a group of chunks at a time, each chunk rebuilt through all its links where it ends
/// up.</summary>
public static class ShardLoader
{
    /// <param name="chain">Read, not owned.</param>
    /// <param name="target">Of the layout of the chain's top; undefined after an exception.</param>
    /// <param name="parallel">Threads; 0 for one per processor. Each holds a group of stored chunks per link.</param>
    /// <exception cref="ShardFormatException">A chunk of a link is damaged.</exception>
    public static void Load(ShardChain chain, ITensorMemory target, CancellationToken ct, int parallel = 0) =>
        Load(chain.Top, () => chain.Fused(chain.Links.Count), target, parallel, ct);

    /// <summary>The same of one shard whose base is at hand.</summary>
    /// <param name="baseState">Null for a full shard. Read by all threads at once.</param>
    public static void Load(ShardReader shard, ITensorBytes? baseState, ITensorMemory target, CancellationToken ct, int parallel = 0) =>
        Load(shard, () => ([shard], baseState), target, parallel, ct);

    static void Load(
        ShardReader top, Func<(IReadOnlyList<ShardReader> Links, ITensorBytes? Floor)> open, ITensorMemory target, int parallel,
        CancellationToken ct)
    {
        // Chunks that others are derived from come first, so that those find them in memory.
        var chunks = Enumerable.Range(0, top.ChunkCount).ToLookup(chunk => top.Entry(chunk).Mode.NeedsSource());
        foreach (var derived in (ReadOnlySpan<bool>)[false, true])
        {
            var groups = GroupPlan.Of([.. chunks[derived]], top).ToList();
            var next = -1;
            Crew.Run(Math.Clamp(groups.Count, 1, Crew.SizeOf(parallel)), () =>
            {
                var (links, floor) = open();
                using var worker = new Worker(links, floor, target);
                try
                {
                    for (var group = Interlocked.Increment(ref next); group < groups.Count; group = Interlocked.Increment(ref next))
                    {
                        ct.ThrowIfCancellationRequested();
                        worker.Load(groups[group]);
                    }
                }
                catch
                {
                    Interlocked.Exchange(ref next, groups.Count);   // the others stop after what they are at
                    throw;
                }
            });
        }
    }

    sealed class Worker(IReadOnlyList<ShardReader> links, ITensorBytes? floor, ITensorMemory target) : IDisposable
    {
        readonly StoredWindow window = new(links);
        readonly ChunkDecoder decoder = new(links, floor) { Decoded = target };

        public void Load(ReadOnlySpan<int> chunks)
        {
            window.Fill(chunks);
            decoder.Window = window;
            foreach (var chunk in chunks)
            {
                var place = decoder.Top.Place(chunk);
                decoder.Decode(decoder.TopLink, chunk, target.Writable(place.Tensor, place.ByteOffset, place.Length));
            }
        }

        public void Dispose()
        {
            decoder.Dispose();
            window.Dispose();
        }
    }
}
