using System.IO.Hashing;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Capture;

/// <summary>
/// One copy of a rank's state, taken while training stands still. Each chunk is hashed (XxHash3-64) right after it was copied, while it is
/// still in the processor's cache: nothing can touch the bytes in between, and the hash costs the stall far less than a second pass would.
/// </summary>
/// <remarks>Immutable after the capture; reads are thread safe until it is disposed. It lives in memory only: a crash leaves nothing of
/// it.</remarks>
public sealed class CapturedState : ITensorBytes, IDisposable
{
    /// <summary>Chunks that a thread copies before it looks for more.</summary>
    const int PieceChunks = 16;

    readonly BufferPool pool;
    readonly NativeBytes buffer;
    readonly long[] offsets;
    readonly ulong[][] hashes;
    int disposed;

    CapturedState(IReadOnlyList<TensorSpec> tensors, BufferPool pool)
    {
        Tensors = tensors;
        this.pool = pool;
        offsets = new long[tensors.Count];
        hashes = new ulong[tensors.Count][];
        var end = 0L;
        for (var i = 0; i < tensors.Count; i++)
        {
            offsets[i] = end;
            end = ShardLimits.Align(checked(end + tensors[i].Bytes));
            hashes[i] = new ulong[ChunkPlan.Count(tensors[i], ShardLimits.ChunkElementsDefault)];
        }

        RawBytes = tensors.Sum(static tensor => tensor.Bytes);
        buffer = pool.Rent(end);
    }

    public IReadOnlyList<TensorSpec> Tensors { get; }

    /// <summary>Sum of the tensors, in bytes.</summary>
    public long RawBytes { get; }

    /// <summary>How long training stood still for the copy, in microseconds.</summary>
    public long StallMicroseconds { get; private set; }

    /// <summary>Set once the state is stored, so that it can serve as a base; null before.</summary>
    public ContentHash? ShardRoot { get; private set; }

    /// <param name="state">Between two steps; not touched after this returns.</param>
    public static CapturedState Take(IRankState state, BufferPool pool, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        var captured = new CapturedState([.. state.Layout], pool);
        try
        {
            captured.CopyFrom(state);
        }
        catch
        {
            captured.Dispose();
            throw;
        }

        captured.StallMicroseconds = (long)clock.GetElapsedTime(started).TotalMicroseconds;
        return captured;
    }

    void CopyFrom(IRankState state)
    {
        var pieces = ChunkPlan.Of(Tensors).Chunk(PieceChunks).ToList();
        Crew.Share(pieces, state.IsParallel ? Crew.SizeOf(0) : 1, piece =>
        {
            foreach (var chunk in piece)
            {
                var target = buffer.Slice(offsets[chunk.Tensor] + chunk.ByteOffset, chunk.Length);
                state.Read(chunk.Tensor, chunk.ByteOffset, target);
                hashes[chunk.Tensor][chunk.Ordinal] = XxHash3.HashToUInt64(target);
            }
        }, CancellationToken.None);
    }

    public void Read(int tensor, long byteOffset, Span<byte> destination) =>
        Span(tensor, byteOffset, destination.Length).CopyTo(destination);

    public bool TrySpan(int tensor, long byteOffset, int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = Span(tensor, byteOffset, length);
        return true;
    }

    ReadOnlySpan<byte> Span(int tensor, long byteOffset, int length)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        var last = Tensors[tensor].Bytes - length;
        if (byteOffset < 0 || byteOffset > last)
        {
            throw new ArgumentOutOfRangeException(
                nameof(byteOffset), byteOffset, $"{length:N0} bytes of {Tensors[tensor].Name} begin at [0-{last}].");
        }

        return buffer.Slice(offsets[tensor] + byteOffset, length);
    }

    public ulong? HashAtCapture(int tensor, long ordinal) => hashes[tensor][ordinal];

    /// <summary>The bytes are durable as the shard with this root; from now on they can be a base.</summary>
    public void StoredAs(ContentHash root) => ShardRoot = root;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0) pool.Return(buffer);
    }
}
