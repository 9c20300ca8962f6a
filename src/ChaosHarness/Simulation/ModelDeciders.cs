using System.Collections.Immutable;
using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>What a caller gets: nothing if the service was away.</summary>
sealed class Answer
{
    public Decision? Decision { get; set; }

    public BatchDecision? Batch { get; set; }

    public bool IsAway => Decision is null && Batch is null;

    public bool IsYes => Decision is Decision.Accepted or Decision.AlreadyDone;

    public Problem Problem => Decision is Decision.Refused refused
        ? refused.ToProblem()
        : Problem.Of(ProblemCodes.ServerUnreachable, 503, "The service is away", "No server answered.");
}

/// <summary>
/// The service: production's deciders over the modelled store, in the way of production's ledger: read, decide, commit if nothing that was
/// read has changed, and decide again after a lost race or an unknown outcome.
/// </summary>
sealed class ModelDeciders(World world)
{
    const int AttemptsMax = 6;

    readonly record struct Work(Decision? Decision, BatchDecision? Batch, List<(string, object)> Events);

    /// <param name="streams">What is read and must not have changed at commit.</param>
    public IEnumerator<Wait> Decide(
        Answer answer, string caller, RunId run, string stream, string[] streams, Func<DateTimeOffset, Decision> decide) =>
        Decide(answer, caller, run, () => streams, now => (stream, decide(now)));

    /// <summary>Where the state decides which stream the events go to.</summary>
    public IEnumerator<Wait> Decide(
        Answer answer, string caller, RunId run, Func<string[]> streams,
        Func<DateTimeOffset, (string Stream, Decision Decision)> decide) =>
        Transact(answer, caller, streams, now =>
        {
            var (stream, decision) = decide(now);
            List<(string, object)> events = [];
            if (decision is Decision.Accepted accepted)
            {
                foreach (var e in accepted.Events) events.Add((stream, e));
                foreach (var e in accepted.Elsewhere) events.Add((e.Stream, e.Event));
            }
            else if (decision is Decision.Refused refused)
            {
                foreach (var e in refused.Record) events.Add((run.StreamKey, e));
            }

            return new Work(decision, Batch: null, events);
        });

    /// <summary>Facts of one checkpoint, as the broker's consumers and the posts both record them.</summary>
    public IEnumerator<Wait> Record(Answer answer, string caller, IReadOnlyList<FactMessage> facts)
    {
        var id = facts[0].Checkpoint;
        return Transact(answer, caller, () => [id.Run.StreamKey, id.StreamKey], now =>
        {
            var batch = CheckpointDecider.DecideAll(
                id, world.Store.State<Checkpoint>(id.StreamKey), world.Store.State<Run>(id.Run.StreamKey), facts, now);
            List<(string, object)> events = [];
            foreach (var e in batch.Events) events.Add((id.StreamKey, e));
            foreach (var e in batch.RunEvents) events.Add((id.Run.StreamKey, e));
            return new Work(Decision: null, batch, events);
        });
    }

    IEnumerator<Wait> Transact(Answer answer, string caller, Func<string[]> streams, Func<DateTimeOffset, Work> decide)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var server = world.Servers[world.Random.Below(world.Servers.Count)];
            yield return Wait.For(world.Random.Between(1, 4));
            if (!IsReachable(server, caller)) yield break;
            var transaction = world.Store.Begin();
            try
            {
                var read = Array.ConvertAll(streams(), key => (key, world.Store.VersionOf(key)));
                var work = decide(world.Now(server.SkewMs));
                if (work.Events.Count > 0) yield return Wait.For(world.Random.Between(0, 3));
                if (!IsReachable(server, caller)) yield break;
                var outcome = world.Store.Append(transaction, read, work.Events);
                if (transaction.Appended.Count > 0 && world.Store.TakeSlowCommit()) yield return Wait.For(world.Random.Between(3, 12));
                Finish(transaction, outcome);
                if (outcome != CommitOutcome.Committed) continue;
                (answer.Decision, answer.Batch) = (work.Decision, work.Batch);
                yield break;
            }
            finally
            {
                world.Store.End(transaction);   // also when its caller was killed meanwhile
            }
        }
    }

    void Finish(ModelTransaction transaction, CommitOutcome outcome)
    {
        if (outcome is not (CommitOutcome.Committed or CommitOutcome.Unknown)) return;
        world.Store.Finish(transaction, world.Kernel.NowMs);
        foreach (var line in transaction.Appended) world.Happened(EventCatalog.Names[line.Event.GetType()], line.Stream);
    }

    bool IsReachable(ModelServer server, string caller) => server.IsUp && !world.CutOff.Contains(caller);

    /// <summary>What a save's planning looks at.</summary>
    public History ForWriting(RunId run, Generation generation) => History.ForWriting(
        generation, world.Store.CandidatesOf(run), world.Store.TurnsOf(run), new Course(RewindsOf(run)));

    public History ForRestoring(RunId run, Generation next) => History.ForRestoring(
        next, world.Store.CandidatesOf(run), world.Store.TurnsOf(run), new Course(RewindsOf(run), AncestryOf(run)));

    /// <summary>What a recovery that began now could restore.</summary>
    public History ForRestoring(RunId run) =>
        ForRestoring(run, new Generation((world.Store.State<Run>(run.StreamKey)?.Generation.Value ?? 0) + 1));

    ImmutableList<RunRewound> RewindsOf(RunId run) => world.Store.State<Run>(run.StreamKey)?.Rewound ?? [];

    Ancestry? AncestryOf(RunId run) => world.Store.State<Run>(run.StreamKey)?.Origin is { } from
        ? new Ancestry(from, [.. world.Store.CandidatesOf(from.Run)], [.. world.Store.TurnsOf(from.Run)], AncestryOf(from.Run))
        : null;

    public Recovery? RecoveryOf(RunId run, Generation generation) =>
        world.Store.State<Recovery>(new RecoveryId(run, generation).StreamKey);

    /// <summary>The chain of a checkpoint with where its shards lie, from the full one on.</summary>
    public ChainView? ChainOf(CheckpointId id) => world.Store.State<Checkpoint>(id.StreamKey) is { } target
        ? ChainBuilder.View(target, link => world.Store.State<Checkpoint>(link.StreamKey))
        : null;
}
