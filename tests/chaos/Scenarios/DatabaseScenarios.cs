using System.Globalization;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Chaos.Scenarios;

public sealed class DatabaseScenarios
{
    static readonly RunId Run = RunId.Parse("pg-killed");

    [Fact]
    public async Task PostgreSQL_killed_during_saves_loses_nothing_acknowledged_and_training_goes_on()
    {
        await using var world = await World.StartAsync("postgres");
        var launcher = world.Launch(Run, ranks: 2, steps: 80, saveEvery: 5);
        var before = await world.UntilAsync(
            "two checkpoints sealed", () => world.CheckpointsAsync(Run), static all =>
                all.Count(static one => one.ManifestHash is not null) >= 2);

        Assert.True(ChildProcess.Send(PostmasterId(world.Training.StateDirectory), Signal.Kill));

        Assert.True(await launcher.WaitAsync(world.Cancellation) == ExitCodes.Done, launcher.Tail());
        var after = await world.UntilAsync(
            "every save closed", () => world.CheckpointsAsync(Run), static all => all.All(static one => one.Phase != CheckpointPhase.Open));
        foreach (var acknowledged in before.Where(static one => one.ManifestHash is not null))
            Assert.Equal(acknowledged.ManifestHash, after.Single(one => one.Checkpoint == acknowledged.Checkpoint).ManifestHash);
        var run = await world.RunAsync(Run);
        Assert.Equal((RunPhase.Completed, new Generation(1), new Step(80)), (run!.Phase, run.Generation, run.FinalStep));
        Assert.Contains(after, static one => one.Checkpoint.Step.Value == 80 && one.ManifestHash is not null);
        Assert.Empty(OutboxFiles(world.Training.StateDirectory));
        Assert.DoesNotContain(
            await world.Training.Api.LogAsync(Run, world.Cancellation), static entry =>
                entry.Name == EventCatalog.Names[typeof(RecoveryStarted)]);
    }

    static int PostmasterId(string stateDirectory)
    {
        var file = Directory.EnumerateFiles(stateDirectory, "postmaster.pid", SearchOption.AllDirectories).Single();
        return int.Parse(File.ReadLines(file).First().Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    static IEnumerable<string> OutboxFiles(string stateDirectory) =>
        Directory.EnumerateDirectories(Path.Combine(stateDirectory, "runs", Run.ToString()), "outbox*", SearchOption.AllDirectories)
            .SelectMany(static folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories));
}
