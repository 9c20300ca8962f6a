using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Lineage.Contracts.Api;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Lineage.Store;

/// <summary>
/// A PostgreSQL of the server's own: initialised once under the state directory, running while the server runs, started again when it dies.
/// </summary>
/// <remarks>
/// Crash of PostgreSQL: connections break, requests answer database-unreachable, the supervisor starts it again and it replays its log;
/// nothing committed is lost (fsync on). Crash of the server: PostgreSQL goes on alone; the next start finds it by postmaster.pid, stops it
/// and starts its own.
/// The caller holds the lock of the state directory.
/// </remarks>
public sealed partial class PrivatePostgres : IAsyncDisposable
{
    public const string Role = "lineage", DatabaseName = "lineage";

    static readonly TimeSpan ReadyMax = TimeSpan.FromMinutes(2), RestartDelayMax = TimeSpan.FromSeconds(5);

    readonly PostgresBinaries binaries;
    readonly PostgresAccount account;
    readonly PostgresFolders folders;
    readonly TimeProvider clock;
    readonly ILogger log;
    readonly CancellationTokenSource stopping = new();
    Process process;
    Task supervision = Task.CompletedTask;

    PrivatePostgres(PostgresBinaries binaries, PostgresAccount account, PostgresFolders folders, int port, Process process,
        TimeProvider clock, ILogger log) =>
        (this.binaries, this.account, this.folders, Port, this.process, this.clock, this.log) =
            (binaries, account, folders, port, process, clock, log);

    /// <summary>Loopback port; the same after a restart, so that connection strings stay valid.</summary>
    public int Port { get; }

    public int ProcessId => process.Id;

    public string Version => binaries.Version;

    public string PasswordFile => folders.PasswordFile;

    /// <summary>For the server itself: over the unix socket.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(PublicConnectionString)
    {
        Host = folders.SocketFolder,
        Password = File.ReadAllText(folders.PasswordFile),
    }.ConnectionString;

    string AdminConnectionString => new NpgsqlConnectionStringBuilder(ConnectionString)
    {
        Database = "postgres",
        Pooling = false,
        Timeout = 5,
    }.ConnectionString;

    /// <summary>For others on this machine: over loopback, without the password.</summary>
    public string PublicConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = Role,
        Database = DatabaseName,
    }.ConnectionString;

    /// <summary>What was chosen, one sentence per choice, for the lines at start.</summary>
    public IEnumerable<string> Choices
    {
        get
        {
            yield return $"no database given: private PostgreSQL {Version} in {folders.Cluster}, port " +
                $"{Port.ToString(CultureInfo.InvariantCulture)}";
            if (account.IsOther) yield return $"PostgreSQL refuses to run as root: it runs as {account.Name}";
            if (folders.Relocated is { } why) yield return $"{why}: the database lies in {folders.Root}";
        }
    }

    /// <exception cref="LineageProblemException">postgres-missing, postgres-too-old, postgres-failed, directory-unwritable or
    /// disk-full.</exception>
    public static async Task<PrivatePostgres> StartAsync(StateDirectory state, TimeProvider clock, ILogger log, CancellationToken ct)
    {
        var runAs = PostgresAccount.Choose();
        var prepared = await PostgresFolders.PrepareAsync(state.Path, runAs, ct);
        var found = await PostgresBinaries.FindAsync(prepared.WrittenBy, ct);
        var cluster = new PostgresCluster(found, runAs, prepared);
        await cluster.InitialiseAsync(ct);
        await cluster.StopLeftoverAsync(ct);
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort();
            var postgres = new PrivatePostgres(found, runAs, prepared, port, cluster.Launch(port), clock, log);
            if (await postgres.ReadyAsync(ct))
            {
                await postgres.EnsureDatabaseAsync(ct);
                postgres.supervision = postgres.SuperviseAsync();
                return postgres;
            }

            var lines = prepared.LastLogLines();
            postgres.process.Dispose();
            if (attempt == 3 || !lines.Contains("Address already in use", StringComparison.Ordinal))
                throw PostgresCluster.Failed("start", prepared, lines);
        }
    }

    /// <summary>False when the process ended before it answered.</summary>
    async Task<bool> ReadyAsync(CancellationToken ct)
    {
        var until = clock.GetUtcNow() + ReadyMax;
        while (!process.HasExited)
        {
            try
            {
                await using var connection = new NpgsqlConnection(AdminConnectionString);
                await connection.OpenAsync(ct);
                return true;
            }
            catch (NpgsqlException e) when (clock.GetUtcNow() < until)
            {
                LogNotReady(log, e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(50), clock, ct);
            }
        }

        return false;
    }

    async Task EnsureDatabaseAsync(CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(AdminConnectionString);
        await connection.OpenAsync(ct);
        await using var exists = new NpgsqlCommand($"select 1 from pg_database where datname = '{DatabaseName}'", connection);
        if (await exists.ExecuteScalarAsync(ct) is not null) return;
        await using var create = new NpgsqlCommand($"create database {DatabaseName}", connection);
        await create.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// Starts PostgreSQL again whenever it ends without being asked to. Waits longer after each failure, because old backends may still
    /// hold memory.
    /// </summary>
    async Task SuperviseAsync()
    {
        var cluster = new PostgresCluster(binaries, account, folders);
        var delay = TimeSpan.Zero;
        try
        {
            while (true)
            {
                await process.WaitForExitAsync(stopping.Token);
                LogDied(log, process.ExitCode, folders.LastLogLines(2));
                await Task.Delay(delay, clock, stopping.Token);
                process.Dispose();
                process = cluster.Launch(Port);
                var ready = await ReadyAsync(stopping.Token);
                if (ready) LogRestarted(log, process.Id);
                delay = ready ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Min(RestartDelayMax.TotalMilliseconds,
                    (delay.TotalMilliseconds * 2) + 100));
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            LogStopping(log);
        }
    }

    /// <summary>
    /// Stops PostgreSQL in the fast way: running transactions are rolled back, the log is flushed, the next start needs no recovery.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await supervision;
        if (!process.HasExited)
        {
            await account.RunAsync(binaries.Program("pg_ctl"), ["stop", "-D", folders.Cluster, "-m", "fast", "-w", "-t", "30"],
                CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
        stopping.Dispose();
        if (!folders.SocketFolder.StartsWith(folders.Root, StringComparison.Ordinal))
            Directory.Delete(folders.SocketFolder, recursive: true);
    }

    static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    [LoggerMessage(1001, LogLevel.Debug, "PostgreSQL is not ready yet: {Reason}")]
    static partial void LogNotReady(ILogger log, string reason);

    [LoggerMessage(1002, LogLevel.Error, "PostgreSQL ended with code {ExitCode}: {LastLines}; it is started again")]
    static partial void LogDied(ILogger log, int exitCode, string lastLines);

    [LoggerMessage(1003, LogLevel.Warning, "PostgreSQL runs again as process {ProcessId}")]
    static partial void LogRestarted(ILogger log, int processId);

    [LoggerMessage(1004, LogLevel.Debug, "PostgreSQL is being stopped")]
    static partial void LogStopping(ILogger log);
}
