using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Runs;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>The service's own process managers: save deadlines and the end of leases, for every run.</summary>
sealed class ManagerProcess(World world)
{
    public IEnumerator<Wait> Deadlines()
    {
        var since = world.Now();
        while (true)
        {
            yield return Wait.For(world.Random.Between(200, 400));
            foreach (var run in world.Runs.ToList())
                if (run.State is { } state) yield return Wait.Through(Look(run, state, since));
        }
    }

    IEnumerator<Wait> Look(ModelRun run, Run state, DateTimeOffset since)
    {
        var open = world.Store.CandidatesOf(run.Id).Where(static c => c.Phase == CheckpointPhase.Open)
            .Select(static c => new OpenSave(c.Id, c.Deadline)).ToList();
        foreach (var due in SaveDeadlines.Step(open, [new RunFence(run.Id, state.Generation, state.Completed is not null)], world.Now()))
            yield return Wait.Through(world.Service.Decide(
                new Answer(), "manager", run.Id, due.Checkpoint.StreamKey, [run.Key, due.Checkpoint.StreamKey],
                at => CheckpointDecider.Decide(
                    world.Store.State<Checkpoint>(due.Checkpoint.StreamKey), run.State, due with { At = at })));
        if (state.Lease != LeasePhase.Held || world.Store.LeaseUntil(run.Id, state.Generation) is not { } until) yield break;
        foreach (var expire in LeaseExpiry.Step([new HeldLease(run.Id, state.Generation, state.LeaseSeconds, until)], since, world.Now()))
            yield return Wait.Through(world.Service.Decide(
                new Answer(), "manager", run.Id, run.Key, [run.Key], at => RunDecider.Decide(run.State, expire with { At = at })));
    }
}
