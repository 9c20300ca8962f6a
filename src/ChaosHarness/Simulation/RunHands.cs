using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Retention;
using Lineage.Runs;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>What people decide about a run and about what it keeps, through production's deciders.</summary>
sealed class RunHands(World world)
{
    const string Name = "reader", Reason = "simulated";

    const int TriesMax = 60;

    readonly ModelRun run = world.Main;

    static readonly ActorId Person = ActorId.Parse("person");

    public IEnumerator<Wait> Tag(Answer answer, int back, string tag)
    {
        if (Point(back) is not { } chain) yield break;
        var id = chain.Target.Id;
        yield return Wait.Through(world.Service.Decide(answer, Name, run.Id, run.Key, [run.Key, id.StreamKey], at =>
            RunChangeDecider.Decide(run.State, new RunChange.PlaceTag(run.Id, tag, id, State(id), Before: null, at))));
    }

    /// <summary>The launcher is stopped, and as soon as its lease is dead the run is turned back and launched again.</summary>
    /// <param name="underLoad">Its ranks are not stopped: they save on while the run is turned back.</param>
    public IEnumerator<Wait> Rewind(Answer answer, int back, bool underLoad)
    {
        if (run.IsOver || run.Launcher is not { IsAlive: true } launcher || Point(back) is not { Target.Id: var to }) yield break;
        Kernel.Kill(launcher);
        foreach (var rank in world.Everyone)
            if (!underLoad && rank.Run == run) rank.End(RankExit.Killed);
        for (var tries = 0; tries < TriesMax; tries++)
        {
            yield return Wait.For(150);
            answer.Decision = null;
            yield return Wait.Through(world.Service.Decide(
                answer, Name, run.Id, run.Key, [run.Key, to.StreamKey], at => RunChangeDecider.Decide(run.State, new RunChange.Rewind(
                    run.Id, to, Reason, world.Service.ForRestoring(run.Id), LeaseUntil(), at))));
            if (!answer.IsAway && answer.Decision is not Decision.Refused { Code: ProblemCodes.RunLive }) break;
        }

        world.Launch(run, "launcher-r", 50);
    }

    /// <summary>Another run goes on from one of this run's points, and is launched.</summary>
    public IEnumerator<Wait> Fork(Answer answer, int back, int number)
    {
        if (Point(back) is not { Target.Id: var from } || world.Runs.Exists(r => r.Prefix == $"fork{number}/")) yield break;
        var name = RunId.Parse($"sim-fork-{number}");
        yield return Wait.Through(world.Service.Decide(
            answer, Name, name, name.StreamKey, [run.Key, name.StreamKey, from.StreamKey], at => RunChangeDecider.Decide(
                world.Store.State<Run>(name.StreamKey), new RunChange.Fork(
                    name, from, run.State, ChainOf(from), Policy: null, Labels: null, Reason, at))));
        if (answer.IsYes) world.Launch(world.Add(name.ToString(), run.WorldSize, $"fork{number}/"), "launcher-a");
    }

    /// <summary>Retention is cut down; the keeper's next plans follow.</summary>
    public IEnumerator<Wait> Retain(Answer answer, int latest)
    {
        var policy = world.Retention with { Latest = latest };
        return world.Service.Decide(answer, Name, run.Id, run.Key, [run.Key], at => RunChangeDecider.Decide(
            run.State, new RunChange.ChangeRetention(run.Id, policy, Reason, at)));
    }

    /// <summary>The newest expired checkpoint comes back with its chain.</summary>
    public IEnumerator<Wait> Undo(Answer answer, bool pin)
    {
        if (Newest(CheckpointPhase.Expired) is not { } id) yield break;
        var links = Below(id);
        yield return Wait.Through(world.Service.Decide(
            answer, Name, run.Id, id.StreamKey, [run.Key, id.StreamKey, .. links.Select(static link => link.Id.StreamKey)],
            at => RetentionDecider.Undo(State(id)!, Below(id), new RetentionCommand.Undo(id, Person, Reason, pin, at))));
    }

    /// <summary>Somebody begins to restore what retention let go of.</summary>
    /// <returns>What was said; null if nothing is expired.</returns>
    public string? RestoreExpired()
    {
        if ((Newest(CheckpointPhase.Expired) ?? Newest(CheckpointPhase.Reclaimed)) is not { } id) return null;
        if (RetentionDecider.Unrestorable(State(id)!) is { } refused) return $"{id} was asked for: {refused.Code}";
        LauncherProcess.Offer(world, run, Name, id, "asked for by name");
        return $"{id} was given out";
    }

    CheckpointId? Newest(CheckpointPhase phase) => world.Store.CandidatesOf(run.Id).Where(c => c.Phase == phase)
        .OrderByDescending(static c => c.Id.Step).ThenByDescending(static c => c.Id.Generation).Select(static c => (CheckpointId?)c.Id)
        .FirstOrDefault();

    Chain? Point(int back) => run.State is null ? null
        : RestorePointChooser.Survey(world.Service.ForRestoring(run.Id), new RestoreFilter()).Usable.Skip(back).FirstOrDefault();

    Chain? ChainOf(CheckpointId id)
    {
        var known = world.Store.CandidatesOf(run.Id).ToDictionary(static c => c.Id);
        return known.TryGetValue(id, out var target) ? ChainBuilder.Build(target, link => known.GetValueOrDefault(link)) : null;
    }

    List<Checkpoint> Below(CheckpointId id)
    {
        List<Checkpoint> links = [];
        for (var at = State(id)?.Base?.Checkpoint; at is { } link && State(link) is { } found; at = found.Base?.Checkpoint)
            links.Add(found);
        return links;
    }

    Checkpoint? State(CheckpointId id) => world.Store.State<Checkpoint>(id.StreamKey);

    DateTimeOffset? LeaseUntil() => world.Store.LeaseUntil(run.Id, run.State!.Generation);
}
