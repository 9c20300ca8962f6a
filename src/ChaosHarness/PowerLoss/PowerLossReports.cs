using System.Globalization;
using System.Runtime.InteropServices;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Reports;

namespace Lineage.ChaosHarness.PowerLoss;

/// <summary>What cuts of the power leave behind, in the one format of all chaos runs.</summary>
public static class PowerLossReports
{
    const string Id = "S1";

    /// <param name="again">Command that does the same again.</param>
    public static ReportModel Model(PowerLossReport report, string again) => new(
        $"{report.Cycles.ToString("N0", CultureInfo.InvariantCulture)} cuts of the power", "real", Evidence: null, Judged(report),
        [
            new EnvironmentFact("file system", report.FileSystem),
            new EnvironmentFact("disk", report.Disk),
            new EnvironmentFact("empty cycle", string.Create(CultureInfo.InvariantCulture, $"{report.FloorMs:F1} ms")),
            new EnvironmentFact("system", RuntimeInformation.OSDescription),
        ],
        [], [again])
    {
        Seed = report.Seed,
        HarnessFault = null,
        Untried = report.IsVacuous ? [Id] : [],
        Throughput = new ThroughputFigures(
            report.Cycles, Math.Round(report.Cycles * 60 / report.PerMinute, 1), EventsMean: null, Cores: 1,
            report.Seed.ToString(CultureInfo.InvariantCulture), TraceHash: null),
        CrashPoints =
        [
            .. report.CutsByStep.Select(one => new CrashPointRow(
                one.Key is "Deleted" ? "a deletion" : "a save", one.Key, "power cut, both modes in turn", "real", one.Value, one.Value,
                report.ViolationsByStep.GetValueOrDefault(one.Key))),
        ],
        Scenarios = [.. report.NaiveFailures.Select(static one => Naive(one.Key, one.Value))],
    };

    /// <summary>Protocols that promise too early must be seen failing; if they survive, nothing can be seen here.</summary>
    static ScenarioRow Naive(string name, NaiveFailures naive) => new(
        $"must fail: {name}", naive.Failures > 0 ? "valid" : "vacuous", 0, string.Create(
            CultureInfo.InvariantCulture,
            $"{naive.LostAcknowledged} promised saves lost and {naive.WrongBytes} with wrong bytes, of {naive.Cycles} cuts"));

    static Verdict Judged(PowerLossReport report) => new(
    [
        new InvariantVerdict(
            Id, Promises.All.First(static one => one.Id is Id).Promise, report.Violations > 0 ? Judgement.Violated : Judgement.Valid,
            report.Acknowledged + report.Reread, [.. report.Findings.Select(static what => new Violation(Id, what, null, null, []))]),
    ]);
}
