using System.Globalization;
using System.Runtime.InteropServices;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Simulation;

namespace Lineage.ChaosHarness.Sweeps;

/// <summary>What a sweep leaves behind, in the one format of all chaos runs.</summary>
public static class SweepReports
{
    /// <param name="again">Command that does the same again.</param>
    /// <param name="file">Where the schedule of the first broken history is or will be; null if it is not kept.</param>
    public static ReportModel Model(SweepReport report, string again, string? file)
    {
        var shrunk = report.Broken is { } broken ? Shrinker.Shrink(broken) : null;
        var evidence = shrunk is null ? null : Simulator.Run(shrunk.Schedule).Evidence;
        return new ReportModel(
            $"{report.CrashPoints.ToString("N0", CultureInfo.InvariantCulture)} crash points",
            report.Rows.Any(static one => one.Level is "real") ? "simulated and real" : "simulated", evidence, Judged(report),
            [
                new EnvironmentFact("runtime", RuntimeInformation.FrameworkDescription),
                new EnvironmentFact("system", RuntimeInformation.OSDescription),
            ],
            report.Skipped, [again, .. shrunk is null || file is null ? [] : SimulationReports.Replays(shrunk.Schedule, file)])
        {
            Profile = "sweep",
            Seed = report.Seed,
            ShownVerdict = evidence is null ? null : Judge.Examine(evidence),
            Untried = [],
            HarnessFault = Fault(report),
            CrashPoints = report.Rows,
            Figures = report.Figures,
        };
    }

    /// <summary>A row whose crash was never seen to happen says nothing of that moment.</summary>
    public static string? Fault(SweepReport report) => report.Rows.Where(static one => one.Struck == 0).ToList() is [var first, ..] missed
        ? $"{missed.Count} kinds of crash never struck, for example {first.Mode} right after {first.Step}, {first.During}." : null;

    /// <summary>Simulated histories by all invariants; what broke on a real disk counts as S1.</summary>
    static Verdict Judged(SweepReport report)
    {
        var real = report.Findings.Where(static one => one.Who is "storage")
            .Select(static one => new Violation("S1", $"{one.Mode} right after {one.Step}, {one.During}: {one.What}", null, null, []))
            .ToList();
        return new Verdict([.. report.Verdicts.Total().Invariants.Select(one => one.Id is "S1" && real.Count > 0
            ? one with { Judgement = Judgement.Violated, Violations = [.. real, .. one.Violations] } : one)]);
    }
}
