using Lineage.ChaosHarness.Histories;
using Lineage.Checkpoints;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>What people ask, one after the other, as the schedule's operations say: all but saves, which are the ranks'.</summary>
sealed class PeopleProcess(World world)
{
    readonly RunHands hands = new(world);

    public IEnumerator<Wait> Work()
    {
        foreach (var operation in world.Schedule.Operations.Where(static o => o.Kind != OperationKind.Save))
        {
            yield return Wait.For(world.Random.Between(300, 900));
            world.Note((i, at) => new Entry.Invoked(i, at, "reader", operation.Id, operation.Kind, $"argument {operation.Argument}"));
            var answer = new Answer();
            yield return Wait.Through(Do(answer, operation));
            var outcome = answer.IsAway ? Outcome.Unknown : answer.IsYes ? Outcome.Ok : Outcome.Failed;
            var code = answer.Decision is Decision.Refused refused ? refused.Code : null;
            world.Note((i, at) => new Entry.Ended(i, at, "reader", operation.Id, outcome, code, ""));
        }
    }

    IEnumerator<Wait> Do(Answer answer, Operation operation) => operation.Kind switch
    {
        OperationKind.Restore => Restore(answer),
        OperationKind.Pin or OperationKind.Unpin => Mark(answer, operation),
        OperationKind.Tag => hands.Tag(answer, (int)operation.Argument, $"kept-{operation.Id}"),
        OperationKind.Rewind => hands.Rewind(answer, (int)operation.Argument, underLoad: false),
        OperationKind.Fork => hands.Fork(answer, (int)operation.Argument, operation.Id),
        OperationKind.Expire => hands.Retain(answer, latest: (int)operation.Argument),
        OperationKind.Undo => hands.Undo(answer, pin: operation.Argument > 0),
        OperationKind.Scale => new ScaledRun(world).Begin(answer, (int)operation.Argument, operation.Id),
        _ => Nothing(operation),
    };

    IEnumerator<Wait> Nothing(Operation operation)
    {
        world.Note((i, at) => new Entry.Noted(i, at, "reader", "not modelled", operation.Kind.ToString()));
        yield break;
    }

    IEnumerator<Wait> Mark(Answer answer, Operation operation)
    {
        var actor = ActorId.Parse("person");
        var known = world.Store.CandidatesOf(world.Main.Id).Where(static c => c.IsSealed).OrderByDescending(static c => c.Id.Step)
            .ThenByDescending(static c => c.Id.Generation).Skip((int)operation.Argument).Take(1).Select(static c => c.Id).ToList();
        if (known is not [var id]) yield break;
        yield return Wait.Through(world.Service.Decide(
            answer, "reader", id.Run, id.StreamKey, [id.Run.StreamKey, id.StreamKey], at => MarkDecider.Decide(
                world.Store.State<Checkpoint>(id.StreamKey), operation.Kind == OperationKind.Pin
                    ? new MarkCommand.Pin(id, actor, "to look at", Until: null, at)
                    : new MarkCommand.Unpin(id, actor, "looked at", at))));
    }

    /// <summary>A person restores what is offered, rank by rank, past every check.</summary>
    IEnumerator<Wait> Restore(Answer answer)
    {
        if (world.Main.State is null) yield break;
        var survey = RestorePointChooser.Survey(world.Service.ForRestoring(world.Main.Id), new RestoreFilter());
        LauncherProcess.Offer(world, world.Main, "reader", survey);
        if (survey.Best?.Target.Id is not { } id) yield break;
        foreach (var rank in world.Main.WorldSize.Ranks)
        {
            var reading = new ShardReading(world, "reader");
            yield return Wait.Through(reading.Restore(id, rank));
            if (reading.Damage is { } damage)
            {
                yield return Wait.Through(ShardReading.Tell(world, "reader", damage));
                yield break;
            }

            var digest = reading.State.Digest();
            world.Note((i, at) => new Entry.Restored(i, at, "reader", Recovery: null, id, rank.Value, digest));
        }

        answer.Decision = Decision.Done;
    }
}
