namespace Lineage.Agents.Shards;

/// <summary>Raw bytes of a rank's tensors that can be written in place.</summary>
public interface ITensorMemory : ITensorBytes
{
    /// <summary>A window on one tensor. Several threads may write into windows that do not overlap.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside the tensor.</exception>
    Span<byte> Writable(int tensor, long byteOffset, int length);
}
