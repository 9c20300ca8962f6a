using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>
/// Starts the run, watches its ranks, and begins the next generation when they are lost: a lease, a recovery, new processes. What is on
/// record is all that it needs, so another launcher goes on after it was killed.
/// </summary>
sealed class LauncherProcess(World world, string name)
{
    const int GenerationsMax = 24;
    const long SilentMs = 2_500, PollMs = 120;

    readonly ActorId holder = ActorId.Parse(name);
    string cause = "resume";
    IReadOnlyList<Rank> failed = [];
    Step? reached;
    Generation? known;
    RankGroup? group;

    public IEnumerator<Wait> Work()
    {
        yield return Wait.Through(Register());
        for (var starts = 0; starts < GenerationsMax; starts++)
        {
            yield return Wait.Through(TakeOver());
            if (group is null) continue;
            StopOlder();
            for (var rank = 0; rank < world.Schedule.World.Ranks; rank++)
            {
                var process = new RankProcess(world, group, rank);
                group.Ranks.Add(process);
                world.Everyone.Add(process);
            }

            world.Ranks = group;
            yield return Wait.Through(Watch());
            if (group.Ranks.TrueForAll(static r => r.Exit == RankExit.Done))
            {
                yield return Wait.Through(Complete());
                if (world.RunState?.Completed is not null)
                {
                    world.IsRunOver = true;
                    yield break;
                }
            }
        }

        world.IsRunOver = true;
    }

    IEnumerator<Wait> Ask(Answer answer, string stream, string[] streams, Func<DateTimeOffset, Decision> decide) =>
        Ask(answer, () => streams, at => (stream, decide(at)));

    IEnumerator<Wait> Ask(Answer answer, Func<string[]> streams, Func<DateTimeOffset, (string, Decision)> decide)
    {
        for (var tries = 0; tries < 400 && answer.IsAway; tries++)
        {
            if (tries > 0) yield return Wait.For(150);
            yield return Wait.Through(world.Service.Decide(answer, name, streams, decide));
        }
    }

    IEnumerator<Wait> Register()
    {
        string key = world.Run.StreamKey;
        yield return Wait.Through(Ask(new Answer(), key, [key], at => RunDecider.Decide(
            world.RunState, new RunCommand.Register(world.Run, world.RunState is null ? world.Policy : null, Labels: null, at))));
        yield return Wait.Through(Ask(new Answer(), key, [key], at => RunChangeDecider.Decide(
            world.RunState, new RunChange.ChangeRetention(world.Run, world.Retention, "simulated", at))));
    }

    /// <summary>The first lease, or a recovery. Null group: not now.</summary>
    IEnumerator<Wait> TakeOver()
    {
        group = null;
        var key = world.Run.StreamKey;
        var first = new Answer();
        yield return Wait.Through(Ask(first, key, [key], at => RunDecider.Decide(world.RunState, new RunCommand.TakeLease(
            world.Run, holder, world.WorldSize, LeaseUntil(), at))));
        if (first.IsYes && world.RunState!.Generation.Value == 1 && known is null)
        {
            Begin(new Generation(1), point: null, attempt: 0);
            yield break;
        }

        var answer = new Answer();
        yield return Wait.Through(Ask(answer, RecoveryStreams, StartRecovery));
        var standing = world.Service.RecoveryOf(world.RunState!.Generation);
        if (answer.IsYes && world.RunState.Holder == holder && standing is { Phase: RecoveryPhase.Restoring })
        {
            Begin(standing.Id.Generation, standing.Chosen, standing.Attempt);
            yield break;
        }

        known = world.RunState.Generation;
        yield return Wait.Through(answer.IsYes ? WaitForPoint() : Pause(1_000));
    }

    /// <summary>Of the recovery that would begin now: while the answer was away, another launcher's may have begun.</summary>
    RecoveryId Next() => new(world.Run, new Generation(world.RunState!.Generation.Value + 1));

    string[] RecoveryStreams() =>
        [world.Run.StreamKey, Next().StreamKey, new RecoveryId(world.Run, world.RunState!.Generation).StreamKey];

    (string, Decision) StartRecovery(DateTimeOffset at) => (Next().StreamKey, RecoveryDecider.Start(
        world.RunState, world.Service.RecoveryOf(world.RunState!.Generation), world.Service.ForRestoring(Next().Generation),
        new RecoveryCommand.Start(world.Run, holder, world.WorldSize, known, cause, failed, reached, LeaseUntil(), at)));

    static IEnumerator<Wait> Pause(long ms)
    {
        yield return Wait.For(ms);
    }

    /// <summary>No point can be restored now: waits for a keeper to verify one, a bounded time.</summary>
    IEnumerator<Wait> WaitForPoint()
    {
        for (var looks = 0; looks < 40; looks++)
        {
            yield return Wait.For(250);
            var survey = RestorePointChooser.Survey(
                world.Service.ForRestoring(new Generation(world.RunState!.Generation.Value + 1)), new RestoreFilter(world.WorldSize));
            if (survey.Best is null) continue;
            Offer(world, "reader", survey);
            yield break;
        }

        world.IsRunOver = true;
        yield return Wait.For(1_000_000_000);
    }

    public static void Offer(World world, string who, Survey survey) => world.Note((i, at) => new Entry.Offered(
        i, at, who, world.Run, survey.Best?.Target.Id, survey.Why));

    DateTimeOffset? LeaseUntil() => world.RunState is { } run ? world.Store.LeaseUntil(world.Run, run.Generation) : null;

    void Begin(Generation generation, CheckpointId? point, int attempt)
    {
        known = generation;
        group = new RankGroup(generation, point, attempt);
        (cause, failed, reached) = ("lease lost", [], point?.Step);
    }

    /// <summary>Whom the kill does not reach goes on as a zombie.</summary>
    void StopOlder()
    {
        foreach (var rank in world.Everyone)
            if (rank.Exit is null && !world.CutOff.Contains($"kill:{rank.Name}")) rank.End(RankExit.Killed);
    }

    IEnumerator<Wait> Watch()
    {
        var ranks = group!.Ranks;
        var renewed = world.Kernel.NowMs;
        while (true)
        {
            yield return Wait.For(PollMs);
            if (ranks.TrueForAll(static r => r.Exit == RankExit.Done)) yield break;
            var gone = ranks.FindAll(static r => r.Exit is not (null or RankExit.Done));
            var silent = ranks.FindAll(r => r.Exit is null && world.Kernel.NowMs - r.HeardMs > SilentMs && r.Step < world.LastStep);
            if (gone.Count + (silent.Count == ranks.Count || ranks.Exists(static r => r.IsPaused) ? silent.Count : 0) > 0)
            {
                Lost([.. gone, .. silent]);
                if (gone.Exists(static r => r.Exit == RankExit.FoundDamage)) yield return Wait.For(200);
                yield break;
            }

            if (world.Kernel.NowMs - renewed < 1_000) continue;
            renewed = world.Kernel.NowMs;
            var answer = new Answer();
            yield return Wait.Through(world.Service.Decide(answer, name, world.Run.StreamKey, [world.Run.StreamKey], Renew));
            if (answer.IsAway || answer.IsYes) continue;
            Lost([]);
            yield break;
        }
    }

    Decision Renew(DateTimeOffset at)
    {
        var decision = RunDecider.Decide(world.RunState, new RunCommand.RenewLease(world.Run, group!.Generation, holder, at));
        if (decision is Decision.AlreadyDone)
            world.Store.Renew(world.Run, group.Generation, at.AddSeconds(world.Policy.LeaseSeconds));
        return decision;
    }

    void Lost(IReadOnlyList<RankProcess> who)
    {
        StopOlder();
        failed = [.. who.Select(static r => r.Rank).Distinct().Order()];
        cause = who.Count == 0
            ? "the lease is no longer this launcher's"
            : $"rank {who[0].Rank} {who[0].Exit?.ToString().ToLowerInvariant() ?? "silent"}";
        reached = new Step(group!.Ranks.Max(static r => r.Step));
    }

    IEnumerator<Wait> Complete()
    {
        var key = world.Run.StreamKey;
        var digest = ContentHash.Of([.. group!.Ranks.SelectMany(static r => r.State.Digest().ToBytes())]);
        var answer = new Answer();
        yield return Wait.Through(Ask(answer, key, [key], at => RunDecider.Decide(world.RunState, new RunCommand.CompleteRun(
            world.Run, group.Generation, new Step(world.LastStep), digest, holder, at))));
        if (answer.IsYes) world.Note((i, at) => new Entry.Acknowledged(i, at, name, key, "run-completed.v1", Rank: null));
    }
}
