using Lineage.Agents.Reporting;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Witnesses;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>One history as it went.</summary>
/// <param name="Steps">Steps that simulated processes took.</param>
public sealed record SimulatedHistory(
    Evidence Evidence, long Steps, ulong TraceHash, IReadOnlyList<string> FaultKinds, BrokerFigures Broker);

/// <summary>One line of what went on in a history, in order.</summary>
public readonly record struct TraceLine(long AtMs, string Who, string What)
{
    /// <summary>How a moment that faults wait for is told; the name of the moment follows.</summary>
    public const string Reaches = "reaches ";

    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{AtMs} ms {Who} {What}").ReplaceLineEndings(" ");
}

/// <summary>
/// Runs a schedule on one thread: faults while the safety phase lasts, then everything is healed, and the world has to come to rest by
/// itself within the schedule's bound.
/// </summary>
public static class Simulator
{
    /// <summary>Between a read and the commit that rests on it lie a few milliseconds in which other streams go on.</summary>
    const long RaceMs = 12;

    const long SafetyMs = 8_000;

    /// <param name="tape">Told everything that goes on, in order; null: nobody listens, which is quicker.</param>
    public static SimulatedHistory Run(Schedule schedule, Action<TraceLine>? tape = null)
    {
        var world = new World(schedule);
        var nemesis = new Nemesis(world);
        var managers = new ManagerProcess(world);
        nemesis.Arm();
        if (tape is not null) Listen(world, tape);
        world.Launcher = world.Kernel.Spawn("launcher", new LauncherProcess(world, "launcher-a").Work());
        world.Keeper = world.Kernel.Spawn("keeper", new KeeperProcess(world).Work());
        world.Kernel.Spawn("manager", managers.Deadlines());
        world.Kernel.Spawn("reader", managers.People());
        world.Kernel.Run(SafetyMs, () => world.IsRunOver);
        nemesis.HealAll();
        var healedAt = world.Kernel.NowMs;
        world.Kernel.Run(healedAt + schedule.Bounds.HealWithinMs, () => IsAtRest(world));
        var rest = IsAtRest(world) ? Rest(world, world.Kernel.NowMs - healedAt) : null;
        return new SimulatedHistory(
            Gather(world, rest), world.Kernel.Steps, world.Kernel.TraceHash,
            [.. world.Journal.OfType<Entry.Injected>().Select(static f => f.Kind)], world.Broker.Figures);
    }

    static void Listen(World world, Action<TraceLine> tape)
    {
        world.Kernel.Tape = (who, what) => tape(new TraceLine(world.Kernel.NowMs, who, what));
        var faults = world.Happened;
        world.Happened = (what, who) =>
        {
            tape(new TraceLine(world.Kernel.NowMs, who, TraceLine.Reaches + what));
            faults(what, who);
        };
    }

    static bool IsAtRest(World world) =>
        world.IsRunOver && world.Broker.Queued == 0 && world.Store.Candidates().All(c => c.Phase switch
        {
            CheckpointPhase.Open or CheckpointPhase.Sealed => false,
            CheckpointPhase.Abandoned or CheckpointPhase.Expired or CheckpointPhase.Reclaimed =>
                world.Store.State<Checkpoint>(c.Id.StreamKey)!.Ending?.Reclaimed is not null || c.Phase == CheckpointPhase.Expired,
            _ => true,
        }) && !Unread(world);

    /// <summary>Damage that the keeper's next round will find counts as work to do.</summary>
    static bool Unread(World world) => world.Store.Candidates().Any(c => c.Phase == CheckpointPhase.Verified
        && world.Store.State<Checkpoint>(c.Id.StreamKey)!.Shards.Values.Any(shard =>
            world.Disk.Find(shard.Stored[0].ObjectKey)?.Content is not ShardImage { Whole: true } image
            || image.Reread() != shard.Root));

    static RestEvidence Rest(World world, long afterMs)
    {
        var completed = world.RunState?.Completed is not null;
        var outbox = completed
            ? world.Disk.Files.Count(f => f.Key.StartsWith("outbox/", StringComparison.Ordinal) && IsOpen(world, f.Value))
            : 0;
        List<string> orphans = [];
        foreach (var (key, file) in world.Disk.Files)
            if (file.Content is ShardImage && !key.StartsWith('.') && ShardPlace.Of(key) is { } place
                && IsOrphan(world, place.Checkpoint, key))
                orphans.Add(key);
        return new RestEvidence(world.Broker.Queued + outbox, world.DeadLetters, orphans, afterMs);
    }

    /// <remarks>What a zombie leaves behind of a save that is over without it, or what a power loss brings back after its rank had ended,
    /// is litter and no message: nobody has to send it any more.</remarks>
    static bool IsOpen(World world, ModelFile file) => file.Content is not FactMessage fact
        || world.Store.Find(fact.Checkpoint.StreamKey) is not { State: Checkpoint checkpoint } stream
        || !FactStanding.IsSettled(fact, CheckpointViews.View(checkpoint, stream.Version));

    /// <remarks>What a rank of an abandoned save stores while or after it is reclaimed stays: it costs space and no safety, and the crash
    /// table of docs/ARCHITECTURE.md says so. It is no orphan here.</remarks>
    static bool IsOrphan(World world, CheckpointId id, string key)
    {
        if (world.Store.State<Checkpoint>(id.StreamKey) is not { } owner) return true;
        if (owner.Ending?.Reclaimed is null) return false;
        var gone = world.Store.Find(owner.Id.StreamKey)!.Events.First(static e => e.Body is ReclaimStarted).AtMs;
        return !world.Journal.Exists(e => e is Entry.Durable durable && durable.AtMs >= gone
            && string.Equals(durable.ObjectKey, key, StringComparison.Ordinal));
    }

    static Evidence Gather(World world, RestEvidence? rest) => new(
        world.Schedule, world.Journal,
        [.. world.Store.Streams.OrderBy(static s => s.Key, StringComparer.Ordinal).Select(static s => new StreamEvidence(s.Key, s.Events))],
        [.. world.Disk.Files.Where(static f => !f.Key.StartsWith('.') && !f.Key.StartsWith("outbox/", StringComparison.Ordinal))
            .OrderBy(static f => f.Key, StringComparer.Ordinal).Select(f => Object(f.Key, f.Value))],
        [], rest, RaceMs, Golden(world), IsStoreRead: true);

    static ObjectEvidence Object(string key, ModelFile file) => file.Content is ShardImage { Whole: true } shard
        ? new ObjectEvidence(
            World.Tier, key, ShardImage.Bytes, shard.Reread(), shard.Checkpoint, shard.Rank.Value, shard.BaseRoot, State: null,
            string.Equals(shard.Key, key, StringComparison.Ordinal) ? null : $"holds {shard.Key}")
        : new ObjectEvidence(
            World.Tier, key, 0, Root: null, Checkpoint: null, Rank: null, BaseRoot: null, State: null, "its end is missing");

    /// <summary>The run that never failed, from the first state on.</summary>
    static List<Entry.Trained> Golden(World world)
    {
        List<Entry.Trained> golden = [];
        foreach (var rank in world.WorldSize.Ranks)
        {
            var state = RankState.Initial(world.Schedule.Seed, rank.Value);
            for (var step = 1L; step <= world.LastStep; step++)
            {
                var before = state.Samples;
                state = state.Next();
                golden.Add(new Entry.Trained(
                    golden.Count, 0, "golden", world.Run, 1, step, rank.Value, state.Digest(), (long)before, (long)state.Samples));
            }
        }

        return golden;
    }
}
