using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Simulation;

/// <param name="Tried">Schedules that were run on the way.</param>
public sealed record Shrunk(Schedule Schedule, Violation Violation, int Tried);

/// <summary>
/// Makes a failing schedule small while it still breaks the same invariant: fewer faults, fewer operations, fewer ranks and servers,
/// smaller numbers (delta debugging, Zeller and Hildebrandt, TSE 2002, one element at a time because there are few). Where one element less
/// no longer fails, it may fail in another interleaving, so other seeds are tried too.
/// </summary>
public static class Shrinker
{
    const int TriesMax = 4_000, OtherSeeds = 60;

    /// <param name="invariant">The one that must stay broken; null: the first that is.</param>
    /// <returns>Null if the schedule does not fail.</returns>
    public static Shrunk? Shrink(Schedule schedule, string? invariant = null) => Shrink(schedule, invariant, Judged);

    /// <param name="judge">What a schedule breaks.</param>
    internal static Shrunk? Shrink(Schedule schedule, string? invariant, Func<Schedule, IEnumerable<Violation>> judge)
    {
        if (Broken(schedule, invariant, judge) is not { } first) return null;
        var best = new Shrunk(schedule, first, Tried: 1);
        for (var better = true; better && best.Tried < TriesMax;)
            better = Improve(ref best, Smaller(best.Schedule), judge) || Improve(ref best, InOtherOrders(best.Schedule), judge);
        return best;
    }

    /// <summary>Takes the first that still fails.</summary>
    static bool Improve(ref Shrunk best, IEnumerable<Schedule> smaller, Func<Schedule, IEnumerable<Violation>> judge)
    {
        foreach (var one in smaller)
        {
            if (best.Tried >= TriesMax) return false;
            best = best with { Tried = best.Tried + 1 };
            if (Broken(one, best.Violation.Invariant, judge) is not { } still) continue;
            best = best with { Schedule = one, Violation = still };
            return true;
        }

        return false;
    }

    static IEnumerable<Violation> Judged(Schedule schedule) => Campaign.Violated(Judge.Examine(Simulator.Run(schedule).Evidence));

    static Violation? Broken(Schedule schedule, string? invariant, Func<Schedule, IEnumerable<Violation>> judge) =>
        judge(schedule).FirstOrDefault(v => invariant is null || string.Equals(v.Invariant, invariant, StringComparison.Ordinal));

    /// <summary>Every schedule that is one step smaller, the boldest steps first.</summary>
    static IEnumerable<Schedule> Smaller(Schedule s)
    {
        foreach (var less in WithoutOne(s)) yield return less;
        if (s.World.Ranks > 1) yield return s with { World = s.World with { Ranks = s.World.Ranks - 1 } };
        if (s.World.Servers > 1) yield return s with { World = s.World with { Servers = 1 } };
        foreach (var asked in s.Operations.Where(static o => o.Kind != OperationKind.Save && o.Argument > Least(o.Kind)))
            yield return s with
            {
                Operations = [.. s.Operations.Select(one => one == asked ? asked with { Argument = asked.Argument / 2 } : one)],
            };
        for (var i = 0; i < s.Faults.Count; i++)
        {
            var fault = s.Faults[i];
            if (fault.When.AfterMs > 0) yield return With(s, i, fault with { When = fault.When with { AfterMs = fault.When.AfterMs / 2 } });
            if (fault.When.Nth > 1) yield return With(s, i, fault with { When = fault.When with { Nth = 1 } });
            if (fault.Amount > 1) yield return With(s, i, fault with { Amount = fault.Amount / 2 });
        }
    }

    /// <summary>A world has a rank at least.</summary>
    static long Least(OperationKind kind) => kind == OperationKind.Scale ? 1 : 0;

    static IEnumerable<Schedule> WithoutOne(Schedule s)
    {
        for (var i = 0; i < s.Faults.Count; i++) yield return s with { Faults = Without(s.Faults, i) };
        for (var i = s.Operations.Count - 1; i >= 0; i--) yield return s with { Operations = Without(s.Operations, i) };
    }

    static IEnumerable<Schedule> InOtherOrders(Schedule s)
    {
        foreach (var less in WithoutOne(s))
            for (var seed = 1L; seed <= OtherSeeds; seed++) yield return less with { Seed = seed };
    }

    static List<T> Without<T>(IReadOnlyList<T> all, int index) => [.. all.Where((_, i) => i != index)];

    static Schedule With(Schedule s, int index, ScheduledFault fault) =>
        s with { Faults = [.. s.Faults.Select((one, i) => i == index ? fault : one)] };
}
