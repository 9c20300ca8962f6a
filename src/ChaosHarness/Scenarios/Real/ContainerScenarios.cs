using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>A world whose PostgreSQL is a container: nobody starts it again but its engine, and the server has to come to terms.</summary>
static class ContainerScenarios
{
    static readonly TimeSpan PauseTime = TimeSpan.FromSeconds(3);

    public static Task KillAsync(Stage stage, string program) => HurtAsync(stage, program, "container-kill", async (database, fault) =>
    {
        await database.KillAsync(stage.Cancellation);
        var standing = await database.StandingAsync(stage.Cancellation);
        if (standing.StartsWith("exited", StringComparison.Ordinal)) stage.TookEffect(fault, $"the container {standing}");
        await database.StartAgainAsync(stage.Cancellation);
    });

    public static Task PauseAsync(Stage stage, string program) => HurtAsync(stage, program, "container-pause", async (database, fault) =>
    {
        stage.Record.Paused = PauseTime;
        await database.PauseAsync(stage.Cancellation);
        var standing = await database.StandingAsync(stage.Cancellation);
        if (standing.StartsWith("paused", StringComparison.Ordinal)) stage.TookEffect(fault, $"the container is {standing}");
        await Task.Delay(PauseTime, stage.Clock, stage.Cancellation);
        await database.GoOnAsync(stage.Cancellation);
    });

    /// <param name="hurt">Hurts and heals, while a rank goes on with a report that is durable and not yet published.</param>
    static async Task HurtAsync(Stage stage, string program, string kind, Func<PostgresContainer, int, Task> hurt)
    {
        var folder = Path.Combine(stage.World.StateDirectory, kind);
        await using var database = await PostgresContainer.StartAsync(Path.Combine(folder, "pg"), stage.Clock, stage.Cancellation);
        var options = new WorldOptions(program, Path.Combine(folder, "state"), Broker: false)
        {
            Logs = Path.Combine(stage.World.StateDirectory, "logs", kind),
            Watched = true,
            Database = database.ConnectionString,
        };
        await using var world = await TrainingWorld.StartAsync(options, stage.Clock, stage.Cancellation);
        var inside = stage.In(world);
        var (launcher, rank) = await inside.LaunchStoppingAsync("outbox-dir-synced", 3);
        var fault = stage.Inject(kind, "store", "PostgreSQL's container, while a report is on its way");
        ChildProcess.Send(rank, Signal.Continue);
        await hurt(database, fault);
        stage.Healed(fault, "the container runs again");
        await inside.EndsAsync(launcher);
        await inside.JudgeEndAsync();
    }
}
