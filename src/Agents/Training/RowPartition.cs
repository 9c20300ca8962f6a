namespace Lineage.Agents.Training;

/// <summary>Rows [<paramref name="First"/>, <paramref name="End"/>) of a parameter's first dimension; may be empty.</summary>
public sealed record RowRange(long First, long End)
{
    public long Count => End - First;
}

/// <summary>
/// Which rank owns which rows (ZeRO stage 1, arXiv:1910.02054): rank r of N owns rows [rR/N, (r+1)R/N) of every parameter. The ranges tile
/// the rows exactly, in rank order, and differ by at most one row; with fewer rows than ranks some are empty.
/// </summary>
public static class RowPartition
{
    /// <exception cref="ArgumentOutOfRangeException">The rank is outside the world, or a count is negative.</exception>
    public static RowRange Of(long rows, int rank, int worldSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(worldSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, worldSize);
        return new RowRange(Boundary(rows, rank, worldSize), Boundary(rows, rank + 1, worldSize));
    }

    // 128 bits, because rows times ranks may pass 2^63 although neither does.
    static long Boundary(long rows, int rank, int worldSize) => (long)((Int128)rows * rank / worldSize);
}
