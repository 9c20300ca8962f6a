using Lineage.Agents.Codec;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <param name="Root">Root of the digest tree (docs/FORMAT.md, section 4).</param>
/// <param name="RawBytes">Size of the captured tensors.</param>
/// <param name="EncodedBytes">Size of the encoded chunks, without header, padding, index and footer.</param>
/// <param name="StoredBytes">Size of the whole object.</param>
public sealed record ShardWritten(ContentHash Root, long RawBytes, long EncodedBytes, long StoredBytes, ChunkModeCounts Modes);

/// <summary>Writes one shard object, front to back.</summary>
/// <remarks>Each worker holds a group of chunks (<see cref="GroupPlan"/>) and the codec's buffers, whatever the state's size:
/// <see cref="WorkerBytesMax"/>. They are kept for the next save, up to 256 MiB in all. Beside them only the index grows with the state, a
/// few hundred bytes a chunk. The bytes do not depend on how many workers there are.</remarks>
public static class ShardWriter
{
    /// <summary>What a worker's buffers hold at most with chunks of the default size.</summary>
    public const long WorkerBytesMax = 32 << 20;

    /// <param name="destination">Only written to, in order, by one thread at a time; making it durable is the caller's business.</param>
    /// <param name="state">Read by all workers at once.</param>
    /// <param name="baseState">The base shard's bytes; given exactly when the identity names a base. Likewise.</param>
    /// <param name="chunkElements">Elements per chunk; a capture that hashes must cut alike.</param>
    /// <param name="parallel">Threads; 0 for one per processor.</param>
    /// <exception cref="CaptureDamagedException">A chunk is no longer what was captured; what was written so far is useless.</exception>
    /// <exception cref="ShardLayoutException">State and base are cut differently, or the layout passes a limit; nothing was
    /// written.</exception>
    public static ShardWritten Write(
        Stream destination, ShardIdentity identity, ITensorBytes state, ITensorBytes? baseState, CodecPreset preset, CancellationToken ct,
        int chunkElements = ShardLimits.ChunkElementsDefault, int parallel = 0)
    {
        CheckLayout(identity, state, baseState);
        var header = new ShardHeader(identity, ChunkCodec.Name, chunkElements).Write();
        var table = TensorTable.Write(state.Tensors);
        var chunks = CountChunks(state, table, chunkElements);

        destination.Write(header);
        var body = new ShardBody(destination, header.Length, chunks, new ChunkFeed(state, baseState, chunkElements), preset);
        body.Write(Crew.SizeOf(parallel), ct);

        var index = ShardIndex.Write(table, body.Entries);
        var indexDigest = ContentHash.Of(index);
        var root = ShardFooter.RootOf(header, body.Position, index.Length, indexDigest);
        var stored = body.Position + index.Length + ShardFooter.Size;
        destination.Write(index);
        destination.Write(new ShardFooter(body.Position, index.Length, indexDigest, root, stored).Write());
        return new ShardWritten(root, body.RawBytes, body.EncodedBytes, stored, body.Modes);
    }

    static int CountChunks(ITensorBytes state, byte[] table, int chunkElements)
    {
        if (table.Length > ShardLimits.TensorTableBytesMax)
            throw new ShardLayoutException(
                $"The tensor table takes {table.Length:N0} bytes, at most {ShardLimits.TensorTableBytesMax:N0} fit. Nothing was written.");
        var chunks = state.Tensors.Aggregate(0L, (sum, tensor) => sum + ChunkPlan.Count(tensor, chunkElements));
        return table.Length + (chunks * ChunkEntry.Size) <= ShardLimits.IndexBytesMax - ShardLimits.Alignment
            ? (int)chunks
            : throw new ShardLayoutException(
                $"The index takes more than {ShardLimits.IndexBytesMax:N0} bytes for {chunks:N0} chunks. Nothing was written; use larger " +
                $"chunks.");
    }

    static void CheckLayout(ShardIdentity identity, ITensorBytes state, ITensorBytes? baseState)
    {
        if (identity.Base is null != baseState is null)
            throw new ArgumentException(
                $"Shard {identity.Shard} " +
                $"{(identity.Base is null ? "names no base, but one was given" : "names a base, but none was given")}.", nameof(baseState));
        if (identity.Base is { } link && baseState?.ShardRoot is { } root && root != link.ShardRoot)
            throw new ShardLayoutException(
                $"Shard {identity.Shard} names base root {link.ShardRoot.Short}, the base given has {root.Short}. Nothing was written.");
        if (TensorTable.Objection(state.Tensors) is { } objection)
            throw new ShardLayoutException($"The tensors of shard {identity.Shard} cannot be stored: {objection} Nothing was written.");
        if (baseState is not null && !TensorTable.SameRectangles(state.Tensors, baseState.Tensors))
            throw new ShardLayoutException(
                $"The tensors of shard {identity.Shard} are cut differently from its base's. Nothing was written; a full checkpoint is " +
                $"due.");
    }
}
