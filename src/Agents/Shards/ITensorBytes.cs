using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>Raw bytes of a rank's tensors, wherever they are: a capture, a decoded shard, a shard on disk. Not thread safe unless it says
/// so.</summary>
public interface ITensorBytes
{
    /// <summary>In the order of the layout; it does not change during the life of the object.</summary>
    IReadOnlyList<TensorSpec> Tensors { get; }

    /// <summary>Copies raw little-endian bytes of one tensor out.</summary>
    /// <param name="tensor">Index into <see cref="Tensors"/>.</param>
    /// <param name="byteOffset">First byte within this rank's rectangle of the tensor.</param>
    /// <param name="destination">Receives exactly as many bytes as it is long.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range lies outside the tensor.</exception>
    void Read(int tensor, long byteOffset, Span<byte> destination);

    /// <summary>The same bytes without a copy, where they lie in memory; false where they do not. Valid as long as this object
    /// is.</summary>
    bool TrySpan(int tensor, long byteOffset, int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    /// <summary>
    /// XxHash3-64 that was taken of a raw chunk when it was captured; null if none was. A writer compares what it encodes against it, so
    /// that memory damaged between capture and encode is never stored as good.
    /// </summary>
    /// <param name="ordinal">Number of the chunk inside the tensor, as <see cref="ChunkPlan"/> cuts it.</param>
    ulong? HashAtCapture(int tensor, long ordinal) => null;

    /// <summary>Root of the shard these bytes come from; null for a live capture. A base with another root than the one expected is
    /// refused.</summary>
    ContentHash? ShardRoot => null;
}
