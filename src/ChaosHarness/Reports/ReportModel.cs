using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Reports;

/// <summary>Everything that a report shows; what is null was not measured and is not shown.</summary>
/// <param name="Title">For people: the scenario or profile.</param>
/// <param name="Level"><c>simulated</c> or <c>real</c>.</param>
/// <param name="Evidence">The history that is shown: the smallest failing one, or a typical one if all is well; null where the run had
/// none (power cuts, mutants, sweeps).</param>
/// <param name="Verdict">Of everything that ran, not only of the history that is shown.</param>
/// <param name="Replay">Commands that show the same again.</param>
public sealed record ReportModel(
    string Title, string Level, Evidence? Evidence, Verdict Verdict, IReadOnlyList<EnvironmentFact> Environment,
    IReadOnlyList<SkippedCapability> Skipped, IReadOnlyList<string> Replay)
{
    public string Profile { get; init; } = Evidence?.Schedule.Profile ?? "";

    public long Seed { get; init; } = Evidence?.Schedule.Seed ?? 0;

    /// <summary>Of the history that is shown, where <see cref="Verdict"/> is of many; its violations are marked in the story.</summary>
    public Verdict? ShownVerdict { get; init; }

    /// <summary>Why the run itself cannot be trusted (nondeterminism, a fault without effect); null if it can.</summary>
    public string? HarnessFault { get; init; }

    /// <summary>Invariants that the run had to put to the test and never did; null if it did not have to.</summary>
    public IReadOnlyList<string>? Untried { get; init; }

    public IReadOnlyList<MutantRow>? Mutants { get; init; }

    /// <summary>Of a run of several scenarios: each of them.</summary>
    public IReadOnlyList<ScenarioRow>? Scenarios { get; init; }

    public IReadOnlyList<CrashPointRow>? CrashPoints { get; init; }

    public ThroughputFigures? Throughput { get; init; }

    /// <summary>Of everything that ran. Null: taken from the history that is shown.</summary>
    public RunFigures? Figures { get; init; }

    /// <summary>What the process exits with: see <see cref="ChaosExit"/>.</summary>
    public int ExitCode =>
        ChaosExit.Of(Verdict, HarnessFault is not null, Skipped.Any(static one => one.Required)) is not ChaosExit.Valid and var code ? code
        : Untried is { Count: > 0 } ? ChaosExit.Vacuous
        : ChaosExit.Valid;
}

/// <param name="Name">For example <c>kernel</c>, <c>postgresql</c>, <c>processors</c>.</param>
public sealed record EnvironmentFact(string Name, string Value);

/// <param name="Required">The run was asked to have it, so that it fails without.</param>
public sealed record SkippedCapability(string Capability, string Reason, bool Required);

/// <param name="Verdict">In one word.</param>
/// <param name="Why">Null when all is well.</param>
public sealed record ScenarioRow(string Name, string Verdict, double Seconds, string? Why)
{
    /// <summary>Its own report, from the directory of this one; null if it has none.</summary>
    public string? Link { get; init; }
}

/// <param name="Intended">The invariant that should find it.</param>
/// <param name="KilledBy">Invariants that did; empty: it survived.</param>
/// <param name="Operations">Of the smallest history that shows it; null if it was not shrunk.</param>
public sealed record MutantRow(string Name, string Intended, IReadOnlyList<string> KilledBy, int? Operations, int? Faults)
{
    /// <summary>Run until the intended invariant broke, or altogether.</summary>
    public int? Histories { get; init; }

    /// <summary>What somebody who writes it believes.</summary>
    public string? Why { get; init; }

    /// <summary>Expected beside observed, of the smallest history.</summary>
    public string? What { get; init; }
}

/// <summary>One moment at which something was made to die or lose power, over all of it that were tried.</summary>
/// <param name="During">What was going on, for example <c>incremental save</c>.</param>
/// <param name="Mode">What happened then, for example <c>rank-kill</c>.</param>
/// <param name="Level"><c>simulated</c> or <c>real</c>.</param>
/// <param name="Struck">Of <paramref name="Tried"/>, how often it was seen to happen.</param>
/// <param name="Broken">How often a promise broke after it.</param>
public sealed record CrashPointRow(string During, string Step, string Mode, string Level, int Tried, int Struck, int Broken);

/// <param name="EventsMean">Null where nobody counted.</param>
/// <param name="Seeds">For people: the first one, or a range.</param>
/// <param name="RanTwice">Histories that another process ran as well, with the same trace; null if none had to.</param>
public sealed record ThroughputFigures(
    long Histories, double Seconds, double? EventsMean, int Cores, string Seeds, string? TraceHash, long? RanTwice = null)
{
    public double PerMinutePerCore => Seconds > 0 ? Histories * 60 / Seconds / Math.Max(1, Cores) : 0;
}
