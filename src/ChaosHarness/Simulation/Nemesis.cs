using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>Does what the schedule's faults say, each when its moment has come, and writes down what it saw happen.</summary>
sealed class Nemesis(World world)
{
    readonly Dictionary<string, int> seen = new(StringComparer.Ordinal);
    readonly List<(string Event, int Nth, Signal Signal)> waiting = [];
    readonly FaultHands hands = new(world);
    bool healed;

    public void Arm()
    {
        world.Happened = (what, _) => Happened(what);
        world.Store.Met = kind => Happened($"met:{kind}");
        foreach (var fault in world.Schedule.Faults) world.Kernel.Spawn("nemesis", Work(fault));
    }

    void Happened(string what)
    {
        if (waiting.Count == 0) return;
        seen[what] = seen.GetValueOrDefault(what) + 1;
        for (var i = waiting.Count - 1; i >= 0; i--)
        {
            if (!string.Equals(waiting[i].Event, what, StringComparison.Ordinal) || seen[what] < waiting[i].Nth) continue;
            waiting[i].Signal.Set(world.Kernel);
            waiting.RemoveAt(i);
        }
    }

    IEnumerator<Wait> Work(ScheduledFault fault)
    {
        if (fault.When.Event is { } awaited) yield return Await(awaited, fault.When.Nth);
        yield return Wait.For(fault.When.AfterMs);
        if (healed) yield break;
        if (hands.Arm(fault))
        {
            yield return Wait.Through(Met(fault));
            yield break;
        }

        if (hands.Inject(fault) is not { } observed) yield break;
        Tell(fault, observed.Seen, observed.Detail);
        if (fault.Until is not { } until) yield break;
        yield return Wait.For(until.AfterMs);
        if (healed) yield break;
        hands.Heal(fault);
        world.Note((i, at) => new Entry.Healed(i, at, "nemesis", fault.Id, fault.Kind));
    }

    Wait Await(string what, int nth)
    {
        var signal = new Signal();
        waiting.Add((what, nth, signal));
        return Wait.Until(signal, 1_000_000_000);
    }

    /// <summary>One of these only counts once somebody met it, and each time that somebody does.</summary>
    IEnumerator<Wait> Met(ScheduledFault fault)
    {
        for (var times = 0L; times < Math.Max(1, fault.Amount); times++)
        {
            yield return Await($"met:{fault.Kind}", nth: 1);
            if (times == 0) Tell(fault, $"met {fault.Target}");
            else world.Note((i, at) => new Entry.TookEffect(i, at, "nemesis", fault.Id, $"met {fault.Target}"));
        }
    }

    void Tell(ScheduledFault fault, string observed, string detail = "")
    {
        world.Note((i, at) => new Entry.Injected(i, at, "nemesis", fault.Id, fault.Kind, fault.Target, detail));
        world.Note((i, at) => new Entry.TookEffect(i, at, "nemesis", fault.Id, observed));
    }

    /// <summary>Ends all harm; what was broken by then stays broken.</summary>
    public void HealAll()
    {
        healed = true;
        hands.HealAll();
        world.Note((i, at) => new Entry.Healed(i, at, "nemesis", Fault: null, "everything"));
    }
}
