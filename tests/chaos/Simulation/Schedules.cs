using FsCheck;
using FsCheck.Fluent;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Simulation;

namespace Lineage.Tests.Chaos.Simulation;

/// <summary>Schedules within the fault budget: as many faults as a history of the swarm has at most, of any kinds, at any moment.</summary>
public static class Schedules
{
    const int FaultsMax = 8, SavesMax = 6, AsksMax = 4;

    static readonly OperationKind[] Asks =
    [
        OperationKind.Restore, OperationKind.Pin, OperationKind.Unpin, OperationKind.Tag, OperationKind.Rewind, OperationKind.Fork,
        OperationKind.Expire, OperationKind.Undo, OperationKind.Scale,
    ];

    static readonly string[] Recorded =
    [
        "shard-stored.v1", "checkpoint-sealed.v1", "checkpoint-verified.v1", "checkpoint-opened.v1", "lease-granted.v1",
        "restore-point-chosen.v1", "rank-restored.v1", "checkpoint-expired.v1", "checkpoint-abandoned.v1", "recovery-started.v1",
    ];

    static readonly string[] Moments = [.. Enum.GetNames<DurableStep>().Select(static step => $"durable:{step}"), .. Recorded];

    static readonly string[] Lasting =
    [
        "rank-pause", "zombie-rank", "server-kill", "clock-skew", "clock-jump", "clock-backwards", "broker-down", "partition-rank",
        "disk-full",
    ];

    public static Arbitrary<Schedule> Any() => Arb.From(Drawn(), Smaller);

    static Gen<Schedule> Drawn() =>
        from seed in Gen.Choose(1, 1_000_000)
        from ranks in Gen.Choose(1, 4)
        from servers in Gen.Choose(1, 2)
        from gaps in Gen.Choose(1, 4).NonEmptyListOf()
        from asks in (from kind in Gen.Elements(Asks) from which in Argument(kind) select (kind, which)).ListOf()
        from faults in Fault(ranks, servers).ListOf()
        from verified in Gen.Choose(1, 2)
        from depth in Gen.Choose(1, 4)
        select new Schedule(
            Schedule.CurrentVersion, seed, "drawn", new ScheduledWorld(ranks, servers, Copies: 1, Tensors: 1),
            Operations([.. gaps.Take(SavesMax)], [.. asks.Take(AsksMax)]),
            [.. faults.Take(FaultsMax).Select(static (fault, id) => fault with { Id = id })],
            new ScheduleBounds(HealWithinMs: 90_000, RecoveriesMax: 3, verified, depth), BeyondBudget: false);

    static Gen<int> Argument(OperationKind kind) => kind switch
    {
        OperationKind.Scale => Gen.Choose(1, 6),
        OperationKind.Expire or OperationKind.Undo => Gen.Choose(0, 1),
        _ => Gen.Choose(0, 2),
    };

    static List<Operation> Operations(IReadOnlyList<int> gaps, IReadOnlyList<(OperationKind Kind, int Which)> asks)
    {
        var step = 0L;
        List<Operation> operations = [];
        foreach (var gap in gaps) operations.Add(new Operation(operations.Count, OperationKind.Save, step += gap));
        foreach (var (kind, which) in asks) operations.Add(new Operation(operations.Count, kind, which));
        return operations;
    }

    static Gen<ScheduledFault> Fault(int ranks, int servers) =>
        from kind in Gen.Elements(FaultHands.Kinds.ToArray())
        from moment in Gen.Elements(Moments)
        from isTimed in Gen.Choose(0, 3)
        from nth in Gen.Choose(1, 6)
        from after in Gen.Choose(0, 300)
        from until in Gen.Choose(100, 5_000)
        from whom in Gen.Choose(0, 11)
        from amount in Gen.Choose(1, kind.StartsWith("store-", StringComparison.Ordinal) ? 3 : 4)
        select new ScheduledFault(
            0, kind, Target(kind, whom, ranks, servers),
            isTimed == 0 ? new FaultTrigger(Event: null, 1, 20 + (after * 8)) : new FaultTrigger(moment, nth, after < 150 ? 0 : after),
            Lasting.Contains(kind, StringComparer.Ordinal) ? new FaultTrigger(Event: null, 1, until) : null,
            Amount(kind, amount));

    static int Amount(string kind, int amount) => kind switch
    {
        "clock-skew" => (amount - 2) * 2_000,
        "clock-jump" => 3_000 + (amount * 1_500),
        "clock-backwards" => -3_000 - (amount * 1_500),
        "timers-late" => amount * 1_000,
        _ => amount,
    };

    static string Target(string kind, int whom, int ranks, int servers) => kind switch
    {
        "clock-jump" or "clock-backwards" when whom > 5 => "node:0",
        "server-kill" or "clock-skew" or "clock-jump" or "clock-backwards" => $"server:{whom % servers}",
        "rank-kill" or "rank-pause" or "zombie-rank" or "partition-rank" => $"rank:{whom % ranks}",
        "keeper-kill" => "keeper",
        "disk-full" or "timers-late" or "write-reordered" => "node:0",
        "restore-expired" or "rewind-under-load" or "retention-zero" => "run",
        "poison-message" => "broker",
        _ when kind.StartsWith("power", StringComparison.Ordinal) => "node:0",
        _ when kind.StartsWith("broker", StringComparison.Ordinal) => "broker",
        _ when kind.StartsWith("store", StringComparison.Ordinal) => "store",
        _ when kind.StartsWith("launcher", StringComparison.Ordinal) => "launcher",
        _ => "shard",
    };

    /// <summary>Without one fault, without one operation, a smaller world, earlier and simpler moments; one save stays.</summary>
    static IEnumerable<Schedule> Smaller(Schedule s)
    {
        for (var i = 0; i < s.Faults.Count; i++) yield return s with { Faults = Without(s.Faults, i) };
        for (var i = 0; i < s.Operations.Count; i++)
            if (s.Operations[i].Kind != OperationKind.Save || s.Operations.Count(static one => one.Kind == OperationKind.Save) > 1)
                yield return s with { Operations = Without(s.Operations, i) };
        if (s.World.Ranks > 1 && s.Faults.All(fault => fault.Target != $"rank:{s.World.Ranks - 1}"))
            yield return s with { World = s.World with { Ranks = s.World.Ranks - 1 } };
        if (s.World.Servers > 1 && s.Faults.All(static fault => fault.Target != "server:1"))
            yield return s with { World = s.World with { Servers = 1 } };
        for (var i = 0; i < s.Faults.Count; i++)
        {
            var fault = s.Faults[i];
            if (fault.When.AfterMs > 0) yield return With(s, i, fault with { When = fault.When with { AfterMs = fault.When.AfterMs / 2 } });
            if (fault.When.Nth > 1) yield return With(s, i, fault with { When = fault.When with { Nth = fault.When.Nth - 1 } });
        }
    }

    static List<T> Without<T>(IReadOnlyList<T> all, int index) => [.. all.Where((_, i) => i != index)];

    static Schedule With(Schedule s, int index, ScheduledFault fault) =>
        s with { Faults = [.. s.Faults.Select((one, i) => i == index ? fault : one)] };
}
