using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>Reads one shard object by ranges. Opening checks header, footer and index with their digests; chunks are read and checked one by one.</summary>
public sealed class ShardReader : IDisposable
{
    /// <exception cref="ShardFormatException">It is no whole, unaltered shard object; the message names file, offset and reason.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static ShardReader Open(string path) => throw new InvalidOperationException("Not there yet.");

    /// <param name="source">Seekable; disposed with the reader.</param>
    /// <param name="name">What messages call it.</param>
    public static ShardReader Open(Stream source, string name) => throw new InvalidOperationException("Not there yet.");

    public ShardIdentity Identity { get; } = null!;

    public IReadOnlyList<TensorSpec> Tensors { get; } = [];

    public ContentHash Root { get; }

    public int ChunkCount { get; }

    /// <summary>Raw bytes of the tensors.</summary>
    public long RawBytes { get; }

    /// <summary>Size of the whole object.</summary>
    public long StoredBytes { get; }

    /// <summary>Bytes read from the object so far.</summary>
    public long ReadBytes { get; }

    /// <summary>Where a chunk lies in the raw tensors.</summary>
    public ChunkPlace Place(int chunk) => throw new InvalidOperationException($"Not there yet: {GetHashCode()}");

    /// <summary>Reads, checks and decodes one chunk: stored digest, decoded length, raw hash taken at capture.</summary>
    /// <param name="baseState">Needed for chunks that refer to the base; null for a full shard.</param>
    /// <param name="destination">Exactly as long as the chunk's raw bytes.</param>
    /// <exception cref="ShardFormatException">The chunk or its base is not what was captured; the destination is not to be used.</exception>
    public void DecodeChunk(int chunk, ITensorBytes? baseState, Span<byte> destination) => throw new InvalidOperationException($"Not there yet: {GetHashCode()}");

    /// <summary>The shard as a source of raw bytes, decoded through its base on demand, one chunk in memory. Does not own the reader.</summary>
    public ITensorBytes View(ITensorBytes? baseState) => throw new InvalidOperationException($"Not there yet: {GetHashCode()}");

    public void Dispose() { }
}

/// <summary>What is expected of a stored shard.</summary>
/// <param name="Root">As recorded when it was stored; null if not on record.</param>
/// <param name="StoredBytes">Likewise.</param>
public sealed record ShardExpectation(ShardId Shard, ContentHash? Root = null, long? StoredBytes = null);

/// <param name="Detail">Where and what: tensor, chunk, offset, expected and got. Null when intact.</param>
/// <param name="Root">Root that was computed from the bytes; null when it could not be.</param>
public sealed record ShardFinding(Finding Finding, string? Detail, ContentHash? Root, long ReadBytes);

/// <summary>Reads a stored shard back. Damage is a value, never an exception.</summary>
public static class ShardVerifier
{
    /// <param name="baseState">The base's bytes, needed to verify an incremental shard deeply; without it a shard that needs one is <see cref="Finding.Unknown"/>.</param>
    public static ShardFinding Verify(string path, ShardExpectation expected, VerificationDepth depth, ITensorBytes? baseState, CancellationToken ct) =>
        throw new InvalidOperationException("Not there yet.");
}

/// <summary>A whole shard decoded into memory through its chain. Usable as a base. Reads are thread safe.</summary>
public sealed class DecodedShard : ITensorBytes, IDisposable
{
    /// <param name="chain">The full shard first, then every delta in the order of application. Not owned.</param>
    /// <exception cref="ShardFormatException">A chunk is damaged, or the links do not fit together.</exception>
    public static DecodedShard Load(IReadOnlyList<ShardReader> chain, CancellationToken ct) => throw new InvalidOperationException("Not there yet.");

    public IReadOnlyList<TensorSpec> Tensors { get; } = [];

    public ContentHash? ShardRoot { get; }

    public void Read(int tensor, long byteOffset, Span<byte> destination) => throw new InvalidOperationException($"Not there yet: {GetHashCode()}");

    public void Dispose() { }
}
