using System.Globalization;
using System.Runtime.InteropServices;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Scenarios.Files;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>The history that a campaign shows: the first failing one, made small, or one that stands for the others.</summary>
/// <param name="Shrunk">Null if it keeps every invariant.</param>
public sealed record ShownHistory(Schedule Schedule, Evidence Evidence, Verdict Verdict, Shrunk? Shrunk);

/// <summary>What simulated histories leave behind, in the one format of all chaos runs.</summary>
public static class SimulationReports
{
    /// <summary>Runs the history that is to be shown again, and makes it small if it fails.</summary>
    public static ShownHistory Show(SimulationReport report)
    {
        var whole = report.Shown ?? throw new SimulationException("The campaign ran no history.");
        var shrunk = report.Found.Count > 0 ? Shrinker.Shrink(whole) : null;
        var schedule = shrunk?.Schedule ?? whole;
        var evidence = Simulator.Run(schedule).Evidence;
        return new ShownHistory(schedule, evidence, Judge.Examine(evidence), shrunk);
    }

    /// <param name="again">Command that runs the campaign again.</param>
    /// <param name="file">Where the schedule of the shown history is or will be; null if it is not kept.</param>
    public static ReportModel Campaign(SimulationReport report, CampaignPlan plan, ShownHistory shown, string again, string? file) => new(
        $"{report.Histories.ToString("N0", CultureInfo.InvariantCulture)} simulated histories", "simulated", shown.Evidence,
        WithShown(report.Verdict, shown.Verdict),
        [.. Environment(), Profiles(report)], [], [again, .. file is null ? [] : Replays(shown.Schedule, file)])
    {
        Profile = plan.Profile ?? "each seed's own",
        Seed = plan.Seed,
        ShownVerdict = shown.Verdict,
        HarnessFault = report.Difference is { } difference ? $"The simulator is not deterministic: {difference}" : null,
        Untried = report.Never,
        Throughput = Pace(report, plan),
        Figures = report.Figures,
    };

    public static ReportModel History(SimulatedHistory history, Verdict verdict, string file) => new(
        $"simulated history of seed {history.Evidence.Schedule.Seed.ToString(CultureInfo.InvariantCulture)}", "simulated", history.Evidence,
        verdict, Environment(), [], Replays(history.Evidence.Schedule, file))
    {
        Untried = [],   // one history does not have to try everything
        Figures = Sum(history),
    };

    /// <summary>Commands that show a history again: simulated, and with real processes, or why that is not possible.</summary>
    public static string[] Replays(Schedule schedule, string file) => Replays(schedule, ["chaos", "replay", "--schedule", file]);

    /// <param name="replay">Arguments of the simulated replay; the real one is the same with <c>--real</c>.</param>
    public static string[] Replays(Schedule schedule, string[] replay) =>
    [
        CommandText.Of(replay),
        FileCheck.Refusals(schedule) is [var refusal, ..]
            ? $"# not with real processes: {refusal}" : CommandText.Of([.. replay, "--real"]),
    ];

    /// <param name="asked">The profile that was asked for; null: the seed chose.</param>
    public static string[] ReplayOf(long seed, string? asked) =>
    [
        "chaos", "replay", "--seed", seed.ToString(CultureInfo.InvariantCulture), .. asked is null ? (string[])[] : ["--profile", asked],
    ];

    static EnvironmentFact Profiles(SimulationReport report) =>
        new("histories by profile", string.Join(", ", report.Profiles.Select(static one => $"{one.Key} {one.Value}")));

    static RunFigures Sum(SimulatedHistory history)
    {
        var sum = new FigureSum();
        sum.Add(history.Evidence, history.Broker);
        return sum.Total();
    }

    static ThroughputFigures Pace(SimulationReport report, CampaignPlan plan) => new(
        report.Histories, report.Seconds, report.EventsMean, Cores: 1,
        string.Create(CultureInfo.InvariantCulture, $"{plan.Seed} to {plan.Seed + report.Histories - 1}"), report.TraceHash,
        report.RanTwice);

    /// <summary>What broke in the history that is shown comes first: its evidence is on the same page.</summary>
    static Verdict WithShown(Verdict total, Verdict shown)
    {
        var here = shown.Invariants.ToDictionary(static one => one.Id, StringComparer.Ordinal);
        return new Verdict([.. total.Invariants.Select(one => one.Judgement == Judgement.Violated && here.TryGetValue(one.Id, out var small)
            && small.Violations.Count > 0 ? one with { Violations = [.. small.Violations] } : one)]);
    }

    static EnvironmentFact[] Environment() =>
    [
        new("runtime", RuntimeInformation.FrameworkDescription),
        new("system", RuntimeInformation.OSDescription),
        new("processors", System.Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
    ];
}
