using System.Globalization;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.ChaosHarness.Worlds;
using Lineage.Tests.Chaos.Scenarios;

namespace Lineage.Tests.Chaos.Real;

/// <summary>The part of the fixed selection that no other test plays; <c>./dev lineage chaos run</c> plays all of it.</summary>
public sealed class Campaign
{
    static readonly string[] Selection =
    [
        "broker-restart-mid-publish", "postgres-kill-during-commit", "store-power-loss", "bit-rot-in-base", "swapped-shards",
        "poison-message", "world-changed", "clock-frozen",
    ];

    [NeedsFact(Capability.RabbitMq)]
    public async Task Real_faults_of_broker_database_disk_bytes_and_clock_end_as_a_run_that_was_not_hurt()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(6), TimeProvider.System);
        var folder = Path.Combine(
            Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"lineage-chaos-{Environment.ProcessId}-campaign"));
        try
        {
            var options = new CampaignOptions(World.Program, folder, RealCampaign.Ci, Seed: 7, TimeSpan.FromMinutes(5));
            var scenarios =
                RealCatalog.Ci(World.Program).Where(static one => Selection.Contains(one.Name, StringComparer.Ordinal)).ToList();
            Assert.Equal(Selection.Length, scenarios.Count);

            var report = await new RealCampaign(options, TimeProvider.System, Console.WriteLine).RunAsync(scenarios, bound.Token);

            // What the machine cannot do is told by its own tests and by the command; here it narrows the selection.
            Assert.All(report.Scenarios, static one =>
                Assert.True(one.Verdict is ScenarioVerdict.Valid or ScenarioVerdict.Skipped, $"{one.Name}: {one.Verdict}: {one.Why}"));
            Assert.Contains(report.Scenarios, static one => one.Verdict is ScenarioVerdict.Valid);
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }
}
