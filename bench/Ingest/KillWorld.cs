using System.Globalization;
using System.Text.Json;
using Lineage.Agents.Client;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Identity;
using Npgsql;

namespace Lineage.Bench.Ingest;

/// <summary>What is killed.</summary>
enum Victim { Server, Postgres, Broker }

/// <summary>A server of its own process, the PostgreSQL that it keeps, and a RabbitMQ; each can be killed and comes back.</summary>
sealed class KillWorld : IAsyncDisposable
{
    static readonly TimeSpan ReadyMax = TimeSpan.FromMinutes(3), Poll = TimeSpan.FromMilliseconds(100);

    readonly string folder;
    readonly TimeProvider clock;
    readonly PrivateRabbitMq rabbit;
    readonly int port = Ports.Free(1)[0];
    ChildProcess? server;
    string cluster = "";

    KillWorld(string folder, PrivateRabbitMq rabbit, TimeProvider clock) =>
        (this.folder, this.rabbit, this.clock) = (folder, rabbit, clock);

    string State => Path.Combine(folder, "state");

    public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));

    public Uri Broker => new(rabbit.Address);

    public static async Task<KillWorld> StartAsync(TimeProvider clock, CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("lineage-kill-").FullName;
        var rabbit = await PrivateRabbitMq.StartAsync(Path.Combine(folder, "rabbitmq"), clock, ct);
        var world = new KillWorld(folder, rabbit, clock);
        try
        {
            await world.StartServerAsync(ct);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    public LineageClient Client() => new(
        new ClientOptions(Address, ActorId.Parse("launcher:kill")) { RetriesMax = 0, RequestTimeout = TimeSpan.FromSeconds(20) }, clock);

    /// <summary>Kills with SIGKILL and brings it back; returns when it answers again.</summary>
    public async Task KillAsync(Victim victim, CancellationToken ct)
    {
        switch (victim)
        {
            case Victim.Server:
                ChildProcess.Send(server!.Id, Signal.Kill);
                await server.WaitAsync(ct);
                await server.DisposeAsync();
                await StartServerAsync(ct);
                break;
            case Victim.Postgres:
                if (PostgresId() is { } id) ChildProcess.Send(id, Signal.Kill);
                await ReadyAsync(ct);
                break;
            default:
                await rabbit.KillAsync(ct);
                await rabbit.RestartAsync(ct);
                break;
        }
    }

    /// <summary>Over loopback, as an auditor would: the server is not asked.</summary>
    public NpgsqlDataSource Database()
    {
        using var said = Said();
        return NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(said.RootElement.GetProperty("postgres").GetString())
        {
            Password = File.ReadAllText(said.RootElement.GetProperty("postgresPasswordFile").GetString()!).Trim(),
        }.ConnectionString);
    }

    JsonDocument Said() => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(State, "server.json")));

    /// <summary>What the server announced at its start; its PostgreSQL may have died and come back since, under another id.</summary>
    string ClusterFolder()
    {
        using var said = Said();
        var id = said.RootElement.GetProperty("postgresPid").GetInt32();
        var arguments = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/cmdline")).Split('\0');
        return arguments[Array.IndexOf(arguments, "-D") + 1];
    }

    /// <summary>Null while it is down.</summary>
    int? PostgresId()
    {
        var file = Path.Combine(cluster, "postmaster.pid");
        if (!File.Exists(file) || !int.TryParse(File.ReadLines(file).First(), CultureInfo.InvariantCulture, out var id)) return null;
        var name = string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/comm");
        return File.Exists(name) && File.ReadAllText(name).Trim() is "postgres" ? id : null;
    }

    async Task StartServerAsync(CancellationToken ct)
    {
        server = ChildProcess.Start(
            "server", Environment.ProcessPath!, ["server", State, Address.ToString(), rabbit.Address],
            Path.Combine(folder, "server.log"));
        await ReadyAsync(ct);
        cluster = ClusterFolder();
    }

    async Task ReadyAsync(CancellationToken ct)
    {
        using var http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(5) };
        var until = clock.GetUtcNow() + ReadyMax;
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri("health/ready", UriKind.Relative), ct);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
            {
                if (server!.HasExited) throw new WorldException($"The server ended. It printed:\n{server.Tail()}");
            }

            if (clock.GetUtcNow() > until) throw new WorldException($"Not ready after {ReadyMax}. It printed:\n{server!.Tail()}");
            await Task.Delay(Poll, clock, ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.StopAsync(clock);
            await server.DisposeAsync();
        }

        await rabbit.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
