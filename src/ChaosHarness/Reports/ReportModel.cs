using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Reports;

/// <summary>Everything that a report shows; what is null was not measured and is not shown.</summary>
/// <param name="Title">For people: the scenario or profile.</param>
/// <param name="Level"><c>simulated</c> or <c>real</c>.</param>
/// <param name="Evidence">The history that is shown: the smallest failing one, or a typical one if all is well.</param>
/// <param name="Verdict">Of everything that ran, not only of the history that is shown.</param>
/// <param name="Replay">Commands that show the same again.</param>
public sealed record ReportModel(
    string Title, string Level, Evidence Evidence, Verdict Verdict, IReadOnlyList<EnvironmentFact> Environment,
    IReadOnlyList<SkippedCapability> Skipped, IReadOnlyList<string> Replay)
{
    /// <summary>Why the run itself cannot be trusted (nondeterminism, a fault without effect); null if it can.</summary>
    public string? HarnessFault { get; init; }

    public IReadOnlyList<MutantRow>? Mutants { get; init; }

    /// <summary>Of a run of several scenarios: each of them.</summary>
    public IReadOnlyList<ScenarioRow>? Scenarios { get; init; }

    public ThroughputFigures? Throughput { get; init; }

    /// <summary>Null: taken from the history that is shown.</summary>
    public IReadOnlyList<HeatCell>? Heat { get; init; }

    /// <summary>Null: taken from the history that is shown.</summary>
    public IReadOnlyList<RecoveryFigure>? Recoveries { get; init; }

    public MessageFigures? Messages { get; init; }

    /// <summary>What the process exits with: see <see cref="ChaosExit"/>.</summary>
    public int ExitCode => ChaosExit.Of(Verdict, HarnessFault is not null, Skipped.Any(static one => one.Required));
}

/// <param name="Name">For example <c>kernel</c>, <c>postgresql</c>, <c>processors</c>.</param>
public sealed record EnvironmentFact(string Name, string Value);

/// <param name="Required">The run was asked to have it, so that it fails without.</param>
public sealed record SkippedCapability(string Capability, string Reason, bool Required);

/// <param name="Verdict">In one word.</param>
/// <param name="Why">Null when all is well.</param>
public sealed record ScenarioRow(string Name, string Verdict, double Seconds, string? Why);

/// <param name="Intended">The invariant that should find it.</param>
/// <param name="KilledBy">Invariants that did; empty: it survived.</param>
/// <param name="Operations">Of the smallest history that shows it; null if it was not shrunk.</param>
public sealed record MutantRow(string Name, string Intended, IReadOnlyList<string> KilledBy, int? Operations, int? Faults);

/// <param name="Seeds">For people: the first one, or a range.</param>
public sealed record ThroughputFigures(long Histories, double Seconds, double EventsMean, int Cores, string Seeds, string? TraceHash)
{
    public double PerMinutePerCore => Seconds > 0 ? Histories * 60 / Seconds / Math.Max(1, Cores) : 0;
}

/// <summary>How often a kind of fault met a phase of the protocol.</summary>
public sealed record HeatCell(string Fault, string Phase, long Count);

/// <param name="Milliseconds">From the failure to every rank holding its state again.</param>
public sealed record RecoveryFigure(string Recovery, string Cause, long Milliseconds, long? LostSteps);

/// <summary>What became of the facts that ranks sent.</summary>
public sealed record MessageFigures(long Attempted, long Acknowledged, long Lost, long Duplicated, long Recovered);
