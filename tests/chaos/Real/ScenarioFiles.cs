using System.Globalization;
using Lineage.ChaosHarness.Exchange;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Scenarios.Files;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.ChaosHarness.Worlds;
using Lineage.Tests.Chaos.Scenarios;

namespace Lineage.Tests.Chaos.Real;

/// <summary>A file that a person wrote, against real processes.</summary>
public sealed class ScenarioFiles
{
    const string KilledAtRename = """
        profile: killed-at-rename
        seed: 7
        world: { ranks: 2 }
        operations: [{ save: 5 }, { save: 10 }, { save: 15 }]
        faults:
          - { kind: rank-kill, target: "rank:1", when: { event: "durable:Renamed", nth: 4 } }
        """;

    [NeedsFact(Capability.PostgreSql)]
    public async Task A_rank_that_a_file_kills_at_a_rename_costs_nothing_and_every_invariant_says_so()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(6), TimeProvider.System);
        var folder = Path.Combine(
            Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"lineage-chaos-{Environment.ProcessId}-file"));
        try
        {
            var schedule = ScenarioFile.Parse(KilledAtRename);
            Assert.Empty(FileCheck.Refusals(schedule));
            var options = new CampaignOptions(
                World.Program, Path.Combine(folder, "world"), schedule.Profile, schedule.Seed, TimeSpan.FromMinutes(5));

            var report = await new FileCampaign(options, schedule, "again", TimeProvider.System, Console.WriteLine).RunAsync(bound.Token);
            RealReports.Write(Path.Combine(folder, "report"), report);

            var one = Assert.Single(report.Scenarios);
            Assert.True(one.Verdict is ScenarioVerdict.Valid, $"{one.Verdict}: {one.Why}");
            foreach (var id in new[] { "S1", "S3", "S5", "S6", "S8", "S12", "S17", "S20", "S21", "L2" })
                Assert.True(report.Invariants[id].Triggered > 0, id);
            var read = VerdictDocument.Read(Path.Combine(folder, "report", "killed-at-rename"));
            Assert.Equal((ChaosExit.Valid, schedule.Digest()), (read.ExitCode, read.Schedule));
            Assert.Equal(ChaosExit.Valid, VerdictDocument.Read(Path.Combine(folder, "report")).ExitCode);
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }
}
