using Lineage.ChaosHarness.Scenarios.Demo;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Chaos.Scenarios;

public sealed class DemoScenarios
{
    [Fact]
    public Task The_demo_ends_exactly_where_the_golden_run_ended() => ShowAsync(rabbit: false);

    [RabbitMqFact]
    public Task The_demo_over_RabbitMQ_ends_exactly_where_the_golden_run_ended() => ShowAsync(rabbit: true);

    static async Task ShowAsync(bool rabbit)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"lineage-chaos-demo-{Environment.ProcessId}-{rabbit}");
        var options = new DemoOptions(World.Program, folder, new WorldSize(2), Steps: 60, SaveEvery: 5, Seed: 7, rabbit, Json: false);
        var narration = new StringWriter();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(6));

        var summary = await new DemoProgram(options, new DemoNarrator(narration, terminal: false, TimeProvider.System), TimeProvider.System)
            .RunAsync(deadline.Token);

        Assert.True(summary.Verdict == DemoVerdict.Exact, $"{summary.Why}\n{narration}");
        Assert.Equal(2, summary.Recoveries);
        Assert.Equal(rabbit ? "rabbitmq" : "in-memory", summary.Broker);
        Directory.Delete(folder, recursive: true);
    }
}
