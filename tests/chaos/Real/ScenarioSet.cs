using System.Globalization;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Scenarios.Files;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.ChaosHarness.Worlds;
using Lineage.Tests.Chaos.Scenarios;

namespace Lineage.Tests.Chaos.Real;

/// <summary>A few of the files that the program carries, one for each way to bring a fault about; <c>chaos run scenarios</c> plays
/// all.</summary>
public sealed class ScenarioSet
{
    static readonly string[] Selection = ["rank-crash", "cut-after-bytes", "store-asynchronous-commit"];

    static readonly TimeSpan PlayMax = TimeSpan.FromMinutes(6);

    [NeedsFact(Capability.PostgreSql)]
    public async Task Files_that_crash_a_rank_cut_its_link_and_weaken_its_store_end_as_a_run_that_was_not_hurt()
    {
        using var bound = new CancellationTokenSource(PlayMax, TimeProvider.System);
        var folder = Path.Combine(
            Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"lineage-chaos-{Environment.ProcessId}-set"));
        try
        {
            var files = BuiltInScenarios.All.Where(static one => Selection.Contains(one.Name, StringComparer.Ordinal)).ToList();
            Assert.Equal(Selection.Length, files.Count);
            var options = new CampaignOptions(World.Program, folder, "files", Seed: 7, PlayMax);

            var report = await new FileCampaign(options, files, TimeProvider.System, Console.WriteLine).RunAsync(bound.Token);

            Assert.All(report.Scenarios, static one => Assert.True(
                one.Verdict is ScenarioVerdict.Valid, $"{one.Name}: {one.Verdict}: {one.Why}"));
            Assert.All(report.Scenarios, static one => Assert.NotEmpty(one.Effects));
            Assert.Equal(ChaosExit.Valid, RealReports.Campaign(report)!.ExitCode);
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }
}
