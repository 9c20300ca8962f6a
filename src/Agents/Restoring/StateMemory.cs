using Lineage.Agents.Capture;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Restoring;

/// <summary>The memory of a rank's live state as something to decode into.</summary>
sealed class StateMemory(IRankState state) : ITensorMemory
{
    public IReadOnlyList<TensorSpec> Tensors => state.Layout;

    public void Read(int tensor, long byteOffset, Span<byte> destination) => state.Read(tensor, byteOffset, destination);

    public bool TrySpan(int tensor, long byteOffset, int length, out ReadOnlySpan<byte> bytes)
    {
        var found = state.TryWritable(tensor, byteOffset, length, out var memory);
        bytes = memory;
        return found;
    }

    public Span<byte> Writable(int tensor, long byteOffset, int length) => state.TryWritable(tensor, byteOffset, length, out var bytes)
        ? bytes
        : throw new InvalidOperationException($"Tensor {tensor} of the state cannot be written in place.");
}
