using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>
/// Schedules from seeds. Each history draws which kinds of fault exist in it at all and how many of each (swarm testing, Groce and others,
/// ISSTA 2012), so that rare combinations are not drowned by common ones.
/// </summary>
public static class Swarm
{
    public const string Mixed = "mixed";

    /// <summary>More is destroyed than can be survived: only safety is asserted, and that nothing unsound is restored. No seed draws it by
    /// itself.</summary>
    public const string Beyond = "beyond-budget";

    static readonly string[] Storage =
    [
        "bit-rot", "truncation", "object-deleted", "swapped-shards", "stale-shard", "misdirected-write", "disk-full",
        "power-loss-contents", "power-loss-names", "write-reordered",
    ];

    static readonly string[] Bus =
    [
        "broker-down", "broker-lost-confirm", "broker-duplicate", "broker-delay", "server-kill", Poison.Kind, ModelStore.Reordered,
        ModelStore.Gap,
    ];

    static readonly string[] Clocks = ["clock-skew", "clock-jump", "clock-backwards", "timers-late"];

    static readonly string[] People = ["restore-expired", "rewind-under-load", "retention-zero"];

    /// <summary>What people ask for; what is named more often is drawn more often.</summary>
    static readonly OperationKind[] Asks =
    [
        OperationKind.Restore, OperationKind.Restore, OperationKind.Restore, OperationKind.Pin, OperationKind.Pin, OperationKind.Unpin,
        OperationKind.Tag, OperationKind.Rewind, OperationKind.Fork, OperationKind.Expire, OperationKind.Undo, OperationKind.Scale,
    ];

    static readonly string[] Moments =
    [
        "durable:Opened", "durable:TempCreated", "durable:PartlyWritten", "durable:Written", "durable:FileSynced", "durable:Renamed",
        "durable:DirectorySynced", "durable:OutboxTempWritten", "durable:OutboxSynced", "durable:OutboxRenamed", "durable:OutboxDirSynced",
        "shard-stored.v1", "checkpoint-sealed.v1", "checkpoint-verified.v1", "checkpoint-opened.v1", "lease-granted.v1",
        "restore-point-chosen.v1", "checkpoint-expired.v1", "rank-restored.v1",
    ];

    /// <summary>Which kinds a profile draws from.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Profiles { get; } =
        new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
        {
            ["calm"] = [],
            ["llama3"] = ["rank-kill", "rank-kill", "rank-pause", "power-loss-contents", "partition-rank"],
            ["storage-hell"] = [.. Storage, "rank-kill"],
            ["broker-hell"] = [.. Bus, "rank-kill", "store-commit-unknown"],
            ["zombie"] = ["zombie-rank", "rank-pause", "broker-delay", "launcher-double", "launcher-kill", .. Clocks],
            ["partition"] = ["partition-rank", "server-kill", "store-connection-killed", "store-commit-unknown", "rank-pause"],
            ["operator"] =
            [
                "launcher-double", "launcher-kill", "keeper-kill", "object-deleted", "server-kill", "rank-kill", "clock-skew", .. People,
            ],
            [Mixed] = FaultHands.Kinds,
            [Beyond] = [.. Storage, "rank-kill", "launcher-kill", "keeper-kill"],
        };

    /// <param name="profile">One of <see cref="Profiles"/>; null: the seed chooses.</param>
    public static Schedule Draw(long seed, string? profile)
    {
        var random = SeededStream.Of(seed, purpose: 4);
        var names = Profiles.Keys.Where(static one => one != Beyond).ToList();
        profile ??= random.OneIn(2) ? Mixed : names[random.Below(names.Count)];
        var world = new ScheduledWorld(random.Between(1, 4), random.Between(1, 2), Copies: 1, Tensors: 1);
        List<ScheduledFault> faults = [];
        if (Profiles[profile] is { Count: > 0 } known)
        {
            var left = known.Distinct(StringComparer.Ordinal).ToList();
            var (kindsMax, ofEachMax) = profile == Beyond ? (8, 6) : (4, 2);
            for (var kinds = random.Between(1, Math.Min(kindsMax, left.Count)); kinds > 0; kinds--)
            {
                var kind = left[random.Below(left.Count)];
                left.Remove(kind);
                for (var n = random.Between(1, ofEachMax); n > 0; n--) faults.Add(Fault(faults.Count, kind, world, random));
            }
        }

        return new Schedule(
            Schedule.CurrentVersion, seed, profile, world, Operations(random), faults,
            new ScheduleBounds(HealWithinMs: 90_000, RecoveriesMax: 3, VerifiedMin: random.Between(1, 2), DepthMax: random.Between(1, 4)),
            BeyondBudget: profile == Beyond);
    }

    static List<Operation> Operations(SeededStream random)
    {
        List<Operation> operations = [];
        var step = 0;
        for (var saves = random.Between(2, 6); saves > 0; saves--)
            operations.Add(new Operation(operations.Count, OperationKind.Save, step += random.Between(1, 4)));
        for (var asks = random.Between(0, 4); asks > 0; asks--)
            operations.Add(Asked(operations.Count, Asks[random.Below(Asks.Length)], random));
        return operations;
    }

    static Operation Asked(int id, OperationKind kind, SeededStream random) => new(id, kind, kind switch
    {
        OperationKind.Scale => random.Between(1, 6),
        OperationKind.Expire or OperationKind.Undo => random.Below(2),
        _ => random.Below(3),
    });

    static ScheduledFault Fault(int id, string kind, ScheduledWorld world, SeededStream random)
    {
        var when = kind == "restore-expired" ? new FaultTrigger("checkpoint-expired.v1", 1, random.Between(0, 1_500)) : random.OneIn(4)
            ? new FaultTrigger(Event: null, 1, random.Between(20, 2_500))
            : new FaultTrigger(Moments[random.Below(Moments.Length)], random.Between(1, 6), random.OneIn(2) ? 0 : random.Between(1, 300));
        var lasts = kind is "rank-pause" or "zombie-rank" or "server-kill" or "broker-down" or "partition-rank" or "disk-full"
            or "clock-skew" or "clock-jump" or "clock-backwards";
        var amount = kind switch
        {
            "clock-skew" => random.Between(-5_000, 5_000),
            "clock-jump" => random.Between(3_500, 9_000),
            "clock-backwards" => -random.Between(3_500, 9_000),
            "timers-late" => random.Between(200, 4_000),
            ModelStore.Reordered => random.Between(4, 40),
            _ when kind.StartsWith("store", StringComparison.Ordinal) => random.Between(1, 3),
            _ => random.Between(1, kind.StartsWith("broker", StringComparison.Ordinal) || kind == "bit-rot" ? 4 : 30),
        };
        return new ScheduledFault(
            id, kind, Target(kind, world, random), when, lasts ? new FaultTrigger(Event: null, 1, random.Between(100, 5_000)) : null,
            amount);
    }

    static string Target(string kind, ScheduledWorld world, SeededStream random) => kind switch
    {
        "clock-jump" or "clock-backwards" when random.OneIn(2) => "node:0",
        "server-kill" or "clock-skew" or "clock-jump" or "clock-backwards" => $"server:{random.Below(world.Servers)}",
        Poison.Kind => "broker",
        _ when kind.StartsWith("broker", StringComparison.Ordinal) => "broker",
        _ when kind.StartsWith("store", StringComparison.Ordinal) => "store",
        _ when kind.StartsWith("launcher", StringComparison.Ordinal) => "launcher",
        "keeper-kill" => "keeper",
        "timers-late" or "disk-full" or "write-reordered" => "node:0",
        _ when kind.StartsWith("power", StringComparison.Ordinal) => "node:0",
        "restore-expired" or "rewind-under-load" or "retention-zero" => "run",
        "rank-kill" or "rank-pause" or "zombie-rank" or "partition-rank" => $"rank:{random.Below(world.Ranks)}",
        _ => "shard",
    };
}
