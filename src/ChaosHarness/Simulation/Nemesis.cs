using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>Does what the schedule's faults say, each when its moment has come, and writes down what it saw happen.</summary>
sealed class Nemesis(World world)
{
    readonly Dictionary<string, int> seen = new(StringComparer.Ordinal);
    readonly List<(ScheduledFault Fault, Signal Signal)> waiting = [];
    readonly FaultHands hands = new(world);
    bool healed;

    public void Arm()
    {
        world.Happened = Happened;
        foreach (var fault in world.Schedule.Faults) world.Kernel.Spawn("nemesis", Work(fault));
    }

    void Happened(string what, string who)
    {
        if (waiting.Count == 0) return;
        seen[what] = seen.GetValueOrDefault(what) + 1;
        for (var i = waiting.Count - 1; i >= 0; i--)
        {
            var when = waiting[i].Fault.When;
            if (!string.Equals(when.Event, what, StringComparison.Ordinal) || seen[what] < when.Nth) continue;
            waiting[i].Signal.Set(world.Kernel);
            waiting.RemoveAt(i);
        }
    }

    IEnumerator<Wait> Work(ScheduledFault fault)
    {
        if (fault.When.Event is not null)
        {
            var signal = new Signal();
            waiting.Add((fault, signal));
            yield return Wait.Until(signal, 1_000_000_000);
        }

        yield return Wait.For(fault.When.AfterMs);
        if (healed) yield break;
        var armed = hands.Counter(fault);
        if (armed is not null)
        {
            // One of these only counts once somebody met it.
            while (!armed.IsMet())
            {
                if (healed) yield break;
                yield return Wait.For(50);
            }

            Tell(fault, $"met {fault.Target}");
            yield break;
        }

        if (hands.Inject(fault) is not { } observed) yield break;
        Tell(fault, observed);
        if (fault.Until is not { } until) yield break;
        yield return Wait.For(until.AfterMs);
        if (healed) yield break;
        hands.Heal(fault);
        world.Note((i, at) => new Entry.Healed(i, at, "nemesis", fault.Id, fault.Kind));
    }

    void Tell(ScheduledFault fault, string observed)
    {
        world.Note((i, at) => new Entry.Injected(i, at, "nemesis", fault.Id, fault.Kind, fault.Target, ""));
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
