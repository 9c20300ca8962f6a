using Lineage.Tests.Service.Worlds;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Lineage.Tests.Service.Graph;

/// <summary>One server for the whole class; each test has runs of its own.</summary>
public sealed class GraphServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public NpgsqlDataSource Database => Server.Server.Services.GetRequiredService<NpgsqlDataSource>();

    public async Task InitializeAsync() => Server = await RunningServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
