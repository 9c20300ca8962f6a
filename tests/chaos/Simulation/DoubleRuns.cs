using System.Text.Json;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Simulation;

namespace Lineage.Tests.Chaos.Simulation;

/// <summary>A history that goes another way in another process is found, with the first line that differs.</summary>
public sealed class DoubleRuns
{
    const int PlantedLine = 40;

    [Fact]
    public async Task The_command_runs_some_histories_in_a_second_process_and_finds_them_the_same()
    {
        using var report = await Report.OfAsync(
            TimeSpan.FromSeconds(120), "chaos", "sim", "--seed", "77", "--histories", "120", "--json");
        Assert.Equal(4, report.RootElement.GetProperty("ran_twice").GetInt64());   // 0, 1, 2 and 100
        Assert.False(report.RootElement.TryGetProperty("difference", out var difference) && difference.ValueKind != JsonValueKind.Null);
    }

    [Fact]
    public void What_differs_from_process_to_process_is_found_with_its_seed_and_line()
    {
        using var twice = new DoubleRun("dotnet", ["exec", typeof(DoubleRuns).Assembly.Location, "again"]);
        var report = Campaign.Run(new CampaignPlan(500, Profile: null, Histories: 5, Budget: null), TimeProvider.System, default, twice);

        var difference = Assert.IsType<TraceDifference>(report.Difference);
        Assert.Equal((500, PlantedLine), (difference.Seed, difference.Line));
        Assert.StartsWith(difference.Here + " of process ", difference.There, StringComparison.Ordinal);
        Assert.Equal(0, report.RanTwice);
    }

    /// <summary>The planted mistake: one line says something that the seed does not settle.</summary>
    public static SimulatedHistory WithAProcessInIt(Schedule schedule, Action<TraceLine> tape)
    {
        var line = 0;
        return Simulator.Run(schedule, one => tape(++line == PlantedLine
            ? one with { What = $"{one.What} of process {Environment.ProcessId}" } : one));
    }
}
