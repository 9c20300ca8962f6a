namespace Lineage.ChaosHarness.Mutants;

/// <summary>What became of one mutant.</summary>
/// <param name="First">The invariant that broke first, whichever it was; null if none did.</param>
/// <param name="IsByIntended">Whether the invariant that has to find it did.</param>
/// <param name="Histories">Run until then.</param>
/// <param name="Seed">Of the history that it was found in.</param>
/// <param name="Operations">Of the shrunk history.</param>
/// <param name="Schedule">The shrunk history, as canonical JSON.</param>
/// <param name="What">Expected beside observed, of the shrunk history.</param>
public sealed record MutantOutcome(
    string Name, string Invariant, bool IsOfModel, string Why, string? First, bool IsByIntended, int Histories, long? Seed, int? Operations,
    int? Faults, string? Schedule, string? What)
{
    public bool IsKilled => First is not null;

    /// <summary>Every invariant that broke in one of the histories, in order.</summary>
    public IReadOnlyList<string> Broke { get; init; } = [];
}

/// <param name="Canary">failed, as it must; passed means that nothing here can be believed.</param>
public sealed record MutantReport(
    int Mutants, int Killed, int ByIntended, double MedianOps, double MedianFaults, string Canary, double Seconds,
    IReadOnlyList<MutantOutcome> Matrix)
{
    public bool Holds =>
        Killed == Mutants && ByIntended == Mutants && string.Equals(Canary, Mutating.CanaryFailed, StringComparison.Ordinal);

    public static MutantReport Of(IReadOnlyList<MutantOutcome> matrix, bool canaryFailed, double seconds) => new(
        matrix.Count, matrix.Count(static one => one.IsKilled), matrix.Count(static one => one.IsByIntended),
        Median(matrix.Select(static one => one.Operations)), Median(matrix.Select(static one => one.Faults)),
        canaryFailed ? Mutating.CanaryFailed : "passed", Math.Round(seconds, 1), matrix);

    static double Median(IEnumerable<int?> numbers)
    {
        var sorted = numbers.OfType<int>().Order().ToList();
        return sorted.Count == 0 ? double.NaN : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2.0;
    }
}
