using System.Globalization;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>
/// Where a rank stands still so that a fault strikes at exactly that durable step. A schedule counts a step over all ranks, a rank counts
/// its own: the nth of N ranks is the one that rank (n - 1) mod N takes as its own number (n - 1) / N + 1, or, where the fault names a
/// rank, that one's of the same number.
/// </summary>
public sealed record FaultMoment(int Rank, DurableStep Step, int Occurrence)
{
    /// <summary>Null for a moment that no rank can be stopped at.</summary>
    public static FaultMoment? Of(ScheduledFault fault, int ranks) =>
        fault.When.Event is { } moment && FileCheck.StepOf(moment) is { } step
            ? new FaultMoment(
                FileCheck.RankOf(fault.Target) ?? (fault.When.Nth - 1) % ranks, step, ((fault.When.Nth - 1) / ranks) + 1)
            : null;

    /// <summary>For <see cref="Faults.KillAtDurableStep.Variable"/>.</summary>
    public string Clause()
    {
        var name = string.Concat(Step.ToString().Select(static (c, i) => char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}"
            : char.ToLowerInvariant(c).ToString()));
        return string.Create(CultureInfo.InvariantCulture, $"stop rank={Rank} generation=1 at={name} occurrence={Occurrence}");
    }
}
