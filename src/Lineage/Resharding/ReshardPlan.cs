using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Resharding;

/// <summary>A tensor as rows: how many, and how large one is.</summary>
readonly record struct TensorRows(long Rows, long RowBits, bool Everywhere)
{
    public long Bytes => BytesOf(Rows);

    public static TensorRows Of(LayoutTensor tensor)
    {
        var bits = tensor.GlobalShape.Skip(1).Aggregate((long)tensor.Dtype.Bits(), static (product, size) => checked(product * size));
        return tensor.GlobalShape.Count == 0 ? new TensorRows(1, bits, Everywhere: true)
            : new TensorRows(tensor.GlobalShape[0], bits, Everywhere: false);
    }

    public long BytesOf(long rows) => (long)(((Int128)rows * RowBits + 7) / 8);
}

/// <summary>
/// Which rows of which source rank each rank of another world reads. A pure function of the layout: rows are owned by
/// <see cref="RowSplit"/> before and after, so a target rank's rows lie with consecutive source ranks. What is lost on the other world
/// (<see cref="ComponentVerdicts"/>) is in no piece.
/// </summary>
/// <remarks>Law S19: the pieces of all target ranks read every element of every tensor exactly once, from its owner; a tensor without
/// dimensions, which every rank holds, is read once by each target rank.</remarks>
public sealed class ReshardPlan
{
    readonly TensorRows[] tensors;
    readonly bool[] lost;
    readonly int from, to;

    ReshardPlan(TensorLayout layout, WorldSize target)
    {
        (from, to) = (layout.WorldSize.Value, target.Value);
        Components = ComponentVerdicts.Of(layout, target);
        tensors = [.. layout.Tensors.Select(TensorRows.Of)];
        var gone = Components.Where(static c => c.Verdict == ComponentVerdict.Lost).Select(static c => c.Component).ToHashSet();
        lost = [.. layout.Tensors.Select(t => t.GlobalShape.Count > 0 && gone.Contains(ComponentVerdicts.Component(t.Role)))];
        Why = ComponentVerdicts.Why(Components, layout.WorldSize, target);
        Count();
    }

    public IReadOnlyList<ComponentUse> Components { get; }

    public bool IsUsable => ComponentVerdicts.IsUsable(Components);

    public string Why { get; }

    /// <summary>Of all target ranks together.</summary>
    public long Pieces { get; private set; }

    /// <summary>Decoded bytes that all target ranks together read.</summary>
    public long Bytes { get; private set; }

    /// <summary>Of the target rank that reads most.</summary>
    public long RankBytesMax { get; private set; }

    public static ReshardPlan Of(TensorLayout layout, WorldSize target) => new(layout, target);

    /// <summary>What one target rank reads, in the order of the layout, then of the rows.</summary>
    public IEnumerable<ReshardPiece> Of(Rank target)
    {
        for (var t = 0; t < tensors.Length; t++)
        {
            if (lost[t]) continue;
            var tensor = tensors[t];
            if (tensor.Everywhere)
            {
                yield return new ReshardPiece(t, target.Value % from, 0, 1, 0, 0, tensor.Bytes);
                continue;
            }

            var (first, end) = (RowSplit.First(tensor.Rows, target.Value, to), RowSplit.First(tensor.Rows, target.Value + 1, to));
            for (var row = first; row < end;)
            {
                var owner = RowSplit.Owner(tensor.Rows, row, from);
                var until = Math.Min(end, RowSplit.First(tensor.Rows, owner + 1, from));
                yield return new ReshardPiece(
                    t, owner, row, until - row, tensor.BytesOf(row - RowSplit.First(tensor.Rows, owner, from)), tensor.BytesOf(row - first),
                    tensor.BytesOf(until - row));
                row = until;
            }
        }
    }

    /// <summary>
    /// The figures of the whole plan without its pieces. Tensors of one length are cut at the same rows, so each length is walked once,
    /// however many tensors have it.
    /// </summary>
    void Count()
    {
        var perRank = new long[to];
        foreach (var alike in tensors.Where((_, t) => !lost[t]).GroupBy(static t => t))
        {
            var (tensor, number) = (alike.Key, alike.Count());
            for (var rank = 0; rank < to; rank++)
            {
                if (tensor.Everywhere)
                {
                    (Pieces, perRank[rank]) = (Pieces + number, perRank[rank] + (number * tensor.Bytes));
                    continue;
                }

                var (first, end) = (RowSplit.First(tensor.Rows, rank, to), RowSplit.First(tensor.Rows, rank + 1, to));
                if (first == end) continue;
                var owners = RowSplit.Owner(tensor.Rows, end - 1, from) - RowSplit.Owner(tensor.Rows, first, from) + 1;
                if (tensor.Rows < from) owners = (int)(end - first);   // some ranks between own nothing
                (Pieces, perRank[rank]) = (Pieces + ((long)number * owners), perRank[rank] + (number * tensor.BytesOf(end - first)));
            }
        }

        (Bytes, RankBytesMax) = (perRank.Sum(), perRank.Max());
    }
}
