using System.Net;
using System.Net.Sockets;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Hosting;
using Lineage.Tests.Service.Worlds;
using Npgsql;

namespace Lineage.Tests.Service.Hosting;

/// <summary>A server that cannot start says why, what it left, and what to do; and leaves nothing running.</summary>
public sealed class StartLaws
{
    [Fact]
    public async Task A_taken_port_is_named_before_anything_slow_is_started()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await RefusedAsync(o => o with { Url = $"http://127.0.0.1:{port}" }, ProblemCodes.PortTaken, $"127.0.0.1:{port}");
    }

    [Fact]
    public Task A_directory_that_cannot_be_written_is_named() =>
        RefusedAsync(static o => o with { StateDirectory = "/proc/lineage" }, ProblemCodes.DirectoryUnwritable, "/proc/lineage");

    [Theory]
    [InlineData("this is no connection string", ProblemCodes.BadRequest, "LINEAGE_POSTGRES")]
    [InlineData("Host=127.0.0.1;Port=1;Username=x;Database=x", ProblemCodes.DatabaseUnreachable, "LINEAGE_POSTGRES")]
    public Task A_database_that_cannot_be_used_is_a_problem(string connection, string code, string says) =>
        RefusedAsync(o => o with { ConnectionString = connection }, code, says);

    [Fact]
    public async Task A_broker_address_with_a_password_never_shows_it()
    {
        var problem = await RefusedAsync(static o => o with { BrokerAddress = "http://user:hunter2@somewhere" }, ProblemCodes.BadRequest,
            "amqp://");
        Assert.DoesNotContain("hunter2", problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", Lineage.Bus.BrokerAddress.Parse("amqp://user:hunter2@127.0.0.1:1/").ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_servers_do_not_share_a_state_directory()
    {
        await using var first = await RunningServer.StartAsync();
        var folder = "";
        await using var second = await RunningServer.StartAsync(o =>
        {
            folder = o.StateDirectory;
            return o with { ConnectionString = first.Server.Postgres!.ConnectionString };
        });
        await RefusedAsync(o => o with { StateDirectory = folder, ConnectionString = first.Server.Postgres!.ConnectionString },
            ProblemCodes.StateLocked, "server.json");
    }

    [Fact]
    public async Task Servers_that_start_together_on_an_empty_database_take_turns_and_all_come_up()
    {
        await using var owner = await RunningServer.StartAsync();
        var settings = new NpgsqlConnectionStringBuilder(owner.Server.Postgres!.ConnectionString);
        await using (var source = NpgsqlDataSource.Create(settings.ConnectionString))
        {
            await using var create = source.CreateCommand("create database empty");
            await create.ExecuteNonQueryAsync();
        }

        settings.Database = "empty";
        var started = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            RunningServer.StartAsync(o => o with { ConnectionString = settings.ConnectionString })));
        try
        {
            await Story.BeginAsync(started[0].Client, "together");
            Assert.Equal("together", (await started[3].Client.GetRunAsync(RunId.Parse("together"), default)).Run.ToString());
        }
        finally
        {
            foreach (var server in started) await server.DisposeAsync();
        }
    }

    [RootFact]
    public async Task A_full_disk_is_named_and_leaves_no_half_database()
    {
        var folder = RunningServer.Folder();
        await CommandAsync("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder);
        try
        {
            await RefusedAsync(o => o with { StateDirectory = folder }, ProblemCodes.DiskFull, "Free some space");
            Assert.False(Directory.Exists(Path.Combine(folder, "postgres", "data")));
        }
        finally
        {
            await CommandAsync("umount", folder);
            RunningServer.Delete(folder);
        }
    }

    static async Task<Problem> RefusedAsync(Func<ServerOptions, ServerOptions> adjust, string code, string says)
    {
        var problem = (await Assert.ThrowsAsync<LineageProblemException>(() => RunningServer.StartAsync(adjust))).Problem;
        Assert.True(string.Equals(code, problem.Code, StringComparison.Ordinal), $"{problem.Code}: {problem.Detail}");
        Assert.Contains(says, problem.Detail, StringComparison.Ordinal);
        return problem;
    }

    static async Task CommandAsync(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    [AttributeUsage(AttributeTargets.Method)]
    sealed class RootFactAttribute : FactAttribute
    {
        public RootFactAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "a full disk is made by mounting a small one, " +
            "which only root may";
    }
}
