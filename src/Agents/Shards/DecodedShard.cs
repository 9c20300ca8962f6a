using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>A whole shard decoded into memory through its chain, outside the managed heap. Usable as a base. Reads are thread
/// safe.</summary>
public sealed class DecodedShard : ITensorBytes, IDisposable
{
    readonly NativeBytes[] tensors;

    DecodedShard(IReadOnlyList<TensorSpec> specs, ContentHash? root)
    {
        Tensors = specs;
        ShardRoot = root;
        tensors = [.. specs.Select(static spec => new NativeBytes(spec.Bytes))];
    }

    public IReadOnlyList<TensorSpec> Tensors { get; }

    public ContentHash? ShardRoot { get; }

    /// <summary>Needs, beside the state itself, a group of stored chunks per link and worker.</summary>
    /// <param name="chain">Read, not owned.</param>
    /// <param name="bytesMax">A shard that decodes to more is refused before anything is allocated; null for the memory that this process
    /// may use.</param>
    /// <param name="parallel">Threads; 0 for one per processor.</param>
    /// <exception cref="ShardFormatException">A chunk of a link is damaged, or the state is larger than allowed.</exception>
    public static DecodedShard Load(ShardChain chain, CancellationToken ct, long? bytesMax = null, int parallel = 0)
    {
        var limit = bytesMax ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (chain.Top.RawBytes > limit)
            throw new ShardFormatException(
                chain.Top.Name, 0, $"it decodes to {chain.Top.RawBytes:N0} bytes, at most {limit:N0} are allowed.");
        var shard = new DecodedShard(chain.Top.Tensors, chain.Top.Root);
        try
        {
            // Chunks that others are derived from come first, so that those find them in memory.
            var chunks = Enumerable.Range(0, chain.Top.ChunkCount).ToLookup(chunk => chain.Top.Entry(chunk).Mode.NeedsSource());
            shard.Load(chain, [.. chunks[false]], parallel, ct);
            shard.Load(chain, [.. chunks[true]], parallel, ct);
            return shard;
        }
        catch
        {
            shard.Dispose();
            throw;
        }
    }

    void Load(ShardChain chain, int[] chunks, int parallel, CancellationToken ct)
    {
        var groups = GroupPlan.Of(chunks, chain.Top).ToList();
        var next = -1;
        Crew.Run(Math.Min(Crew.SizeOf(parallel), Math.Max(1, groups.Count)), () =>
        {
            var (links, floor) = chain.Fused(chain.Links.Count);
            using var window = new StoredWindow(links);
            using var decoder = new ChunkDecoder(links, floor) { Window = window, Decoded = this };
            try
            {
                for (var group = Interlocked.Increment(ref next); group < groups.Count; group = Interlocked.Increment(ref next))
                {
                    ct.ThrowIfCancellationRequested();
                    window.Fill(groups[group]);
                    foreach (var chunk in groups[group])
                    {
                        var place = chain.Top.Place(chunk);
                        decoder.Decode(decoder.TopLink, chunk, tensors[place.Tensor].Slice(place.ByteOffset, place.Length));
                    }
                }
            }
            catch
            {
                Interlocked.Exchange(ref next, groups.Count);   // the others stop after what they are at
                throw;
            }
        });
    }

    public void Read(int tensor, long byteOffset, Span<byte> destination)
    {
        var held = false;
        try
        {
            tensors[tensor].DangerousAddRef(ref held);
            Span(tensor, byteOffset, destination.Length).CopyTo(destination);
        }
        finally
        {
            if (held) tensors[tensor].DangerousRelease();
        }
    }

    public bool TrySpan(int tensor, long byteOffset, int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = Span(tensor, byteOffset, length);
        return true;
    }

    Span<byte> Span(int tensor, long byteOffset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteOffset, tensors[tensor].Length - length);
        return tensors[tensor].Slice(byteOffset, length);
    }

    public void Dispose()
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }
}
