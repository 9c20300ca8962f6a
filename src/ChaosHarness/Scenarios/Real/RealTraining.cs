using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>What the ranks of a scenario train: the smallest model that has chains to store.</summary>
static class RealTraining
{
    /// <summary>Profile of a schedule that nobody wrote: the scenario is code, and its schedule says afterwards what happened.</summary>
    public const string Unwritten = "real";

    public static readonly RunId Golden = RunId.Parse("golden");

    /// <param name="lastStep">Training is complete when so many steps are done; the last one is saved too.</param>
    public static Training Of(WorldSize ranks, long lastStep, long saveEvery, long seed)
    {
        string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
        List<Operation> saves = [];
        for (var step = 1L; step <= lastStep; step++)
            if (step % saveEvery == 0 || step == lastStep) saves.Add(new Operation(saves.Count + 1, OperationKind.Save, step));
        return new Training(
            ranks,
            [
                "-n", Text(ranks.Value), "--steps", Text(lastStep), "--save-every", Text(saveEvery), "--width", "64", "--layers", "2",
                "--heads", "2", "--context", "64", "--batch", "4", "--seed", Text(seed),
            ],
            new Schedule(
                Schedule.CurrentVersion, seed, Unwritten, new ScheduledWorld(ranks.Value, Servers: 1, Copies: 1, Tensors: 2), saves, [],
                new ScheduleBounds(HealWithinMs: 60_000, RecoveriesMax: 3, VerifiedMin: 1, SavePolicy.ChainDepthDefault),
                BeyondBudget: false));
    }

    /// <exception cref="WorldException">The run that nobody hurts did not end well; nothing can be judged.</exception>
    /// <param name="run">Null: there is only one of them in its world.</param>
    public static async Task<GoldenRun> GoldenAsync(
        TrainingWorld world, Training training, CancellationToken ct, RunId? run = null)
    {
        var golden = run ?? Golden;
        var launcher = world.Launch(golden, training.Arguments);
        var exitCode = await launcher.WaitAsync(ct);
        // On a machine that is busy with others a save may miss its deadline; what was trained is the same.
        return exitCode is ExitCodes.Done or ExitCodes.Partial ? GoldenRun.Read(world, golden, training.Ranks)
            : throw new WorldException($"The golden run ended with {exitCode}. It printed:\n{launcher.Tail()}");
    }
}
