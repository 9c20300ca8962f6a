using Lineage.Agents.Restoring;
using Lineage.Agents.Safetensors;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Comparing;

/// <summary>One rank's piece of a tensor.</summary>
sealed record HeldPiece(PlannedChain Chain, int Index)
{
    public TensorSpec Spec => Chain.Shards.Top.Tensors[Index];

    public TensorPiece Piece => new(Chain.Shards.Bytes, Index, Spec.Offsets, Spec.Sizes);
}

/// <summary>A name with the pieces of it on both sides, and what was found so far. <see cref="Add"/> is thread safe.</summary>
sealed class ComparedTensor(string name, IReadOnlyList<HeldPiece> from, IReadOnlyList<HeldPiece> to)
{
    readonly Lock gate = new();
    ElementTally tally;
    long elements;

    public IReadOnlyList<HeldPiece> From => from;

    public IReadOnlyList<HeldPiece> To => to;

    /// <summary>In both, of one type and global shape.</summary>
    public bool IsComparable => from is [{ Spec: var one }, ..] && to is [{ Spec: var other }, ..] && one.Dtype == other.Dtype
        && one.GlobalShape.SequenceEqual(other.GlobalShape);

    /// <summary>Cut alike, rank by rank.</summary>
    public bool IsCutAlike => from.Count == to.Count && from.Zip(to).All(static pair =>
        pair.First.Chain.Rank == pair.Second.Chain.Rank && pair.First.Spec.Offsets.SequenceEqual(pair.Second.Spec.Offsets)
        && pair.First.Spec.Sizes.SequenceEqual(pair.Second.Spec.Sizes));

    /// <summary>Both pieces of the rank that a later chain is of, where they are cut alike; null if it holds nothing of it.</summary>
    public (HeldPiece From, HeldPiece To)? PairOf(PlannedChain later)
    {
        for (var i = 0; i < to.Count; i++)
            if (ReferenceEquals(to[i].Chain, later)) return (from[i], to[i]);
        return null;
    }

    public void Add(ElementTally found, long bytes)
    {
        var bits = to[0].Spec.Dtype.Bits();
        lock (gate)
        {
            tally = tally.Plus(found);
            elements += bits >= 8 ? bytes * 8 / bits : bytes;
        }
    }

    public TensorDifference Finish()
    {
        var held = to is [] ? from : to;
        var change = (from, to) switch
        {
            ([], _) => TensorChange.Added,
            (_, []) => TensorChange.Removed,
            _ when !IsComparable => TensorChange.Reshaped,
            _ => tally.Changed == 0 ? TensorChange.Unchanged : TensorChange.Changed,
        };
        return new TensorDifference(
            name, change, held[0].Spec.Dtype, held[0].Spec.Role, held[0].Spec.GlobalShape, held.Count, elements, tally,
            to.Sum(static piece => piece.Spec.Bytes), to.Sum(StoredBytes));
    }

    static long StoredBytes(HeldPiece piece)
    {
        var reader = piece.Chain.Shards.Top;
        var bytes = 0L;
        for (var chunk = FirstChunk(reader, piece.Index); chunk < reader.ChunkCount && reader.Entry(chunk).Tensor == piece.Index; chunk++)
            bytes += reader.Entry(chunk).StoredBytes;
        return bytes;
    }

    /// <summary>Chunks lie in the order of the table.</summary>
    static int FirstChunk(ShardReader reader, int tensor)
    {
        var (low, high) = (0, reader.ChunkCount);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (reader.Entry(middle).Tensor < tensor) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
