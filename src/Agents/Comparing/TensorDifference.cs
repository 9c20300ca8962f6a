using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Comparing;

/// <summary>What became of a tensor between two checkpoints.</summary>
public enum TensorChange
{
    Unchanged,
    Changed,
    Added,
    Removed,

    /// <summary>Another type or global shape, so there is nothing to compare element by element.</summary>
    Reshaped,
}

/// <summary>
/// One tensor in two checkpoints. Figures are sums over what all ranks store of it, so one that every rank holds counts once per rank;
/// where the ranks of both cut it differently, elements are those of the whole tensor.
/// </summary>
/// <param name="Dtype">In the later one, as <paramref name="Role"/> and <paramref name="Shape"/>; of a removed tensor, in the
/// earlier.</param>
/// <param name="Ranks">Ranks that store some of it.</param>
/// <param name="Elements">Elements compared; bytes for a type of less than 8 bits; 0 if it was not compared.</param>
/// <param name="RawBytes">In the later checkpoint; 0 if it is not there.</param>
/// <param name="StoredBytes">What its chunks take in the later checkpoint's own shards, without the base that they refer to.</param>
public sealed record TensorDifference(
    string Name, TensorChange Change, TensorDtype Dtype, TensorRole Role, IReadOnlyList<long> Shape, int Ranks, long Elements,
    ElementTally Tally, long RawBytes, long StoredBytes)
{
    /// <summary>Changed of compared, 0 to 1; an added, removed or reshaped tensor changed wholly.</summary>
    public double Share => Change switch
    {
        TensorChange.Unchanged => 0,
        TensorChange.Changed => Elements == 0 ? 0 : (double)Tally.Changed / Elements,
        _ => 1,
    };
}

/// <param name="Tensors">Most changed first.</param>
/// <param name="ReadBytes">Stored bytes that were read along both chains.</param>
public sealed record CheckpointDifference(
    CheckpointId From, CheckpointId To, IReadOnlyList<TensorDifference> Tensors, long ReadBytes, TimeSpan Took);
