using Lineage.Store;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Lineage.Bus;

/// <summary>Creates the table of dead letters before anything is taken. Two servers that start together take turns.</summary>
internal sealed class DeadLetterTable(NpgsqlDataSource database) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken) =>
        await SideTables.CreateAsync(database, DeadLetters.Create, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
