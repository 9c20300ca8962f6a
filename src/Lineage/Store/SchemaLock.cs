using Npgsql;

namespace Lineage.Store;

/// <summary>
/// Servers that start at the same moment on one database would create the same tables at the same moment, and all but one would fail. One
/// after the other they find everything there. The lock is the session's: a server that dies lets go of it.
/// </summary>
static class SchemaLock
{
    /// <summary>Any number, the same for every version: "lineage" in ASCII.</summary>
    const long Key = 0x6c696e65616765;

    /// <summary>Creating the schema takes a second or two; who waits longer than this waits for something that is stuck.</summary>
    const int PatienceSeconds = 60;

    /// <exception cref="PostgresException">55P03: another session holds the lock for longer than the patience.</exception>
    public static async Task<IAsyncDisposable> TakeAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        var connection = await database.OpenConnectionAsync(ct);
        try
        {
            await using var command = connection.CreateCommand();
            command.CommandTimeout = PatienceSeconds + 5;
            command.CommandText = $"set lock_timeout = '{PatienceSeconds}s'; select pg_advisory_lock({Key}); reset lock_timeout";
            await command.ExecuteNonQueryAsync(ct);
            return new Held(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    sealed class Held(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await using (connection)
            {
                await using var command = connection.CreateCommand();
                command.CommandText = $"select pg_advisory_unlock({Key})";
                await command.ExecuteNonQueryAsync();
            }
        }
    }
}
