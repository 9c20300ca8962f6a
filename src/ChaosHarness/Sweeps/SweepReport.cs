using System.Text.Json.Serialization;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;

namespace Lineage.ChaosHarness.Sweeps;

/// <summary>A crash after which something broke.</summary>
public sealed record SweepFinding(string During, string Step, string Who, string Mode, string Invariant, string What);

/// <summary>What a sweep over every crash point found; the object of <c>chaos sweep --json</c>. Members are added, never renamed.</summary>
/// <param name="CrashPoints">Moments, each of one process: a durable step of rank 0 and the same of rank 1 are two.</param>
/// <param name="Pairs">Crash points × what happened there.</param>
/// <param name="Crashes">Histories and real cuts: every pair in each save of its story.</param>
/// <param name="Struck">Of those, where the crash was seen to happen.</param>
public sealed record SweepReport(
    int CrashPoints, int Pairs, int Crashes, int Struck, int Violations, double Seconds, long Seed, IReadOnlyList<CrashPointRow> Rows,
    IReadOnlyList<SweepFinding> Findings)
{
    [JsonIgnore]
    public VerdictSum Verdicts { get; init; } = new();

    /// <summary>Of the simulated histories together.</summary>
    [JsonIgnore]
    public RunFigures? Figures { get; init; }

    /// <summary>The first simulated history that broke something.</summary>
    [JsonIgnore]
    public Schedule? Broken { get; init; }

    [JsonIgnore]
    public IReadOnlyList<SkippedCapability> Skipped { get; init; } = [];

    /// <summary>This one and another, for example the simulated and the real one, as one.</summary>
    public SweepReport With(SweepReport other) => new(
        CrashPoints + other.CrashPoints, Pairs + other.Pairs, Crashes + other.Crashes, Struck + other.Struck, Violations + other.Violations,
        Math.Round(Seconds + other.Seconds, 1), Seed, [.. Rows, .. other.Rows], [.. Findings, .. other.Findings])
    {
        Verdicts = Verdicts,
        Figures = Figures,
        Broken = Broken,
        Skipped = [.. Skipped, .. other.Skipped],
    };
}
