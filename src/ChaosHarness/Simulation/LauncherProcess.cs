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
sealed class LauncherProcess(World world, ModelRun run, string name)
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
            for (var rank = 0; rank < run.WorldSize.Value; rank++)
            {
                var process = new RankProcess(world, run, group, rank);
                group.Ranks.Add(process);
                world.Everyone.Add(process);
            }

            run.Group = group;
            yield return Wait.Through(Watch());
            if (group.Ranks.TrueForAll(static r => r.Exit == RankExit.Done))
            {
                yield return Wait.Through(Complete());
                if (run.State?.Completed is not null)
                {
                    run.IsOver = true;
                    yield break;
                }
            }
        }

        run.IsOver = true;
    }

    IEnumerator<Wait> Ask(Answer answer, string stream, string[] streams, Func<DateTimeOffset, Decision> decide) =>
        Ask(answer, () => streams, at => (stream, decide(at)));

    IEnumerator<Wait> Ask(Answer answer, Func<string[]> streams, Func<DateTimeOffset, (string, Decision)> decide)
    {
        for (var tries = 0; tries < 400 && answer.IsAway; tries++)
        {
            if (tries > 0) yield return Wait.For(150);
            yield return Wait.Through(world.Service.Decide(answer, name, run.Id, streams, decide));
        }
    }

    IEnumerator<Wait> Register()
    {
        yield return Wait.Through(Ask(new Answer(), run.Key, [run.Key], at => RunDecider.Decide(
            run.State, new RunCommand.Register(run.Id, run.State is null ? world.Policy : null, Labels: null, at))));
        if (run.State?.Retention is not null) yield break;   // a person may have decided otherwise meanwhile
        yield return Wait.Through(Ask(new Answer(), run.Key, [run.Key], at => RunChangeDecider.Decide(
            run.State, new RunChange.ChangeRetention(run.Id, world.Retention, "simulated", at))));
    }

    /// <summary>The first lease, or a recovery. Null group: not now.</summary>
    IEnumerator<Wait> TakeOver()
    {
        group = null;
        var first = new Answer();
        yield return Wait.Through(Ask(first, run.Key, [run.Key], at => RunDecider.Decide(run.State, new RunCommand.TakeLease(
            run.Id, holder, run.WorldSize, LeaseUntil(), at))));
        if (first.IsYes && run.State!.Generation.Value == 1 && known is null)
        {
            Begin(new Generation(1), point: null, attempt: 0);
            yield break;
        }

        var answer = new Answer();
        yield return Wait.Through(Ask(answer, RecoveryStreams, StartRecovery));
        var standing = world.Service.RecoveryOf(run.Id, run.State!.Generation);
        if (answer.IsYes && run.State.Holder == holder && standing is { Phase: RecoveryPhase.Restoring })
        {
            Begin(standing.Id.Generation, standing.Chosen, standing.Attempt);
            yield break;
        }

        known = run.State.Generation;
        yield return Wait.Through(answer.IsYes ? WaitForPoint() : Pause(1_000));
    }

    /// <summary>Of the recovery that would begin now: while the answer was away, another launcher's may have begun.</summary>
    RecoveryId Next() => new(run.Id, new Generation(run.State!.Generation.Value + 1));

    string[] RecoveryStreams() =>
        [run.Key, Next().StreamKey, new RecoveryId(run.Id, run.State!.Generation).StreamKey];

    (string, Decision) StartRecovery(DateTimeOffset at) => (Next().StreamKey, RecoveryDecider.Start(
        run.State, world.Service.RecoveryOf(run.Id, run.State!.Generation), world.Service.ForRestoring(run.Id),
        new RecoveryCommand.Start(run.Id, holder, run.WorldSize, known, cause, failed, reached, LeaseUntil(), at)));

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
            var survey = RestorePointChooser.Survey(world.Service.ForRestoring(run.Id), new RestoreFilter(run.WorldSize));
            if (survey.Best is null) continue;
            Offer(world, run, "reader", survey);
            yield break;
        }

        run.IsOver = true;
        yield return Wait.For(1_000_000_000);
    }

    public static void Offer(World world, ModelRun run, string who, Survey survey) => world.Note((i, at) => new Entry.Offered(
        i, at, who, run.Id, survey.Best?.Target.Id, survey.Why));

    public static void Offer(World world, ModelRun run, string who, CheckpointId id, string why) => world.Note((i, at) => new Entry.Offered(
        i, at, who, run.Id, id, why));

    DateTimeOffset? LeaseUntil() => run.State is { } state ? world.Store.LeaseUntil(run.Id, state.Generation) : null;

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
            if (rank.Exit is null && rank.Run == run && !world.CutOff.Contains($"kill:{rank.Name}")) rank.End(RankExit.Killed);
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
            yield return Wait.Through(world.Service.Decide(answer, name, run.Id, run.Key, [run.Key], Renew));
            if (answer.IsAway || answer.IsYes) continue;
            Lost([]);
            yield break;
        }
    }

    Decision Renew(DateTimeOffset at)
    {
        var decision = RunDecider.Decide(run.State, new RunCommand.RenewLease(run.Id, group!.Generation, holder, at));
        if (decision is Decision.AlreadyDone)
            world.Store.Renew(run.Id, group.Generation, at.AddSeconds(world.Policy.LeaseSeconds));
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
        var digest = ContentHash.Of([.. group!.Ranks.SelectMany(static r => r.State.Digest().ToBytes())]);
        var answer = new Answer();
        yield return Wait.Through(Ask(answer, run.Key, [run.Key], at => RunDecider.Decide(run.State, new RunCommand.CompleteRun(
            run.Id, group.Generation, new Step(world.LastStep), digest, holder, at))));
        if (answer.IsYes) world.Note((i, at) => new Entry.Acknowledged(i, at, name, run.Key, "run-completed.v1", Rank: null));
    }
}
