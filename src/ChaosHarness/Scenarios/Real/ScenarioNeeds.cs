using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>What a scenario asks of the machine.</summary>
static class ScenarioNeeds
{
    /// <returns>The skipped scenario, with what it lacks; null if everything is there.</returns>
    public static async Task<ScenarioOutcome?> MissingAsync(string name, IEnumerable<Capability> needs, CancellationToken ct)
    {
        foreach (var need in needs)
        {
            var missing = need == Capability.Partition && !Firewall.IsOwn
                ? new CapabilityFound(need, IsThere: false, "the harness is not in a network namespace of its own")
                : await MachineCapabilities.MissingAsync(need, ct);
            if (missing is not null)
                return new ScenarioOutcome(name, ScenarioVerdict.Skipped, 0, $"{need} is missing: {missing.Detail}", []);
        }

        return null;
    }
}
