using System.Diagnostics;
using System.Globalization;
using Lineage.Contracts.Api;

namespace Lineage.Store;

/// <summary>The data directory and the commands that make, start and stop what runs in it.</summary>
internal sealed class PostgresCluster(PostgresBinaries binaries, PostgresAccount account, PostgresFolders folders)
{
    /// <summary>
    /// Durability is never relaxed. The idle-in-transaction limit matters to readers of the event log: one idle transaction holds back
    /// every projection that follows the sequence.
    /// </summary>
    static readonly string[] Settings =
    [
        "fsync=on", "full_page_writes=on", "synchronous_commit=on", "max_connections=100", "shared_buffers=64MB", "max_wal_size=512MB",
        "idle_in_transaction_session_timeout=30s", "password_encryption=scram-sha-256", "unix_socket_permissions=0700", "jit=off",
        "logging_collector=off", "log_line_prefix=%m [%p] ", "log_timezone=UTC", "timezone=UTC",
    ];

    /// <summary>
    /// Makes the data directory once. It is built beside its place and renamed, so a crash leaves either none or a whole one.
    /// </summary>
    public async Task InitialiseAsync(CancellationToken ct)
    {
        if (folders.WrittenBy is not null) return;
        var fresh = folders.Cluster + ".new";
        if (Directory.Exists(fresh)) Directory.Delete(fresh, recursive: true);

        var password = Path.Combine(folders.Root, "password.once");
        File.Delete(password);
        await File.WriteAllTextAsync(password, await File.ReadAllTextAsync(folders.PasswordFile, ct), ct);
        File.SetUnixFileMode(password, UnixFileMode.UserRead);
        await account.OwnAsync(password, ct);
        try
        {
            var run = await InitialiseAsync(fresh, password, "C.UTF-8", ct);
            if (run.ExitCode != 0 && run.Output.Contains("invalid locale", StringComparison.Ordinal))
                run = await InitialiseAsync(fresh, password, "C", ct);
            if (run.ExitCode != 0) throw Failed("initdb", folders, run.Output.ReplaceLineEndings(" | "));
        }
        finally
        {
            File.Delete(password);
        }

        Directory.Move(fresh, folders.Cluster);
    }

    Task<ProgramRun> InitialiseAsync(string folder, string password, string locale, CancellationToken ct) => account.RunAsync(
        binaries.Program("initdb"),
        ["-D", folder, "-U", PrivatePostgres.Role, "-E", "UTF8", $"--locale={locale}", "--auth=scram-sha-256", $"--pwfile={password}",
            "--data-checksums"], ct);

    /// <summary>
    /// A server that was killed leaves its PostgreSQL running; it is stopped before a new one starts. A postmaster.pid without a process is
    /// harmless.
    /// </summary>
    public async Task StopLeftoverAsync(CancellationToken ct)
    {
        if (!await RunsAsync(ct)) return;
        var stop = await account.RunAsync(binaries.Program("pg_ctl"), ["stop", "-D", folders.Cluster, "-m", "fast", "-w", "-t", "60"], ct);
        // It may have ended by itself between the question and the order, which pg_ctl takes for a failure.
        if (stop.ExitCode != 0 && await RunsAsync(ct))
            throw Failed("stop of the one left over by an earlier server", folders, stop.Output.ReplaceLineEndings(" | "));
    }

    async Task<bool> RunsAsync(CancellationToken ct) =>
        (await account.RunAsync(binaries.Program("pg_ctl"), ["status", "-D", folders.Cluster], ct)).ExitCode == 0;

    /// <summary>
    /// Starts the postmaster as a child in a session of its own, so that an interrupt on the terminal reaches the server only, which then
    /// stops PostgreSQL last. It writes its log itself, so it outlives a server that dies.
    /// </summary>
    public Process Launch(int port)
    {
        var arguments = new List<string>
        {
            "-c", "exec \"$0\" \"$@\" >>\"$LINEAGE_POSTGRES_LOG\" 2>&1", binaries.Program("postgres"),
            "-D", folders.Cluster, "-k", folders.SocketFolder, "-p", port.ToString(CultureInfo.InvariantCulture), "-c",
            "listen_addresses=127.0.0.1",
        };
        foreach (var setting in Settings) arguments.AddRange(["-c", setting]);
        var (program, all) = account.Command("/bin/sh", arguments);
        if (PostgresAccount.OnPath("setsid") is { } setsid) (program, all) = (setsid, [program, .. all]);
        var start = new ProcessStartInfo(program, all) { WorkingDirectory = "/" };
        start.Environment["LINEAGE_POSTGRES_LOG"] = folders.LogFile;
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }

    public static LineageProblemException Failed(string what, PostgresFolders folders, string lines) =>
        lines.Contains("No space left on device", StringComparison.Ordinal)
        ? Failure.Of(
            ProblemCodes.DiskFull, 507, "No space left for the database",
            $"PostgreSQL ({what}) found no space left under {folders.Root}. What was committed is kept. Free some space and start " +
            $"again. It said: {lines}")
        : Failure.Of(
            ProblemCodes.PostgresFailed, 503, "The private PostgreSQL does not run",
            $"PostgreSQL ({what}) failed under {folders.Root}. What was committed is kept. Its last lines: {lines} " +
            $"Look at {folders.LogFile}, or name a database with LINEAGE_POSTGRES.");
}
