using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>
/// A history that must fail: nothing was done to it, and yet a stored shard is gone when the judge looks. A judge that lets it pass would
/// let anything pass.
/// </summary>
public static class Canary
{
    /// <returns>Whether it failed, by S1, as it must.</returns>
    public static bool Fails()
    {
        var evidence = Simulator.Run(Swarm.Draw(1, "calm")).Evidence;
        return evidence.Objects.Count > 0
            && Campaign.Violated(Judge.Examine(evidence)).FirstOrDefault() is null
            && Campaign.Violated(Judge.Examine(evidence with { Objects = [.. evidence.Objects.Skip(1)] }))
                .Any(static one => string.Equals(one.Invariant, "S1", StringComparison.Ordinal));
    }
}
