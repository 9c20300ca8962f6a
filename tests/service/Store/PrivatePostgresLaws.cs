using System.Globalization;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Hosting;
using Lineage.Store;
using Lineage.Tests.Service.Worlds;
using Npgsql;

namespace Lineage.Tests.Service.Store;

/// <summary>The server's own PostgreSQL: it comes back, and nothing that was acknowledged is lost.</summary>
public sealed class PrivatePostgresLaws
{
    [Fact]
    public async Task Killed_in_the_middle_of_saves_it_runs_again_and_nothing_acknowledged_is_lost()
    {
        await using var server = await RunningServer.StartAsync();
        var story = await Story.BeginAsync(server.Client, "killed", policy: new SavePolicy(LeaseSeconds: 120));
        var acknowledged = new List<CheckpointView> { await story.SaveAsync(10) };
        var first = server.Server.Postgres!.ProcessId;
        using var stop = new CancellationTokenSource();
        var saving = Task.Run(async () =>
        {
            for (var step = 20L; !stop.IsCancellationRequested; step += 10) acknowledged.Add(await StubbornlyAsync(() =>
                story.SaveAsync(step)));
        }, stop.Token);

        for (var kill = 0; kill < 2; kill++)
        {
            await Story.UntilAsync(() => Task.FromResult(acknowledged.Count), count => count >= 3 * (kill + 1), "some saves are sealed");
            ChildProcess.Send(server.Server.Postgres.ProcessId, Signal.Kill);
        }

        var before = acknowledged.Count;
        await Story.UntilAsync(() => Task.FromResult(acknowledged.Count), count => count >= before + 2, "saves go on");
        await stop.CancelAsync();
        await saving;
        Assert.NotEqual(first, server.Server.Postgres.ProcessId);
        foreach (var seen in acknowledged)
        {
            var now = await server.Client.GetCheckpointAsync(seen.Checkpoint, default);
            Assert.Equal((CheckpointPhase.Sealed, seen.ManifestHash, seen.Version), (now.Phase, now.ManifestHash, now.Version));
        }

        Assert.Equal(new Generation(1), (await server.Client.GetRunAsync(story.Run, default)).Generation);
    }

    [Fact]
    public async Task A_server_that_starts_again_finds_everything_and_a_stale_pid_file_is_no_obstacle()
    {
        var folder = RunningServer.Folder();
        try
        {
            string data;
            await using (var server = await LineageServer.StartAsync(Options(folder), TimeProvider.System, default))
            {
                using var client = new Agents.Client.LineageClient(new(new Uri(server.Url), ActorId.Parse("launcher:test")),
                    TimeProvider.System);
                await (await Story.BeginAsync(client, "kept")).SaveAsync(10);
                data = await DataDirectoryAsync(server.Postgres!);
                Assert.True(File.Exists(Path.Combine(folder, "server.json")));
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "server.json")));
            }

            Assert.False(File.Exists(Path.Combine(folder, "server.json")));
            Assert.False(File.Exists(Path.Combine(data, "postmaster.pid")));
            await File.WriteAllTextAsync(Path.Combine(data, "postmaster.pid"),
                string.Create(CultureInfo.InvariantCulture, $"{int.MaxValue - 1}\n{data}\n1\n1\n\n\n\n"));
            await using var again = await LineageServer.StartAsync(Options(folder), TimeProvider.System, default);
            using var reader = new Agents.Client.LineageClient(new(new Uri(again.Url), ActorId.Parse("person:test")), TimeProvider.System);
            Assert.Equal(new Step(10), (await reader.GetRunAsync(RunId.Parse("kept"), default)).NewestSealed!.Value.Step);
        }
        finally
        {
            RunningServer.Delete(folder);
        }
    }

    [Fact]
    public async Task An_older_PostgreSQL_is_refused_with_the_command_that_installs_a_newer_one()
    {
        var folder = RunningServer.Folder();
        try
        {
            Assert.Equal(ProblemCodes.PostgresMissing, (await Assert.ThrowsAsync<LineageProblemException>(() =>
                PostgresBinaries.FindAsync(null, [folder], default))).Code);
            foreach (var name in new[] { "postgres", "initdb", "pg_ctl" })
            {
                await File.WriteAllTextAsync(Path.Combine(folder, name), "#!/bin/sh\necho 'postgres (PostgreSQL) 13.9'\n");
                File.SetUnixFileMode(Path.Combine(folder, name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            var old = await Assert.ThrowsAsync<LineageProblemException>(() => PostgresBinaries.FindAsync(null, [folder], default));
            Assert.Equal(ProblemCodes.PostgresTooOld, old.Code);
            Assert.Contains("13.9", old.Problem.Detail, StringComparison.Ordinal);
            Assert.Contains("apt-get install -y postgresql", old.Problem.Detail, StringComparison.Ordinal);
        }
        finally
        {
            RunningServer.Delete(folder);
        }
    }

    static ServerOptions Options(string folder) => new(folder, Url: "http://127.0.0.1:0");

    static async Task<string> DataDirectoryAsync(PrivatePostgres postgres)
    {
        await using var connection = new NpgsqlConnection(postgres.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("show data_directory", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>As an agent with an outbox: sends again until the service shows it on record.</summary>
    static async Task<CheckpointView> StubbornlyAsync(Func<Task<CheckpointView>> save)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await save();
            }
            catch (LineageProblemException e) when (attempt < 50 && e.Code is ProblemCodes.DatabaseUnreachable
                or ProblemCodes.ServerUnreachable)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            }
        }
    }
}
