using Lineage.Agents.Client;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Identity;
using Lineage.Hosting;
using Npgsql;

namespace Lineage.Bench.Ingest;

/// <summary>A server with a private PostgreSQL, in this process and in a folder of its own, and a private RabbitMQ where that is
/// installed.</summary>
sealed class IngestWorld : IAsyncDisposable
{
    readonly string folder;
    readonly LineageServer server;
    readonly PrivateRabbitMq? rabbit;

    IngestWorld(string folder, LineageServer server, PrivateRabbitMq? rabbit)
    {
        (this.folder, this.server, this.rabbit) = (folder, server, rabbit);
        Client = new LineageClient(new ClientOptions(new Uri(server.Url), ActorId.Parse("launcher:bench"))
        {
            RequestTimeout = TimeSpan.FromMinutes(2),
        }, TimeProvider.System);
        Database = NpgsqlDataSource.Create(server.Postgres!.ConnectionString);
    }

    public LineageClient Client { get; }

    /// <summary>For rivals and for whoever checks what is on record; not the server's own connections.</summary>
    public NpgsqlDataSource Database { get; }

    /// <summary>Null where RabbitMQ is not installed.</summary>
    public Uri? Broker => rabbit is null ? null : new Uri(rabbit.Address);

    public int PostgresId => server.Postgres!.ProcessId;

    public static async Task<IngestWorld> StartAsync(TimeProvider clock, CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("lineage-bench-").FullName;
        PrivateRabbitMq? rabbit = null;
        try
        {
            rabbit = PrivateRabbitMq.Installed is null ? null
                : await PrivateRabbitMq.StartAsync(Path.Combine(folder, "rabbitmq"), clock, ct);
            var options = new ServerOptions(Path.Combine(folder, "state"), "http://127.0.0.1:0", BrokerAddress: rabbit?.Address);
            return new IngestWorld(folder, await LineageServer.StartAsync(options, clock, ct), rabbit);
        }
        catch
        {
            if (rabbit is not null) await rabbit.DisposeAsync();
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Database.DisposeAsync();
        await server.DisposeAsync();
        if (rabbit is not null) await rabbit.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
