using Lineage.Contracts.Format;

namespace Lineage.Agents.Capture;

/// <summary>
/// The state of one rank as an ordered list of tensors, readable (capture) and writable (restore). The trainer implements it, the saving
/// and restoring library uses it; neither knows more of the other. The trainer is between two steps while it is used.
/// </summary>
public interface IRankState
{
    /// <summary>
    /// Every tensor of this rank, in an order that never changes during a run and is the same on every rank. A rectangle may be empty.
    /// </summary>
    IReadOnlyList<TensorSpec> Layout { get; }

    /// <summary>Several threads may call <see cref="Read"/>, or <see cref="Write"/> on different ranges, at once. Then a capture copies
    /// with all processors, because one cannot use all of the memory's speed.</summary>
    bool IsParallel => false;

    /// <summary>Copies raw little-endian bytes of one tensor out.</summary>
    /// <param name="tensor">Index into <see cref="Layout"/>.</param>
    /// <param name="byteOffset">First byte within this rank's rectangle of the tensor.</param>
    /// <param name="destination">Receives exactly as many bytes as it is long.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range lies outside the tensor.</exception>
    void Read(int tensor, long byteOffset, Span<byte> destination);

    /// <summary>The memory of one tensor to write into, where that is how it lies there; false where it is not. What is written counts as
    /// with <see cref="Write"/>.</summary>
    bool TryWritable(int tensor, long byteOffset, int length, out Span<byte> bytes)
    {
        bytes = default;
        return false;
    }

    /// <summary>
    /// Overwrites raw little-endian bytes of one tensor. What is written takes effect together, when the trainer goes on after the last
    /// write; a crash before that leaves nothing behind, because the state lives in this process only.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The range lies outside the tensor.</exception>
    void Write(int tensor, long byteOffset, ReadOnlySpan<byte> source);
}
