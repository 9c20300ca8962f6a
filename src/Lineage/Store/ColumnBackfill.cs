using Marten;
using Npgsql;

namespace Lineage.Store;

/// <summary>Fills the columns of rows that were written before there were such columns.</summary>
/// <remarks>If the server dies here, the next start goes on with the rows that are still without. Rows are locked while they are written
/// again, so an append of another server waits and is not undone.</remarks>
sealed class ColumnBackfill(IDocumentStore store, NpgsqlDataSource database)
{
    const int AtOnce = 100;

    public async Task RunAsync(CancellationToken ct)
    {
        await RunAsync<RunRow>("mt_doc_run", ct);
        await RunAsync<CheckpointRow>("mt_doc_checkpoint", ct);
        await RunAsync<RecoveryRow>("mt_doc_recovery", ct);
    }

    async Task RunAsync<T>(string table, CancellationToken ct) where T : class
    {
        for (var more = await AnyAsync(table, ct); more; more = await AnyAsync(table, ct))
        {
            await using var session = store.LightweightSession();
            await session.BeginTransactionAsync(ct);
            var ids = await session.AdvancedSql.QueryAsync<string>(
                $"select id from {MartenSetup.Schema}.{table} where outline is null order by id limit {AtOnce} for update", ct);
            session.Store<T>(await session.LoadManyAsync<T>(ct, ids));   // named, or the list itself would be taken for a document
            await session.SaveChangesAsync(ct);
        }
    }

    async Task<bool> AnyAsync(string table, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"select exists (select 1 from {MartenSetup.Schema}.{table} where outline is null)");
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }
}
