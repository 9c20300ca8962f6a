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

    /// <param name="chain">Read, not owned.</param>
    /// <param name="bytesMax">A shard that decodes to more is refused before anything is allocated; null for the memory that this process
    /// may use.</param>
    /// <exception cref="ShardFormatException">A chunk of a link is damaged, or the state is larger than allowed.</exception>
    public static DecodedShard Load(ShardChain chain, CancellationToken ct, long? bytesMax = null)
    {
        var limit = bytesMax ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (chain.Top.RawBytes > limit)
            throw new ShardFormatException(
                chain.Top.Name, 0, $"it decodes to {chain.Top.RawBytes:N0} bytes, at most {limit:N0} are allowed.");
        var shard = new DecodedShard(chain.Top.Tensors, chain.Top.Root);
        try
        {
            for (var chunk = 0; chunk < chain.Top.ChunkCount; chunk++)
            {
                ct.ThrowIfCancellationRequested();
                var place = chain.Top.Place(chunk);
                chain.Top.DecodeChunk(chunk, chain.Below, shard.tensors[place.Tensor].Slice(place.ByteOffset, place.Length));
            }

            return shard;
        }
        catch
        {
            shard.Dispose();
            throw;
        }
    }

    public void Read(int tensor, long byteOffset, Span<byte> destination)
    {
        var source = tensors[tensor];
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteOffset, source.Length - destination.Length);
        var held = false;
        try
        {
            source.DangerousAddRef(ref held);
            source.Slice(byteOffset, destination.Length).CopyTo(destination);
        }
        finally
        {
            if (held) source.DangerousRelease();
        }
    }

    public void Dispose()
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }
}
