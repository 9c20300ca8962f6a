using Lineage.Agents.Shards;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Restoring;

/// <summary>Some of the tensors of a source, in its order.</summary>
sealed class ChosenTensors : ITensorBytes
{
    readonly ITensorBytes source;
    readonly int[] indices;

    public ChosenTensors(ITensorBytes source, Func<TensorSpec, bool> chosen)
    {
        this.source = source;
        indices = [.. Enumerable.Range(0, source.Tensors.Count).Where(i => chosen(source.Tensors[i]))];
        Tensors = [.. indices.Select(i => source.Tensors[i])];
    }

    public IReadOnlyList<TensorSpec> Tensors { get; }

    public void Read(int tensor, long byteOffset, Span<byte> destination) => source.Read(indices[tensor], byteOffset, destination);
}
