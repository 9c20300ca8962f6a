using System.Globalization;
using Npgsql;

namespace Lineage.ChaosHarness.Worlds;

/// <summary>
/// PostgreSQL in a container of whatever engine the <c>docker</c> command reaches. It has no network: clients come through a socket in a
/// folder of the world, so that a harness in a network namespace of its own reaches it too, and nobody else does.
/// </summary>
/// <remarks>The command line is used and no library, because the program that users install carries this harness too.</remarks>
public sealed class PostgresContainer : IAsyncDisposable
{
    /// <summary>Environment variable that names the image, as for <c>./dev up</c>.</summary>
    public const string ImageVariable = "LINEAGE_POSTGRES_IMAGE";

    const string DefaultImage = "postgres:17", Data = "/var/lib/postgresql/data", Sockets = "/var/run/postgresql";
    static readonly TimeSpan ReadyDeadline = TimeSpan.FromSeconds(90), Poll = TimeSpan.FromMilliseconds(100);

    readonly string folder, name;
    readonly TimeProvider clock;

    PostgresContainer(string folder, string name, TimeProvider clock) => (this.folder, this.name, this.clock) = (folder, name, clock);

    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = folder,
        Username = "postgres",
        Database = "postgres",
        Password = "lineage",
    }.ConnectionString;

    /// <param name="folder">Where its socket lies.</param>
    /// <exception cref="WorldException">The engine refused, or PostgreSQL did not answer in time.</exception>
    public static async Task<PostgresContainer> StartAsync(string folder, TimeProvider clock, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        var name = string.Create(
            CultureInfo.InvariantCulture, $"lineage-chaos-{Environment.ProcessId}-{clock.GetUtcNow().ToUnixTimeMilliseconds()}");
        var image = Environment.GetEnvironmentVariable(ImageVariable) is { Length: > 0 } given ? given : DefaultImage;
        await ProgramRun.MustAsync(
            "docker",
            [
                "run", "--detach", "--name", name, "--network", "none", "--volume", $"{folder}:{Sockets}", "--env", $"PGDATA={Data}",
                "--env", "POSTGRES_PASSWORD=lineage", image,
            ],
            ct);
        var container = new PostgresContainer(folder, name, clock);
        try
        {
            await container.ReadyAsync(ct);
            return container;
        }
        catch
        {
            await container.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the engine says of it: <c>running</c>, <c>paused</c>, <c>exited</c>.</summary>
    public async Task<string> StandingAsync(CancellationToken ct) =>
        (await OutputAsync(["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name], ct)).Trim();

    /// <summary>SIGKILL to the first process; its files stay.</summary>
    public Task KillAsync(CancellationToken ct) => ProgramRun.MustAsync("docker", ["kill", name], ct);

    public async Task StartAgainAsync(CancellationToken ct)
    {
        await ProgramRun.MustAsync("docker", ["start", name], ct);
        await ReadyAsync(ct);
    }

    /// <summary>All its processes stand still.</summary>
    public Task PauseAsync(CancellationToken ct) => ProgramRun.MustAsync("docker", ["pause", name], ct);

    public Task GoOnAsync(CancellationToken ct) => ProgramRun.MustAsync("docker", ["unpause", name], ct);

    /// <summary>PostgreSQL is the container's first process, and answers: while an image prepares its data, it is another's
    /// child.</summary>
    async Task ReadyAsync(CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        while (clock.GetElapsedTime(since) < ReadyDeadline)
        {
            var (exitCode, first) = await ProgramRun.Async("docker", ["exec", name, "head", "-n", "1", $"{Data}/postmaster.pid"], ct);
            if (exitCode == 0 && first.Trim() == "1" && await AnswersAsync(ct)) return;
            if ((await StandingAsync(ct)).StartsWith("exited", StringComparison.Ordinal)) break;
            await Task.Delay(Poll, clock, ct);
        }

        throw new WorldException($"PostgreSQL in container {name} did not answer. It printed:\n{await OutputAsync(["logs", name], ct)}");
    }

    async Task<bool> AnswersAsync(CancellationToken ct)
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Timeout=5");
            await connection.OpenAsync(ct);
            return true;
        }
        catch (NpgsqlException)
        {
            return false;   // it is starting; the deadline decides
        }
    }

    static async Task<string> OutputAsync(string[] arguments, CancellationToken ct)
    {
        var (exitCode, output) = await ProgramRun.Async("docker", arguments, ct);
        return exitCode == 0 ? output
            : throw new WorldException($"docker {string.Join(' ', arguments)} ended with {exitCode}: {output.Trim()}");
    }

    public async ValueTask DisposeAsync() =>
        await ProgramRun.MustAsync("docker", ["rm", "--force", "--volumes", name], CancellationToken.None);
}
