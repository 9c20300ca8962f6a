using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>Decodes whole shards: several threads, a group of chunks at a time, each chunk rebuilt through all its links where it ends
/// up.</summary>
/// <remarks>Each worker holds a group of stored chunks per link and the codec's buffers: <see cref="WorkerBytesMax"/> for each link,
/// whatever the state's size. They are kept for the next load, up to 384 MiB in all. Beside them two thousand bytes a chunk.</remarks>
public static class ShardLoader
{
    /// <summary>What a worker's buffers hold at most for one link with chunks of the default size.</summary>
    public const long WorkerBytesMax = 32 << 20;

    /// <param name="chain">Read, not owned.</param>
    /// <param name="target">Of the layout of the chain's top; undefined after an exception.</param>
    /// <param name="parallel">Threads; 0 for one per processor. Each holds a group of stored chunks per link.</param>
    /// <param name="isChecked">The stored digests were just checked (<see cref="CheckStored"/>); what decodes is still compared with the
    /// hashes taken at capture.</param>
    /// <exception cref="ShardFormatException">A chunk of a link is damaged.</exception>
    public static void Load(ShardChain chain, ITensorMemory target, CancellationToken ct, int parallel = 0, bool isChecked = false) =>
        Load(chain.Top, () => new Worker(chain.Fused(chain.Links.Count), target, isChecked), parallel, ct);

    /// <summary>The same of one shard whose base is at hand.</summary>
    /// <param name="baseState">Null for a full shard. Read by all threads at once.</param>
    public static void Load(ShardReader shard, ITensorBytes? baseState, ITensorMemory target, CancellationToken ct, int parallel = 0) =>
        Load(shard, () => new Worker(([shard], baseState), target, isChecked: false), parallel, ct);

    /// <summary>Reads whatever decoding the top link takes and checks the stored digests, decoding nothing.</summary>
    /// <param name="chain">All links cut into chunks of one size (<see cref="ShardChain.IsFused"/>).</param>
    /// <exception cref="ShardFormatException">A chunk was altered or cut off.</exception>
    public static void CheckStored(ShardChain chain, CancellationToken ct, int parallel = 0) =>
        Crew.Share(
            GroupPlan.Of([.. Enumerable.Range(0, chain.Top.ChunkCount)], chain.Top).ToList(), Crew.SizeOf(parallel),
            () => new StoredWindow(chain.Links), static (window, chunks) => window.Fill(chunks), ct);

    static void Load(ShardReader top, Func<Worker> open, int parallel, CancellationToken ct)
    {
        // Chunks that others are derived from come first, so that those find them in memory.
        var chunks = Enumerable.Range(0, top.ChunkCount).ToLookup(chunk => top.Entry(chunk).Mode.NeedsSource());
        Crew.Share(
            GroupPlan.Of([.. chunks[false]], top).ToList(), Crew.SizeOf(parallel), open, static (worker, group) => worker.Load(group), ct);
        Crew.Share(
            GroupPlan.Of([.. chunks[true]], top).ToList(), Crew.SizeOf(parallel), open, static (worker, group) => worker.Load(group), ct);
    }

    sealed class Worker : IDisposable
    {
        readonly StoredWindow window;
        readonly ChunkDecoder decoder;
        readonly ITensorMemory target;

        public Worker((IReadOnlyList<ShardReader> Links, ITensorBytes? Floor) fused, ITensorMemory target, bool isChecked)
        {
            window = new StoredWindow(fused.Links, isChecked);
            decoder = new ChunkDecoder(fused.Links, fused.Floor) { Decoded = target, Window = window };
            this.target = target;
        }

        public void Load(ReadOnlySpan<int> chunks)
        {
            window.Fill(chunks);
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
