using System.Text.Json;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Chaos.Scenarios;

public sealed class FencingScenarios
{
    const int Ranks = 2;

    static readonly RunId Run = RunId.Parse("fenced");

    [Fact]
    public async Task Ranks_that_come_back_with_an_old_generation_are_refused_and_the_refusal_is_on_record()
    {
        await using var world = await World.StartAsync("zombie");
        var first = world.Launch(Run, Ranks, steps: 4_000, saveEvery: 5, "--lease", "4");
        await world.UntilAsync("a restore point", () => world.RunAsync(Run), static run => run?.NewestVerified is not null);
        var zombies = RankProcesses(world.Training.StateDirectory);
        Assert.Equal(Ranks, zombies.Count);

        first.Send(Signal.Stop);
        foreach (var zombie in zombies) ChildProcess.Send(zombie, Signal.Stop);
        await world.UntilAsync(
            "the lease to run out", () => world.Training.Api.LogAsync(Run, world.Cancellation),
            static log => log.Any(static entry => entry.Name == EventCatalog.Names[typeof(LeaseExpired)]));
        var second = world.Launch(Run, Ranks, steps: 4_000, saveEvery: 5, "--lease", "4");
        var taken = await world.UntilAsync(
            "the second generation to seal", () => world.RunAsync(Run),
            static run => run?.NewestSealed is { } newest && newest.Generation.Value == 2);
        foreach (var zombie in zombies) ChildProcess.Send(zombie, Signal.Continue);
        first.Send(Signal.Continue);

        var log = await world.UntilAsync(
            "the refusal on record", () => world.Training.Api.LogAsync(Run, world.Cancellation),
            static all => all.Any(static entry => entry.Name == EventCatalog.Names[typeof(StaleGenerationRefused)]));
        Assert.NotEqual(ExitCodes.Done, await first.WaitAsync(world.Cancellation));
        var refusal = log.First(static entry => entry.Name == EventCatalog.Names[typeof(StaleGenerationRefused)]).Body;
        Assert.Equal((1, 2), (refusal.GetProperty("presented").GetInt32(), refusal.GetProperty("current").GetInt32()));
        Assert.Equal(new Generation(2), taken!.Generation);
        Assert.DoesNotContain(await SealedAfterTakeoverAsync(world, log), static id => id.Generation.Value == 1);
        Assert.False(second.HasExited, second.Tail());
    }

    [Fact]
    public async Task A_second_launcher_is_refused_while_the_first_one_lives()
    {
        await using var world = await World.StartAsync("two-launchers");
        var first = world.Launch(Run, Ranks, steps: 4_000, saveEvery: 50);
        await world.UntilAsync("training", () => world.RunAsync(Run), static run => run?.Phase == RunPhase.Running);

        var second = world.Launch(Run, Ranks, steps: 4_000, saveEvery: 50);

        Assert.Equal(ExitCodes.ConcurrentChange, await second.WaitAsync(world.Cancellation));
        Assert.Contains(ProblemCodes.LeaseHeld, second.Tail(), StringComparison.Ordinal);
        Assert.False(first.HasExited, first.Tail());
    }

    static List<int> RankProcesses(string stateDirectory)
    {
        using var launch = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(stateDirectory, "runs", Run.ToString(), "launch.json")));
        return [.. launch.RootElement.GetProperty("ranks").EnumerateArray()
            .Select(static rank => rank.GetProperty("processId").GetInt32())];
    }

    /// <summary>Checkpoints that were sealed after the second generation was granted, by the order of the log.</summary>
    static async Task<List<CheckpointId>> SealedAfterTakeoverAsync(World world, IReadOnlyList<LogEntry> log)
    {
        var granted = log.Where(static entry => entry.Name == EventCatalog.Names[typeof(LeaseGranted)])
            .Single(static entry => entry.Body.GetProperty("generation").GetInt64() == 2).Sequence;
        return [.. (await world.Training.Api.LogAsync(Run, world.Cancellation))
            .Where(entry => entry.Sequence > granted && entry.Name == EventCatalog.Names[typeof(CheckpointSealed)])
            .Select(static entry => CheckpointId.Parse(entry.Body.GetProperty("checkpoint").GetString()!))];
    }
}
