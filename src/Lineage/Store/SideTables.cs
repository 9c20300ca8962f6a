using Npgsql;

namespace Lineage.Store;

/// <summary>Tables beside those of the event store, for what is neither an event nor a row of a stream.</summary>
internal static class SideTables
{
    /// <summary>Any number, but the same for every server: "if not exists" alone lets two that start together collide.</summary>
    const long CreationLock = 0x4C49_4E45_4147_45;

    /// <param name="statements">Each of them harmless to repeat.</param>
    public static async Task CreateAsync(NpgsqlDataSource database, string statements, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var turn = new NpgsqlCommand($"select pg_advisory_xact_lock({CreationLock})", connection, transaction))
            await turn.ExecuteNonQueryAsync(ct);
        await using (var create = new NpgsqlCommand(statements, connection, transaction)) await create.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }
}
