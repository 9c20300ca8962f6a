using System.CommandLine;
using System.Globalization;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Simulation;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary>
/// <c>chaos sim</c>: many histories on virtual time. One in a hundred is run once more by a second process (<c>chaos again</c>), which must
/// see the same.
/// </summary>
internal static class ChaosSimVerb
{
    const string AgainName = "again";

    public static Command Create(Globals globals)
    {
        var (seed, profile, to, json) = (ChaosSimVerbs.Seed(), ChaosSimVerbs.Profile(), ChaosFiles.To(), ChaosSimVerbs.Json());
        var histories = Inputs.Count("--histories", "Histories; 0: as many as the budget allows", 0, 0, 100_000_000);
        var budget = ChaosSimVerbs.Text("--budget", "Time, as in 60s or 5m (default 60s).", "TIME", "60s");
        var command = new Command("sim", "Runs the production deciders in a simulated world, history after history, on one core.")
        {
            seed, profile, histories, budget, to, json,
        };
        return globals.Runs(command, (call, ct) => Task.FromResult(ChaosSimVerbs.Guarded(() =>
        {
            var count = call.Value(histories);
            var plan = new CampaignPlan(
                call.Value(seed), ChaosSimVerbs.Known(call.Value(profile)), count == 0 ? null : count,
                count == 0 ? ChaosSimVerbs.Time(call.Value(budget)!) : null);
            using var twice = new DoubleRun(
                Environment.ProcessPath ?? throw new SimulationException("This process does not know its own executable."),
                ["chaos", AgainName]);
            return Show(Campaign.Run(plan, call.Clock, ct, twice), plan, call.Value(to), call.Value(json));
        })));
    }

    /// <summary>The second process: not for people.</summary>
    public static Command Again(Globals globals)
    {
        var folder = new Argument<string>("DIR") { Description = "Traces to hold new runs against." };
        var command = new Command(AgainName, "Runs the histories of a folder of traces and prints the first difference.") { folder };
        command.Hidden = true;
        return globals.Runs(command, (call, _) =>
        {
            var difference = DoubleRun.Differences(call.Value(folder)!, Simulator.Run);
            Console.Out.Write(difference);
            return Task.FromResult(difference.Length == 0 ? ExitCodes.Done : ChaosExit.Harness);
        });
    }

    static int Show(SimulationReport report, CampaignPlan plan, string? to, bool json)
    {
        var shown = to is not null || report.Found.Count > 0 ? SimulationReports.Show(report) : null;
        if (json) Console.Out.WriteLine(ReportJson.Of(report));
        else foreach (var line in Lines(report)) Console.Out.WriteLine(line);
        var file = to is null ? null : Path.Combine(to, "schedule.json");
        if (shown is not null && to is not null)
            ChaosFiles.Write(to, SimulationReports.Campaign(report, plan, shown, CommandText.Of([.. Again(report, plan)]), file), report);
        if (shown?.Shrunk is { } shrunk) Tell(report, plan, shrunk, file, json);
        if (report.Difference is { } difference) Console.Error.WriteLine($"The simulator is not deterministic: {difference}");
        return report.Difference is not null ? ChaosExit.Harness
            : report.IsViolated('S') ? ChaosExit.Safety : report.IsViolated('L') ? ChaosExit.Liveness
            : report.Never.Count > 0 ? ChaosExit.Vacuous : ExitCodes.Done;
    }

    /// <summary>How to see the first failing history again: the small one where it was kept, else the one that its seed draws.</summary>
    static void Tell(SimulationReport report, CampaignPlan plan, Shrunk shrunk, string? file, bool json)
    {
        var to = json ? Console.Error : Console.Out;
        to.WriteLine($"made small: {shrunk.Schedule.Operations.Count} operations, {shrunk.Schedule.Faults.Count} faults: "
            + $"{shrunk.Violation.Invariant}: {shrunk.Violation.What}");
        var commands = file is not null ? SimulationReports.Replays(shrunk.Schedule, file)
            : SimulationReports.Replays(report.Shown!, SimulationReports.ReplayOf(report.Shown!.Seed, plan.Profile));
        foreach (var line in ChaosSimVerbs.Replays(commands)) to.WriteLine(line);
    }

    static IEnumerable<string> Again(SimulationReport report, CampaignPlan plan) =>
    [
        "chaos", "sim", "--seed", plan.Seed.ToString(CultureInfo.InvariantCulture), "--histories",
        report.Histories.ToString(CultureInfo.InvariantCulture), .. plan.Profile is null ? (string[])[] : ["--profile", plan.Profile],
    ];

    static IEnumerable<string> Lines(SimulationReport report)
    {
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{report.Histories:N0} histories in {report.Seconds:F1} s: {report.PerMinutePerCore:N0} a minute on one core, "
            + $"{report.EventsMean:N0} events each; {report.RanTwice:N0} of them ran twice with the same trace.");
        foreach (var (id, count) in report.Invariants)
            yield return string.Create(CultureInfo.InvariantCulture, $"{id,-4} {count.Judgement,-9} {count.Triggered:N0}");
        foreach (var one in report.Found) yield return $"VIOLATED {one.Invariant} seed {one.Seed} ({one.Profile}): {one.What}";
        yield return $"{report.Violations} violations; trace hash {report.TraceHash} over the first {report.HashedHistories} histories.";
    }
}
