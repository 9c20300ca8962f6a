using Lineage.Agents.Reporting;
using Lineage.Chains;
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
    /// <summary>Between a read and the end of the commit that rests on it lie up to 15 milliseconds in which other streams go on.</summary>
    const long RaceMs = 16;

    const long SafetyMs = 8_000;

    /// <param name="tape">Told everything that goes on, in order; null: nobody listens, which is quicker.</param>
    public static SimulatedHistory Run(Schedule schedule, Action<TraceLine>? tape = null)
    {
        var world = new World(schedule);
        var nemesis = new Nemesis(world);
        nemesis.Arm();
        if (tape is not null) Listen(world, tape);
        foreach (var run in world.Runs.ToList()) world.Launch(run, "launcher-a");
        world.Keeper = world.Kernel.Spawn("keeper", new KeeperProcess(world).Work());
        world.Kernel.Spawn("manager", new ManagerProcess(world).Deadlines());
        world.Kernel.Spawn("reader", new PeopleProcess(world).Work());
        world.Kernel.Spawn("tail", world.Follower.Work());
        world.Kernel.Run(SafetyMs, () => world.IsOver);
        nemesis.HealAll();
        var healedAt = world.Kernel.NowMs;
        var seen = new EarlierReading(healedAt, [.. world.Store.Streams.Select(static s => new StreamEvidence(s.Key, [.. s.Events]))]);
        world.Kernel.Run(healedAt + schedule.Bounds.HealWithinMs, () => IsAtRest(world));
        var rest = IsAtRest(world) ? Rest(world, world.Kernel.NowMs - healedAt) : null;
        return new SimulatedHistory(
            Gather(world, rest) with { Earlier = [seen] }, world.Kernel.Steps, world.Kernel.TraceHash,
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
        world.IsOver && world.Broker.Queued == 0 && world.Follower.IsCaughtUp && world.Store.Candidates().All(c => c.Phase switch
        {
            CheckpointPhase.Open => false,
            CheckpointPhase.Sealed => ChainBuilder.LostBase(   // it waits for nobody
                c, id => world.Store.State<Checkpoint>(id.StreamKey) is { } state ? Candidate.Of(state) : null) is not null,
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
        var outbox = world.Disk.Files.Count(f => f.Key.StartsWith("outbox/", StringComparison.Ordinal)
            && world.Runs.Exists(run => run.State?.Completed is not null
                && f.Key.StartsWith($"outbox/{run.Prefix}rank:", StringComparison.Ordinal))
            && IsOpen(world, f.Value));
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

    static Evidence Gather(World world, RestEvidence? rest)
    {
        List<StreamEvidence> streams = [.. world.Store.Streams.OrderBy(static s => s.Key, StringComparer.Ordinal)
            .Select(static s => new StreamEvidence(s.Key, s.Events))];
        return new(
            world.Schedule, world.Journal, streams,
            [.. world.Disk.Files.Where(static f => !f.Key.StartsWith('.') && !f.Key.StartsWith("outbox/", StringComparison.Ordinal))
                .OrderBy(static f => f.Key, StringComparer.Ordinal).Select(f => Object(f.Key, f.Value))],
            world.Follower.Compare(streams), rest, RaceMs, [.. world.Runs.SelectMany(run => Golden(world, run))], world.Plans,
            IsStoreRead: true);
    }

    static ObjectEvidence Object(string key, ModelFile file) => file.Content is ShardImage { Whole: true } shard
        ? new ObjectEvidence(
            World.Tier, key, ShardImage.Bytes, shard.Reread(), shard.Checkpoint, shard.Rank.Value, shard.BaseRoot, State: null,
            string.Equals(shard.Key, key, StringComparison.Ordinal) ? null : $"holds {shard.Key}")
        : new ObjectEvidence(
            World.Tier, key, 0, Root: null, Checkpoint: null, Rank: null, BaseRoot: null, State: null, "its end is missing");

    /// <summary>The run that never failed, from the state on that it begins from.</summary>
    static IEnumerable<Entry.Trained> Golden(World world, ModelRun run)
    {
        var index = 0L;
        foreach (var rank in run.WorldSize.Ranks)
        {
            var state = run.Initial(rank.Value);
            for (var step = run.FirstStep + 1; step <= world.LastStep; step++)
            {
                var before = state.Samples;
                state = state.Next();
                yield return new Entry.Trained(
                    index++, 0, "golden", run.Id, 1, step, rank.Value, state.Digest(), (long)before, (long)state.Samples);
            }
        }
    }
}
