using System.Globalization;
using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.Bench.Record;

/// <summary>
/// Makes the life of one run by seed: saves, verifications, damage, lost ranks, recoveries, rewinds, metrics, pins, expiry, exports. What
/// is opened, granted and chosen is decided by the production deciders; shards report what ranks would.
/// </summary>
sealed class RunMaker
{
    static readonly ActorId Keeper = ActorId.Parse("keeper:bench/1"), Person = ActorId.Parse("person:bench");

    readonly MadeRun run;
    readonly Random random;
    readonly RecordSize size;
    readonly WorldSize world;
    readonly ActorId launcher;
    readonly ShardMaker shards;
    readonly Aftermath aftermath;
    DateTimeOffset now;
    long step;

    RunMaker(int number, RecordSize size, DateTimeOffset end)
    {
        (run, this.size) = (new MadeRun(number), size);
        random = new Random(unchecked(7_919 * (number + 1)));
        world = new WorldSize(size.World);
        launcher = ActorId.Parse(string.Create(CultureInfo.InvariantCulture, $"launcher:bench/{number}"));
        now = end.AddMinutes(-6 * size.Checkpoints(number)).AddHours(-1);
        shards = new ShardMaker(run, world, isSmall: number % 4 == 0, random);
        aftermath = new Aftermath(run, random, Person);
    }

    /// <param name="origins">Runs that this one may be forked from.</param>
    /// <param name="end">No event is later.</param>
    public static MadeRun Make(int number, RecordSize size, DateTimeOffset end, IReadOnlyList<MadeRun> origins)
    {
        var maker = new RunMaker(number, size, end);
        maker.Begin(origins);
        for (var save = 0; save < size.Checkpoints(number); save++) maker.Save(save);
        maker.End();
        return maker.run;
    }

    void Begin(IReadOnlyList<MadeRun> origins)
    {
        var policy = new SavePolicy(FullEvery: 8, SaveDeadlineSeconds: 86_400);
        var labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["model"] = "made-up" };
        var origin = run.Number % 10 is 7 or 8 && origins is [.., var last]
            ? last.Candidates.Where(static c => c.Phase == CheckpointPhase.Verified).OrderBy(static c => c.Id.Step)
                .Skip(size.Mean / 3).Select(static c => (CheckpointId?)c.Id).FirstOrDefault()
            : null;
        if (origin is { } from)
        {
            Append(run.Id.StreamKey, new RunForked(run.Id, from, policy, labels, "another learning rate", now), Person);
            Recover(new Course([], new Ancestry(from, [.. origins[^1].Candidates], [.. origins[^1].Turns])));
            return;
        }

        Accept(run.Id.StreamKey, RunDecider.Decide(null, new RunCommand.Register(run.Id, policy, labels, now)), launcher);
        Accept(run.Id.StreamKey, RunDecider.Decide(run.State, new RunCommand.TakeLease(run.Id, launcher, world, LeaseUntil: null, now)),
            launcher);
        Join();
    }

    void Save(int save)
    {
        now = now.AddMinutes(5);
        if (save > 4 && random.Next(40) == 0) Fail();
        step += 100;
        var id = new CheckpointId(run.Id, run.State!.Generation, new Step(step));
        Accept(id.StreamKey, CheckpointDecider.Decide(null, run.State, new CheckpointCommand.Open(
            id, world, shards.Layout, History.ForWriting(
                run.State.Generation, run.Candidates, run.Turns, new Course(run.State.Rewound ?? [])), launcher, Rank: null, now)),
            launcher);
        now = now.AddSeconds(2);
        var isLast = save >= size.Checkpoints(run.Number) - 2;
        if (isLast && run.Number % 20 == 9)
        {
            shards.Store(id, world.Value / 2, now);
            run.Look(id);
            return;
        }

        if (random.Next(33) == 0) Abandon(id);
        else
        {
            shards.Store(id, world.Value, now);
            now = now.AddSeconds(5);
            if (!isLast && random.Next(25) != 0) shards.Verify(id, Keeper, now);
            aftermath.Of(id, now = now.AddSeconds(5));
        }

        run.Look(id);
    }

    void Abandon(CheckpointId id)
    {
        shards.Store(id, random.Next(world.Value), now);
        now = now.AddSeconds(30);
        Accept(id.StreamKey, CheckpointDecider.Decide(run.Checkpoints[id], run.State, new CheckpointCommand.Abandon(
            id, AbandonCause.Requested, "the disk of a rank was full", now)), launcher);
    }

    void Fail()
    {
        if (run.Number % 11 == 5 && run.State!.Rewound is null
            && run.Candidates.Where(static c => c.Phase == CheckpointPhase.Verified).OrderByDescending(static c => c.Id.Step)
                .Skip(3).FirstOrDefault() is { } back)
            Append(run.Id.StreamKey, new RunRewound(run.Id, back.Id, run.State.Generation, "the loss diverged", now), Person);
        Recover(new Course(run.State!.Rewound ?? []));
    }

    void Recover(Course course)
    {
        var next = new Generation(run.State!.Generation.Value + 1);
        var id = new RecoveryId(run.Id, next);
        var decision = RecoveryDecider.Start(
            run.State, run.Recoveries.GetValueOrDefault(new RecoveryId(run.Id, run.State.Generation)),
            History.ForRestoring(next, run.Candidates, run.Turns, course), new RecoveryCommand.Start(
                run.Id, launcher, world, next.Value == 1 ? null : run.State.Generation, "a rank was killed by signal 9",
                [new Rank(world.Value - 1)],
                new Step(step + 57), LeaseUntil: now, now));
        Accept(id.StreamKey, decision, launcher);
        foreach (var abandon in SaveDeadlines.Step(
            run.Candidates.Where(static c => c.Phase == CheckpointPhase.Open).Select(static c => new OpenSave(c.Id, c.Deadline)).ToList(),
            [new RunFence(run.Id, next, IsCompleted: false)], now))
        {
            Accept(abandon.Checkpoint.StreamKey,
                CheckpointDecider.Decide(run.Checkpoints[abandon.Checkpoint], run.State, abandon), launcher);
            run.Look(abandon.Checkpoint);
        }

        var recovery = run.Recoveries[id];
        if (recovery.Phase == RecoveryPhase.Failed) return;
        now = now.AddSeconds(20);
        foreach (var rank in world.Ranks)
            Append(id.StreamKey, new RankRestored(
                id, rank, recovery.Chosen, 1_500_000 + random.Next(100_000), "local", ShardMaker.Hash($"state {id} {rank}"),
                15 + random.Next(5), now), ActorId.Parse($"rank:{run.Id}/{next}/{rank}"));
        Append(id.StreamKey, new RecoveryCompleted(id, recovery.Chosen?.Step ?? default, step + 57 - (recovery.Chosen?.Step.Value ?? 0),
            now), launcher);
        step = recovery.Chosen?.Step.Value ?? 0;
        Join();
    }

    void Join()
    {
        foreach (var rank in world.Ranks)
            Append(run.Id.StreamKey, new RankJoined(run.Id, run.State!.Generation, rank, $"node-{rank.Value / 8}", 1_000 + rank.Value, now),
                ActorId.Parse($"rank:{run.Id}/{run.State.Generation}/{rank}"));
    }

    void End()
    {
        now = now.AddSeconds(10);
        aftermath.Expire(now);
        foreach (var id in run.Checkpoints.Keys) run.Look(id);
        if (run.Candidates.Where(static c => c.Phase == CheckpointPhase.Verified).MaxBy(static c => c.Id.Step) is { } tagged)
            Append(run.Id.StreamKey, new TagPlaced(run.Id, "release", tagged.Id, Before: null, now), Person);
        if (run.State!.Lease != LeasePhase.Held) return;
        var isDone = run.Number % 3 != 0 && run.Candidates.All(static c => c.Phase != CheckpointPhase.Open);
        Append(run.Id.StreamKey, isDone
            ? new RunCompleted(run.Id, run.State.Generation, new Step(step), StateDigest: null, now)
            : new LeaseReleased(run.Id, run.State.Generation, launcher, "stopped", now), launcher);
    }

    void Append(string stream, object body, ActorId actor) => run.Append(stream, body, actor, now);

    void Accept(string stream, Decision decision, ActorId actor)
    {
        if (decision is not Decision.Accepted accepted)
            throw new InvalidOperationException($"The history cannot go on at {stream}: {decision}");
        foreach (var e in accepted.Events) Append(stream, e, actor);
        foreach (var (other, e) in accepted.Elsewhere) Append(other, e, actor);
    }
}
