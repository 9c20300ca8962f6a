using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.Tests.Chaos.Real;

/// <summary>A test that needs something of the machine; where that is missing it is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(Capability capability) =>
        Skip = MachineCapabilities.MissingAsync(capability, CancellationToken.None).GetAwaiter().GetResult() is { } missing
            ? $"{capability} is missing here: {missing.Detail}" : null;
}

public sealed class PowerLoss
{
    [NeedsFact(Capability.PowerLoss)]
    public async Task Three_hundred_power_cuts_lose_nothing_that_was_promised_and_the_naive_protocols_lose_something_each()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(3), TimeProvider.System);

        var report = await PowerLossRig.RunAsync(cycles: 300, seed: 7, TimeProvider.System, bound.Token);

        Assert.True(report.Violations == 0, string.Join('\n', report.Findings));
        Assert.All(
            report.NaiveFailures, static naive => Assert.True(naive.Value.Failures > 0, $"{naive.Key} survived: the rig sees nothing"));
        Assert.Equal(9, report.CutsByStep.Count);   // seven durable steps of a put, after its promise, after a deletion
    }
}
