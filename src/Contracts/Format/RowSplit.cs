using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>
/// Which rank owns which rows: rank r of N owns rows [rR/N, (r+1)R/N) of every tensor's first dimension; a tensor without dimensions is
/// on every rank (ZeRO stage 1, arXiv:1910.02054). The ranges tile the rows in rank order; with fewer rows than ranks some are empty.
/// </summary>
public static class RowSplit
{
    /// <summary>First row of a rank; of the rank behind the last one, the number of rows.</summary>
    public static long First(long rows, int rank, int world) => (long)((Int128)rows * rank / world);

    /// <summary>The rank that owns a row.</summary>
    public static int Owner(long rows, long row, int world) => (int)((((Int128)row + 1) * world - 1) / rows);

    /// <summary>Null if a rank's tensors are its rows by this rule; otherwise which one is not.</summary>
    public static string? Objection(IEnumerable<TensorSpec> tensors, Rank rank, WorldSize world)
    {
        foreach (var t in tensors)
        {
            if (t.GlobalShape.Count == 0) continue;
            var first = First(t.GlobalShape[0], rank.Value, world.Value);
            var end = First(t.GlobalShape[0], rank.Value + 1, world.Value);
            if (t.Offsets[0] != first || t.Sizes[0] != end - first || t.Offsets.Skip(1).Any(static o => o != 0)
                || !t.Sizes.Skip(1).SequenceEqual(t.GlobalShape.Skip(1)))
                return $"\"{t.Name}\" is not split by rows: rank {rank} of {world} would own rows {first:N0}-{end:N0} of " +
                    $"{t.GlobalShape[0]:N0}";
        }

        return null;
    }
}
