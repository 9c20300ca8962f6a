using System.Globalization;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Demo;

/// <summary>
/// The whole promise in one story: a golden run; the same run, hit by a SIGKILL in the middle of a save, later by a flipped bit in its
/// newest restore point and another SIGKILL; and the proof that both ended in exactly the same state. Real processes throughout; nothing
/// is simulated.
/// </summary>
public sealed class DemoProgram(DemoOptions options, DemoNarrator narrator, TimeProvider clock)
{
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200), SettleLook = TimeSpan.FromMilliseconds(300);
    static readonly TimeSpan RunDeadline = TimeSpan.FromMinutes(20);
    const int SettleLooksMax = 60;

    /// <returns>The summary; its verdict says whether everything held.</returns>
    /// <exception cref="WorldException">A process of the demo broke; the message says which and what it printed.</exception>
    public async Task<DemoSummary> RunAsync(CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        narrator.Title(
            $"Lineage demo: {options.Ranks} ranks train for {options.Steps:N0} steps and save every {options.SaveEvery:N0}; " +
            $"state in {options.StateDirectory}");
        await using var world = await TrainingWorld.StartAsync(
            new WorldOptions(options.Program, options.StateDirectory, options.Rabbit), clock, cancellation);
        var service = await world.Api.GetAsync<ServiceView>("v1/service", cancellation)
            ?? throw new WorldException("The server does not describe itself.");
        foreach (var choice in service.Choices) narrator.Say(choice);

        narrator.Title("1  The golden run: no faults");
        await TrainAsync(world, DemoOptions.Golden, fault: null, whileTraining: null, cancellation);
        var golden = RunOutcome.Read(world.StateDirectory, DemoOptions.Golden, options.Ranks);
        narrator.Say($"golden state {golden.Digest.Short}…, {golden.Losses.Count:N0} losses");

        narrator.Title(
            $"2  The same run again: rank {options.KilledWhileSaving} dies inside save {options.TornSave}, " +
            $"later a stored shard rots and rank {options.KilledAfterDamage} dies");
        var faults = await TrainFaultedAsync(world, cancellation);

        narrator.Title("3  The proof");
        var final = RunOutcome.Read(world.StateDirectory, DemoOptions.Faulted, options.Ranks);
        var summary =
            await DemoFigures.CollectAsync(world, options, service, golden, final, faults, clock.GetElapsedTime(started), cancellation);
        await new DemoEpilogue(world, options, narrator).TellAsync(summary, cancellation);
        return summary;
    }

    async Task<InjectedFaults> TrainFaultedAsync(TrainingWorld world, CancellationToken cancellation)
    {
        var fault = string.Create(
            CultureInfo.InvariantCulture,
            $"kill rank={options.KilledWhileSaving} generation=1 at=partly-written occurrence={options.TornSave}");
        InjectedFaults? injected = null;
        await TrainAsync(
            world, DemoOptions.Faulted, fault, async watch => injected ??= await DamageAsync(world, watch, cancellation), cancellation);
        return injected ?? throw new WorldException("The run ended before the second fault could be injected; use more steps.");
    }

    /// <summary>Trains a run to its end, looking at it several times a second.</summary>
    async Task TrainAsync(
        TrainingWorld world, RunId run, string? fault, Func<DemoWatch, Task>? whileTraining, CancellationToken cancellation)
    {
        var watch = new DemoWatch(world, run, options.Steps, narrator);
        using var deadline = new CancellationTokenSource(RunDeadline, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        var launcher = world.Launch(run, LaunchArguments(), fault);
        while (!launcher.HasExited)
        {
            await watch.LookAsync(narrate: fault is not null, either.Token);
            if (whileTraining is not null) await whileTraining(watch);
            await Task.Delay(Poll, clock, either.Token);
        }

        var exitCode = await launcher.WaitAsync(either.Token);
        await watch.LookAsync(narrate: fault is not null, either.Token);
        if (exitCode != ExitCodes.Done) throw new WorldException(
            $"The launcher of {run} ended with exit code {exitCode}. It printed:\n{launcher.Tail()}");
    }

    string[] LaunchArguments() =>
    [
        "-n", options.Ranks.ToString(), "--steps", options.Steps.ToString(CultureInfo.InvariantCulture),
        "--save-every", options.SaveEvery.ToString(CultureInfo.InvariantCulture), "--seed",
        options.Seed.ToString(CultureInfo.InvariantCulture),
    ];

    /// <summary>
    /// As soon as the second generation has a restore point late enough: stops another rank, so that no newer restore point can take its
    /// place, damages a shard of the newest one on disk and kills the stopped rank.
    /// </summary>
    /// <returns>Null while it is too early.</returns>
    async Task<InjectedFaults?> DamageAsync(TrainingWorld world, DemoWatch watch, CancellationToken cancellation)
    {
        if (await watch.NewestVerifiedAsync(cancellation) is not { } newest) return null;
        if (newest.Checkpoint.Generation.Value < 2 || newest.Checkpoint.Step.Value < options.DamageFromStep) return null;
        var process = watch.ProcessOf(options.KilledAfterDamage);
        if (!ChildProcess.Send(process, Signal.Stop)) throw new WorldException(
            $"Rank {options.KilledAfterDamage} (process {process}) was already gone.");
        newest = await SettledAsync(watch, cancellation);
        var shard = newest.Shards.Single(candidate => candidate.Rank == DemoOptions.Damaged).Stored!;
        var flip = BitFlip.Middle(Path.Combine(world.StoreDirectory, shard.ObjectKey));
        if (!ChildProcess.Send(process, Signal.Kill)) throw new WorldException(
            $"Rank {options.KilledAfterDamage} (process {process}) was already gone.");
        narrator.Say($"fault: flipped bit {flip.Bit} of byte {flip.Offset:N0} of {shard.ObjectKey}, the newest restore point");
        narrator.Say($"fault: SIGKILL to rank {options.KilledAfterDamage} (process {process})");
        return new InjectedFaults(options.TornSave * options.SaveEvery, newest.Checkpoint, flip, process);
    }

    /// <summary>Twice in a row, because a report of the stopped rank may still be on its way.</summary>
    async Task<CheckpointView> SettledAsync(DemoWatch watch, CancellationToken cancellation)
    {
        CheckpointView? before = null;
        for (var look = 0; look < SettleLooksMax; look++)
        {
            await Task.Delay(SettleLook, clock, cancellation);
            var now = await watch.NewestSettledAsync(options.KilledAfterDamage, cancellation);
            if (now is not null && now.Checkpoint == before?.Checkpoint) return now;
            before = now;
        }

        throw new WorldException($"Saves were still ending {SettleLooksMax * SettleLook.TotalSeconds:0} s after rank " +
            $"{options.KilledAfterDamage} was stopped.");
    }
}
