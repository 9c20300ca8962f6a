using System.Buffers;
using System.IO.Hashing;
using System.Security.Cryptography;
using Lineage.Agents.Codec;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <param name="Root">Root of the digest tree (docs/FORMAT.md, section 4).</param>
/// <param name="RawBytes">Size of the captured tensors.</param>
/// <param name="EncodedBytes">Size of the encoded chunks, without header, padding, index and footer.</param>
/// <param name="StoredBytes">Size of the whole object.</param>
public sealed record ShardWritten(ContentHash Root, long RawBytes, long EncodedBytes, long StoredBytes, ChunkModeCounts Modes);

/// <summary>Writes one shard object, front to back, holding one chunk at a time.</summary>
public static class ShardWriter
{
    /// <param name="destination">Only written to, in order; making it durable is the caller's business.</param>
    /// <param name="baseState">The base shard's bytes; given exactly when the identity names a base.</param>
    /// <param name="chunkElements">Elements per chunk; a capture that hashes must cut alike.</param>
    /// <exception cref="CaptureDamagedException">A chunk is no longer what was captured; what was written so far is useless.</exception>
    /// <exception cref="ShardLayoutException">State and base are cut differently, or the layout passes a limit; nothing was
    /// written.</exception>
    public static ShardWritten Write(
        Stream destination, ShardIdentity identity, ITensorBytes state, ITensorBytes? baseState, CodecPreset preset, CancellationToken ct,
        int chunkElements = ShardLimits.ChunkElementsDefault)
    {
        CheckLayout(identity, state, baseState);
        var header = new ShardHeader(identity, ChunkCodec.Name, chunkElements).Write();
        var table = TensorTable.Write(state.Tensors);
        if (table.Length > ShardLimits.TensorTableBytesMax)
            throw new ShardLayoutException(
                $"The tensor table takes {table.Length:N0} bytes, at most {ShardLimits.TensorTableBytesMax:N0} fit. Nothing was written.");
        var chunks = state.Tensors.Aggregate(0L, (sum, tensor) => sum + ChunkPlan.Count(tensor, chunkElements));
        if (table.Length + (chunks * ChunkEntry.Size) > ShardLimits.IndexBytesMax - ShardLimits.Alignment)
            throw new ShardLayoutException(
                $"The index takes more than {ShardLimits.IndexBytesMax:N0} bytes for {chunks:N0} chunks. Nothing was written; use larger " +
                $"chunks.");

        destination.Write(header);
        using var body = new ShardBody(destination, header.Length, state, baseState, preset);
        foreach (var place in ChunkPlan.Of(state.Tensors, chunkElements))
        {
            ct.ThrowIfCancellationRequested();
            body.Add(place);
        }

        var index = ShardIndex.Write(table, body.Entries);
        var indexDigest = ContentHash.Of(index);
        var root = ShardFooter.RootOf(header, body.Position, index.Length, indexDigest);
        var stored = body.Position + index.Length + ShardFooter.Size;
        destination.Write(index);
        destination.Write(new ShardFooter(body.Position, index.Length, indexDigest, root, stored).Write());
        return new ShardWritten(root, body.RawBytes, body.EncodedBytes, stored, body.Modes);
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

/// <summary>The chunks of a shard on their way out, and what the index will say of them.</summary>
sealed class ShardBody(Stream destination, long position, ITensorBytes state, ITensorBytes? baseState, CodecPreset preset) : IDisposable
{
    readonly ChunkCodec codec = new();
    readonly ArrayBufferWriter<byte> entries = new();
    readonly long[] modes = new long[Enum.GetValues<ChunkMode>().Length];
    byte[] raw = [], baseRaw = [];

    public ReadOnlySpan<byte> Entries => entries.WrittenSpan;

    /// <summary>Where the next byte goes in the object.</summary>
    public long Position { get; private set; } = position;

    public long RawBytes { get; private set; }

    public long EncodedBytes { get; private set; }

    public ChunkModeCounts Modes => new(
        modes[(int)ChunkMode.Raw], modes[(int)ChunkMode.Same], modes[(int)ChunkMode.Constant], modes[(int)ChunkMode.Planes],
        modes[(int)ChunkMode.DeltaPlanes]);

    public void Add(ChunkPlace place)
    {
        var tensor = state.Tensors[place.Tensor];
        if (raw.Length < place.Length) (raw, baseRaw) = (new byte[place.Length], baseState is null ? [] : new byte[place.Length]);
        var bytes = raw.AsSpan(0, place.Length);
        state.Read(place.Tensor, place.ByteOffset, bytes);
        var hash = XxHash3.HashToUInt64(bytes);
        if (state.HashAtCapture(place.Tensor, place.Ordinal) is { } captured && captured != hash)
            throw new CaptureDamagedException(
                $"Chunk {place.Ordinal:N0} of tensor \"{tensor.Name}\" was captured with hash {captured:x16} and now has {hash:x16}: " +
                $"memory was damaged or overwritten. " +
                "This save is given up; earlier checkpoints are untouched. If it happens again, test this machine's memory.");
        var baseBytes = baseState is null ? default : baseRaw.AsSpan(0, place.Length);
        baseState?.Read(place.Tensor, place.ByteOffset, baseBytes);

        var mode = codec.Encode(preset, ElementKind.Of(tensor.Dtype), bytes, baseBytes, out var stored);
        var entry = new ChunkEntry(
            place.Tensor, place.Ordinal, mode, ChunkCodec.Name.Version, place.Length, stored.Length, Position, hash,
            ContentHash.FromDigest(SHA256.HashData(stored)));
        entry.Write(entries.GetSpan(ChunkEntry.Size));
        entries.Advance(ChunkEntry.Size);
        destination.Write(stored);
        var next = ShardLimits.Align(Position + stored.Length);
        Span<byte> zeros = stackalloc byte[ShardLimits.Alignment];
        zeros.Clear();
        destination.Write(zeros[..(int)(next - Position - stored.Length)]);
        Position = next;
        RawBytes += place.Length;
        EncodedBytes += stored.Length;
        modes[(int)mode]++;
    }

    public void Dispose() => codec.Dispose();
}
