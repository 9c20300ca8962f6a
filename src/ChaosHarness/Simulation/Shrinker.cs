using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Simulation;

/// <param name="Tried">Schedules that were run on the way.</param>
public sealed record Shrunk(Schedule Schedule, Violation Violation, int Tried);

/// <summary>
/// Makes a failing schedule small while it still breaks the same invariant: fewer faults, fewer operations, fewer ranks and servers,
/// smaller numbers (delta debugging, Zeller and Hildebrandt, TSE 2002, one element at a time because there are few).
/// </summary>
public static class Shrinker
{
    const int TriesMax = 2_000;

    /// <returns>Null if the schedule does not fail.</returns>
    public static Shrunk? Shrink(Schedule schedule)
    {
        if (Broken(schedule, invariant: null) is not { } first) return null;
        var (best, violation, tried) = (schedule, first, 1);
        for (var better = true; better && tried < TriesMax;)
        {
            better = false;
            foreach (var smaller in Smaller(best))
            {
                if (++tried > TriesMax) break;
                if (Broken(smaller, first.Invariant) is not { } still) continue;
                (best, violation, better) = (smaller, still, true);
                break;
            }
        }

        return new Shrunk(best, violation, tried);
    }

    static Violation? Broken(Schedule schedule, string? invariant) => Campaign.Violated(Judge.Examine(Simulator.Run(schedule).Evidence))
        .FirstOrDefault(v => invariant is null || string.Equals(v.Invariant, invariant, StringComparison.Ordinal));

    /// <summary>Every schedule that is one step smaller, the boldest steps first.</summary>
    static IEnumerable<Schedule> Smaller(Schedule s)
    {
        for (var i = 0; i < s.Faults.Count; i++) yield return s with { Faults = Without(s.Faults, i) };
        for (var i = s.Operations.Count - 1; i >= 0; i--) yield return s with { Operations = Without(s.Operations, i) };
        if (s.World.Ranks > 1) yield return s with { World = s.World with { Ranks = s.World.Ranks - 1 } };
        if (s.World.Servers > 1) yield return s with { World = s.World with { Servers = 1 } };
        for (var i = 0; i < s.Faults.Count; i++)
        {
            var fault = s.Faults[i];
            if (fault.When.AfterMs > 0) yield return With(s, i, fault with { When = fault.When with { AfterMs = fault.When.AfterMs / 2 } });
            if (fault.When.Nth > 1) yield return With(s, i, fault with { When = fault.When with { Nth = 1 } });
            if (fault.Amount > 1) yield return With(s, i, fault with { Amount = fault.Amount / 2 });
        }
    }

    static List<T> Without<T>(IReadOnlyList<T> all, int index) => [.. all.Where((_, i) => i != index)];

    static Schedule With(Schedule s, int index, ScheduledFault fault) =>
        s with { Faults = [.. s.Faults.Select((one, i) => i == index ? fault : one)] };
}
