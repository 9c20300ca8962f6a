using Lineage.ChaosHarness.Histories;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>The service's own process managers (save deadlines, lease expiry), and people who ask and mark.</summary>
sealed class ManagerProcess(World world)
{
    public IEnumerator<Wait> Deadlines()
    {
        var since = world.Now();
        while (true)
        {
            yield return Wait.For(world.Random.Between(200, 400));
            if (world.RunState is not { } run) continue;
            var open = world.Store.Candidates().Where(static c => c.Phase == CheckpointPhase.Open)
                .Select(static c => new OpenSave(c.Id, c.Deadline)).ToList();
            foreach (var due in SaveDeadlines.Step(open, [new RunFence(run.Id, run.Generation, run.Completed is not null)], world.Now()))
                yield return Wait.Through(world.Service.Decide(
                    new Answer(), "manager", due.Checkpoint.StreamKey, [world.Run.StreamKey, due.Checkpoint.StreamKey],
                    at => CheckpointDecider.Decide(
                        world.Store.State<Checkpoint>(due.Checkpoint.StreamKey), world.RunState, due with { At = at })));
            if (run.Lease != LeasePhase.Held || world.Store.LeaseUntil(run.Id, run.Generation) is not { } until) continue;
            foreach (var expire in LeaseExpiry.Step([new HeldLease(run.Id, run.Generation, run.LeaseSeconds, until)], since, world.Now()))
                yield return Wait.Through(world.Service.Decide(
                    new Answer(), "manager", world.Run.StreamKey, [world.Run.StreamKey],
                    at => RunDecider.Decide(world.RunState, expire with { At = at })));
        }
    }

    /// <summary>What people ask, one after the other, when the save that the operation names has been seen.</summary>
    public IEnumerator<Wait> People()
    {
        foreach (var operation in world.Schedule.Operations.Where(static o => o.Kind != OperationKind.Save))
        {
            yield return Wait.For(world.Random.Between(300, 900));
            world.Note((i, at) => new Entry.Invoked(i, at, "reader", operation.Id, operation.Kind, $"argument {operation.Argument}"));
            var answer = new Answer();
            yield return Wait.Through(operation.Kind == OperationKind.Restore ? Restore(answer) : Mark(answer, operation));
            var outcome = answer.IsAway ? Outcome.Unknown : answer.IsYes ? Outcome.Ok : Outcome.Failed;
            var code = answer.Decision is Decision.Refused refused ? refused.Code : null;
            world.Note((i, at) => new Entry.Ended(i, at, "reader", operation.Id, outcome, code, ""));
        }
    }

    IEnumerator<Wait> Mark(Answer answer, Operation operation)
    {
        var actor = ActorId.Parse("person");
        var known = world.Store.Candidates().Where(static c => c.IsSealed).OrderByDescending(static c => c.Id.Step)
            .ThenByDescending(static c => c.Id.Generation).Skip((int)operation.Argument).Take(1).Select(static c => c.Id).ToList();
        if (known is not [var id]) yield break;
        yield return Wait.Through(world.Service.Decide(
            answer, "reader", id.StreamKey, [world.Run.StreamKey, id.StreamKey], at => MarkDecider.Decide(
                world.Store.State<Checkpoint>(id.StreamKey), operation.Kind == OperationKind.Pin
                    ? new MarkCommand.Pin(id, actor, "to look at", Until: null, at)
                    : new MarkCommand.Unpin(id, actor, "looked at", at))));
    }

    /// <summary>A person restores what is offered, rank by rank, past every check.</summary>
    IEnumerator<Wait> Restore(Answer answer)
    {
        if (world.RunState is not { } run) yield break;
        var survey = RestorePointChooser.Survey(
            world.Service.ForRestoring(new Generation(run.Generation.Value + 1)), new RestoreFilter());
        LauncherProcess.Offer(world, "reader", survey);
        if (survey.Best?.Target.Id is not { } id) yield break;
        foreach (var rank in world.WorldSize.Ranks)
        {
            var reading = new ShardReading(world, "reader");
            yield return Wait.Through(reading.Restore(id, rank));
            if (reading.Damage is { } damage)
            {
                var told = new Answer();
                yield return Wait.Through(world.Service.Record(told, "reader", [ShardReading.Report(damage, ActorId.Parse("person"))]));
                yield break;
            }

            var digest = reading.State.Digest();
            world.Note((i, at) => new Entry.Restored(i, at, "reader", Recovery: null, id, rank.Value, digest));
        }

        answer.Decision = Decision.Done;
    }
}
