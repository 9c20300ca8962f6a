using Npgsql;

namespace Lineage.Store;

/// <summary>A statement with its values, by position.</summary>
sealed record Statement(string Sql, params IReadOnlyList<NpgsqlParameter> Values);

/// <summary>
/// The answers to several statements of one round trip. Statements are prepared once for each connection, because what they cost is mostly
/// their planning.
/// </summary>
sealed class RowReader : IAsyncDisposable
{
    readonly NpgsqlConnection connection;
    readonly NpgsqlBatch batch;
    NpgsqlDataReader? reader;

    RowReader(NpgsqlConnection connection, NpgsqlBatch batch) => (this.connection, this.batch) = (connection, batch);

    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public static async Task<RowReader> OpenAsync(NpgsqlDataSource database, IReadOnlyList<Statement> statements, CancellationToken ct)
    {
        try
        {
            var connection = await database.OpenConnectionAsync(ct);
            var batch = connection.CreateBatch();
            var rows = new RowReader(connection, batch);
            try
            {
                foreach (var statement in statements)
                {
                    var command = batch.CreateBatchCommand();
                    command.CommandText = statement.Sql;
                    foreach (var value in statement.Values) command.Parameters.Add(value);
                    batch.BatchCommands.Add(command);
                }

                await batch.PrepareAsync(ct);
                rows.reader = await batch.ExecuteReaderAsync(ct);
                return rows;
            }
            catch
            {
                await rows.DisposeAsync();
                throw;
            }
        }
        catch (Exception e) when (StoreFailure.Classify(e) is StoreUnavailableException)
        {
            throw StoreFailure.Classify(e)!;
        }
    }

    public Task<bool> ReadAsync(CancellationToken ct) => reader!.ReadAsync(ct);

    public Task<bool> NextAsync(CancellationToken ct) => reader!.NextResultAsync(ct);

    public string Text(int column) => reader!.GetString(column);

    public string? TextOrNull(int column) => reader!.IsDBNull(column) ? null : reader.GetString(column);

    public bool Flag(int column) => reader!.GetBoolean(column);

    public long Number(int column) => reader!.GetInt64(column);

    public DateTimeOffset Moment(int column) => reader!.GetFieldValue<DateTimeOffset>(column);

    public async ValueTask DisposeAsync()
    {
        if (reader is not null) await reader.DisposeAsync();
        await batch.DisposeAsync();
        await connection.DisposeAsync();
    }
}
