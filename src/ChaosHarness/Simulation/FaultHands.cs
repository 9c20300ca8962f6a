using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>How each kind of fault is done to the modelled world. Names are those of the fault catalogue.</summary>
sealed class FaultHands(World world)
{
    readonly List<Actor> extra = [];
    readonly RunHands people = new(world);

    public static IReadOnlyList<string> Kinds { get; } =
    [
        "rank-kill", "rank-pause", "zombie-rank", "power-loss-contents", "power-loss-names", "launcher-kill", "launcher-double",
        "keeper-kill", "server-kill", ModelStore.Unknown, ModelStore.Killed, "broker-down", ModelBroker.LostConfirm,
        ModelBroker.Duplicate, ModelBroker.Delay, "partition-rank", "disk-full", "bit-rot", "truncation", "object-deleted",
        "swapped-shards",
        "stale-shard", "misdirected-write", "clock-skew", "clock-jump", "clock-backwards", "timers-late", "write-reordered",
        Poison.Kind, ModelStore.Reordered, ModelStore.Gap, "restore-expired", "rewind-under-load", "retention-zero",
    ];

    /// <summary>Prepares a fault that is met rather than done.</summary>
    /// <returns>False: it is of the other sort.</returns>
    public bool Arm(ScheduledFault fault)
    {
        var (store, broker, count) = (world.Store, world.Broker, (int)Math.Max(1, fault.Amount));
        switch (fault.Kind)
        {
            case ModelStore.Unknown: store.UnknownCommits += count; return true;
            case ModelStore.Killed: store.KilledConnections += count; return true;
            case ModelStore.Reordered: store.SlowCommits += count; return true;
            case ModelStore.Gap: store.Gaps += count; return true;
            case ModelBroker.LostConfirm: broker.LostConfirms += count; return true;
            case ModelBroker.Duplicate: broker.Duplicates += count; return true;
            case ModelBroker.Delay: broker.Delays += count; return true;
            default: return false;
        }
    }

    /// <returns>What was seen to happen, and what the fault is known by later; null if there was nothing to harm.</returns>
    public (string Seen, string Detail)? Inject(ScheduledFault fault)
    {
        if (fault.Kind == Poison.Kind)
        {
            if (world.Broker.IsDown) return null;
            var (id, seen) = Poison.Publish(world, fault);
            return (seen, id);
        }

        return Do(fault) is { } observed ? (observed, "") : null;
    }

    string? Do(ScheduledFault fault) => fault.Kind switch
    {
        "rank-kill" => OnRank(fault, static r => r.End(RankExit.Killed), "was killed"),
        "rank-pause" => OnRank(fault, static r => r.Pause(true), "stands still"),
        "zombie-rank" => Cut($"kill:{fault.Target}") is { } cut && OnOther(fault) is { } other ? $"{cut}; {other}" : null,
        "power-loss-contents" => PowerLoss(names: false),
        "power-loss-names" => PowerLoss(names: true),
        "write-reordered" => PowerLoss(names: true, () => world.Random.OneIn(2)),
        "launcher-kill" => Restarted(world.Main.Launcher, () => Launch("launcher-b", 400)),
        "launcher-double" => Second(),
        "keeper-kill" => Restarted(world.Keeper, () => world.Keeper = world.Kernel.Spawn("keeper", new KeeperProcess(world).Work(), 300)),
        "server-kill" => Server(fault, server => server.IsUp = false, "is down"),
        "clock-skew" or "clock-jump" or "clock-backwards" => Clock(fault),
        "timers-late" => Did(
            () => world.Kernel.TimersLateUntilMs = world.Kernel.NowMs + fault.Amount, $"timers are up to {fault.Amount} ms late"),
        "broker-down" => Did(() => world.Broker.IsDown = true, "the broker is down"),
        "partition-rank" => Cut(fault.Target),
        "disk-full" => Did(() => world.Disk.IsFull = true, "no space is left"),
        "rewind-under-load" => Asked(answer => people.Rewind(answer, (int)(fault.Amount % 2), underLoad: true), "the run is turned back"),
        "retention-zero" => Asked(answer => people.Retain(answer, latest: 0), "retention keeps nothing"),
        "restore-expired" => people.RestoreExpired(),
        _ => new StoredHarm(world).Inject(fault),
    };

    public void Heal(ScheduledFault fault)
    {
        switch (fault.Kind)
        {
            case "rank-pause": foreach (var rank in Of(fault.Target)) rank.Pause(false); break;
            case "zombie-rank": world.CutOff.Remove($"kill:{fault.Target}"); break;
            case "server-kill": foreach (var server in world.Servers) server.IsUp = true; break;
            case "clock-skew" or "clock-jump" or "clock-backwards": HealClocks(); break;
            case "broker-down": world.Broker.IsDown = false; break;
            case "partition-rank": world.CutOff.Remove(fault.Target); break;
            case "disk-full": world.Disk.IsFull = false; break;
            default: break;   // over at once
        }
    }

    public void HealAll()
    {
        world.CutOff.Clear();
        (world.Broker.IsDown, world.Disk.IsFull, world.Kernel.TimersLateUntilMs) = (false, false, 0);
        (world.Broker.LostConfirms, world.Broker.Duplicates, world.Broker.Delays) = (0, 0, 0);
        (world.Store.UnknownCommits, world.Store.KilledConnections, world.Store.SlowCommits, world.Store.Gaps) = (0, 0, 0, 0);
        HealClocks();
        foreach (var server in world.Servers) server.IsUp = true;
        foreach (var rank in world.Everyone)
            if (rank.IsPaused) rank.Pause(false);
        foreach (var rank in world.Everyone)
            if (rank.Run.Group is { } group && rank.Generation != group.Generation) rank.End(RankExit.Killed);
        foreach (var actor in extra) Kernel.Kill(actor);
    }

    void HealClocks()
    {
        world.NodeSkewMs = 0;
        foreach (var server in world.Servers) server.SkewMs = 0;
    }

    /// <summary>Of a server, or of the node that ranks and keeper share.</summary>
    string? Clock(ScheduledFault fault)
    {
        if (fault.Target != "node:0") return Server(fault, server => server.SkewMs = fault.Amount, $"is {fault.Amount} ms off");
        world.NodeSkewMs = fault.Amount;
        return $"{fault.Target} is {fault.Amount} ms off";
    }

    /// <summary>Somebody begins to ask for it; what is decided is production's.</summary>
    string? Asked(Func<Answer, IEnumerator<Wait>> ask, string seen)
    {
        if (world.IsOver || world.Main.State is not { Generation.Value: > 0 }) return null;
        world.Kernel.Spawn("reader", ask(new Answer()));
        return seen;
    }

    IEnumerable<RankProcess> Of(string target) =>
        world.Everyone.Where(r => string.Equals(r.Name, target, StringComparison.Ordinal) && r.Exit is null);

    string? OnRank(ScheduledFault fault, Action<RankProcess> harm, string seen)
    {
        if (Of(fault.Target).LastOrDefault() is not { } rank) return null;
        harm(rank);
        return $"{fault.Target} of generation {rank.Generation} {seen}";
    }

    /// <summary>A zombie needs a reason for its generation to end: another rank is lost.</summary>
    string? OnOther(ScheduledFault fault)
    {
        if (world.Main.Group?.Ranks.Find(
            r => r.Exit is null && !string.Equals(r.Name, fault.Target, StringComparison.Ordinal)) is not { } other) return null;
        other.End(RankExit.Killed);
        return $"{other.Name} was killed";
    }

    static string Did(Action harm, string seen)
    {
        harm();
        return seen;
    }

    string? Cut(string whom) => world.CutOff.Add(whom) ? $"{whom} is cut off" : null;

    string PowerLoss(bool names, Func<bool>? isSpared = null)
    {
        foreach (var rank in world.Everyone) rank.End(RankExit.Killed);
        return $"the node lost power; {world.Disk.LosePower(names, isSpared)} files lost their {(names ? "names" : "contents")}";
    }

    void Launch(string name, long afterMs) => world.Launch(world.Main, name, afterMs);

    static string? Restarted(Actor? actor, Action again)
    {
        if (actor is not { IsAlive: true }) return null;
        Kernel.Kill(actor);
        again();
        return $"{actor.Name} was killed and started again";
    }

    string? Second()
    {
        if (world.Main.IsOver || world.Main.State is not { Generation.Value: > 0 }) return null;
        extra.Add(world.Kernel.Spawn("launcher", new LauncherProcess(world, world.Main, "launcher-c").Work()));
        return "a second launcher asks for the run";
    }

    string? Server(ScheduledFault fault, Action<ModelServer> harm, string seen)
    {
        if (!fault.Target.StartsWith("server:", StringComparison.Ordinal)
            || !int.TryParse(fault.Target.AsSpan("server:".Length), System.Globalization.CultureInfo.InvariantCulture, out var index)
            || index < 0)
            throw new SimulationException(
                $"Fault {fault.Id} of the schedule ({fault.Kind}) is aimed at \"{fault.Target}\". Expected server:N.");
        if (index >= world.Servers.Count) return null;
        harm(world.Servers[index]);
        return $"{fault.Target} {seen}";
    }
}
