using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>A whole shard decoded into memory through its chain, outside the managed heap. Usable as a base. Reads are thread
/// safe.</summary>
public sealed class DecodedShard : ITensorMemory, IDisposable
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
            ShardLoader.Load(chain, shard, ct, parallel);
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
        var held = false;
        try
        {
            tensors[tensor].DangerousAddRef(ref held);
            Writable(tensor, byteOffset, destination.Length).CopyTo(destination);
        }
        finally
        {
            if (held) tensors[tensor].DangerousRelease();
        }
    }

    public bool TrySpan(int tensor, long byteOffset, int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = Writable(tensor, byteOffset, length);
        return true;
    }

    public Span<byte> Writable(int tensor, long byteOffset, int length)
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
