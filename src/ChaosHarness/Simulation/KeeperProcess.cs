using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Restores;
using Lineage.Retention;
using Lineage.Verification;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>Verifies by reading what is stored, applies retention, and deletes what was let go of. Keeps no state that it needs.</summary>
sealed class KeeperProcess(World world)
{
    const long ScrubMs = 1_500, ReclaimMs = 900;
    const string Name = "keeper";

    static readonly ActorId Keeper = ActorId.Parse(Name);

    readonly Dictionary<CheckpointId, long> lookedAt = [];

    public IEnumerator<Wait> Work()
    {
        var reclaimed = world.Kernel.NowMs;
        while (true)
        {
            yield return Wait.For(world.Random.Between(150, 250));
            foreach (var due in PendingVerifications.Order(world.Store.Candidates(), world.NodeNow(), TimeSpan.Zero))
                if (!lookedAt.TryGetValue(due.Id, out var last) || world.Kernel.NowMs - last >= ScrubMs)
                    yield return Wait.Through(Verify(due.Id));
            if (world.Kernel.NowMs - reclaimed < ReclaimMs) continue;
            reclaimed = world.Kernel.NowMs;
            foreach (var run in world.Runs.ToList()) yield return Wait.Through(Retain(run));
            foreach (var id in Due()) yield return Wait.Through(Reclaim(id));
        }
    }

    IEnumerator<Wait> Verify(CheckpointId id)
    {
        lookedAt[id] = world.Kernel.NowMs;
        if (world.Service.ChainOf(id) is not { Links: [.., var link] }) yield break;
        var reading = new ShardReading(world, Name);
        List<FactMessage> findings = [];
        foreach (var shard in link.Shards)
        {
            yield return Wait.For(1);
            world.Happened("keeper:shard-read", Name);
            findings.Add(reading.Read(id, shard.Rank, shard) is { } read
                ? ShardReading.Report(id, shard.Rank, Finding.Intact, read.Reread(), detail: null, Keeper)
                : ShardReading.Report(reading.Damage!.Value, Keeper));
        }

        yield return Wait.Through(world.Service.Record(new Answer(), Name, findings));
    }

    IEnumerator<Wait> Retain(ModelRun run)
    {
        if (run.State?.Retention is not { } policy) yield break;
        var plan = RetentionPlanner.Plan(Standing(run), policy, world.NodeNow());
        foreach (var entry in RetentionPlanner.InOrder(plan))
        {
            var answer = new Answer();
            yield return Wait.Through(world.Service.Decide(
                answer, Name, run.Id, entry.Checkpoint.StreamKey, [run.Key, entry.Checkpoint.StreamKey],
                at => Expire(run, entry, policy, at)));
            if (answer.IsAway) yield break;   // what is not on record yet waits for the next plan, and so does all that it is built on
        }
    }

    Decisions.Decision Expire(ModelRun run, RetentionEntry entry, RetentionPolicy policy, DateTimeOffset at)
    {
        var now = RetentionPlanner.Plan(Standing(run), policy, at);
        return now.Entries.FirstOrDefault(e => e.Checkpoint == entry.Checkpoint) is { Outcome: RetentionOutcome.Expire }
            ? RetentionDecider.Decide(State(entry.Checkpoint), new RetentionCommand.Expire(
                entry.Checkpoint, entry.Why, now.Digest, policy.GraceSeconds, at))
            : Decisions.Decision.Done;
    }

    Checkpoint? State(CheckpointId id) => world.Store.State<Checkpoint>(id.StreamKey);

    RetentionStanding Standing(ModelRun run)
    {
        var afterlives = world.Store.Streams.Select(static s => s.State).OfType<Checkpoint>()
            .Where(c => c.Id.Run == run.Id && (c.Marks is not null || c.Ending is not null))
            .ToDictionary(static c => c.Id, static c => new Afterlife(c.Marks, c.Ending));
        return new RetentionStanding(
            run.State!, world.Store.VersionOf(run.Key), world.Service.ForRestoring(run.Id), afterlives,
            [.. Restoring().Select(Needs.OfRecovery), .. Forks().Select(static fork => Needs.OfFork(fork.Origin!.Value, fork.Id))]);
    }

    IEnumerable<Recovery> Restoring() => world.Store.Streams.Select(static s => s.State).OfType<Recovery>()
        .Where(static r => r is { Phase: RecoveryPhase.Restoring, Chosen: not null });

    IEnumerable<Runs.Run> Forks() => world.Runs.Select(static run => run.State)
        .OfType<Runs.Run>().Where(static run => run.Origin is not null);

    List<CheckpointId> Due() => [.. world.Store.Candidates().Where(c => State(c.Id)!.Ending?.Reclaimed is null
            && (c.Phase switch
            {
                CheckpointPhase.Expired => State(c.Id)!.Ending!.Expired!.ReclaimAfter <= world.NodeNow(),
                CheckpointPhase.Abandoned => c.Deadline <= world.NodeNow(),
                CheckpointPhase.Reclaimed => true,
                _ => false,
            })).OrderByDescending(static c => c.Id.Generation).ThenByDescending(static c => c.Id.Step).Select(static c => c.Id)];

    IEnumerator<Wait> Reclaim(CheckpointId id)
    {
        var begun = new Answer();
        yield return Wait.Through(world.Service.Decide(begun, Name, id.Run, id.StreamKey, [id.Run.StreamKey, id.StreamKey], at =>
            RetentionDecider.Decide(State(id), new RetentionCommand.StartReclaim(id, Keeper, NeedsOf(id), at))));
        if (!begun.IsYes) yield break;
        foreach (var rank in State(id)!.Opened.WorldSize.Ranks)
        {
            yield return Wait.For(1);
            world.Disk.Delete(ObjectKeys.Shard(new ShardId(id, rank)), isSynced: true);
            world.Happened("keeper:shard-deleted", Name);
        }

        yield return Wait.Through(world.Service.Decide(new Answer(), Name, id.Run, id.StreamKey, [id.StreamKey], at =>
            RetentionDecider.Decide(State(id), new RetentionCommand.Reclaimed(
                id, [.. State(id)!.Opened.WorldSize.Ranks], ShardImage.Bytes, World.Tier, at))));
    }

    /// <summary>As the service reads it while it holds the run: deltas whose bytes are there, tags, recoveries under way.</summary>
    List<KeepReason> NeedsOf(CheckpointId id) =>
    [
        .. world.Store.Candidates().Where(c => c.Base?.Checkpoint == id
            && c.Phase is not (CheckpointPhase.Reclaimed or CheckpointPhase.Abandoned)).Select(static c => Needs.OfChild(c.Id, c.Phase)),
        .. (world.Find(id.Run)?.State?.Tags ?? Enumerable.Empty<KeyValuePair<string, CheckpointId>>()).Where(t => t.Value == id)
            .Select(static t => Needs.OfTag(t.Key)),
        .. Restoring().Where(r => r.Chosen == id).Select(Needs.OfRecovery)
            .Concat(Forks().Where(fork => fork.Origin == id).Select(fork => Needs.OfFork(id, fork.Id)))
            .Select(static n => new KeepReason(n.Rule, n.Detail)),
    ];
}
