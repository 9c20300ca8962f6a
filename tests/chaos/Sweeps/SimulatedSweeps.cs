using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Sweeps;

namespace Lineage.Tests.Chaos.Sweeps;

public sealed class SimulatedSweeps
{
    static readonly string[] SavedSteps =
    [
        "Opened", "TempCreated", "HeaderWritten", "PartlyWritten", "Written", "FileSynced", "Renamed", "DirectorySynced",
        "OutboxTempWritten", "OutboxSynced", "OutboxRenamed", "OutboxDirSynced", "Published", "Acknowledged", "OutboxRemoved", "Closed",
    ];

    [Fact]
    public void Whoever_dies_at_whatever_moment_every_invariant_holds()
    {
        var report = SimulatedSweep.Run(seed: 1, TimeProvider.System, CancellationToken.None);

        Assert.True(report.Violations == 0, string.Join('\n', report.Findings));
        Assert.True(report.Pairs >= 400, $"{report.Pairs} pairs of a crash point and a way to die; expected at least 400");
        Assert.Null(SweepReports.Fault(report));
        foreach (var kind in new[] { "full save", "incremental save" })
            Assert.Equal(
                SavedSteps.Order(StringComparer.Ordinal),
                report.Rows.Where(one => one.During == kind && SavedSteps.Contains(one.Step, StringComparer.Ordinal))
                    .Select(static one => one.Step).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        foreach (var during in new[] { "verify", "retention", "reclaim", "recovery" })
            Assert.Contains(report.Rows, one => one.During == during);
    }

    [Fact]
    public void A_rank_dies_at_the_very_step_that_it_has_just_taken()
    {
        var story = SweepStory.Saves(seed: 1);
        var moment = story.Moments().First(static one => one is { Event: "durable:Renamed", Who: "rank:1" });
        Assert.Equal(SweepMomentOf(story, moment), (moment.Who, true));
    }

    /// <summary>Who was killed, and whether its last durable step was the one that the sweep meant.</summary>
    static (string Who, bool IsLast) SweepMomentOf(SweepStory story, SweepMoment moment)
    {
        var crash = new ChaosHarness.Histories.ScheduledFault(
            0, "rank-kill", moment.Who, new ChaosHarness.Histories.FaultTrigger(moment.Event, moment.Nth, 0), Until: null, 0);
        var killed = false;
        var last = "";
        ChaosHarness.Simulation.Simulator.Run(story.With(crash), line =>
        {
            killed |= line.Who == "nemesis" && line.What.StartsWith("fault 0 took effect", StringComparison.Ordinal);
            if (!killed && line.Who == moment.Who && line.What.StartsWith("reaches durable:", StringComparison.Ordinal)) last = line.What;
        });
        return (killed ? moment.Who : "nobody", last == $"reaches {moment.Event}");
    }

    [Fact]
    public void A_crash_that_never_struck_makes_the_sweep_distrusted()
    {
        var report = new SweepReport(
            1, 1, 1, 0, 0, 0, 1, [new CrashPointRow("full save", "Renamed", "rank-kill", "simulated", 1, 0, 0)], []);
        Assert.Equal(ChaosExit.Harness, SweepReports.Model(report, "again", file: null).ExitCode);
    }
}
