using System.Globalization;
using Npgsql;

namespace Lineage.Store;

/// <summary>Asks the database how far a tail may go (<see cref="TailHorizon"/>).</summary>
sealed class LogTail
{
    /// <summary>Under load something is always under way; what was under way a moment ago is over soon.</summary>
    const int AsksMax = 6;

    /// <summary>Two statements: the number is read before the snapshot is taken, and each takes its own.</summary>
    const string Newest = $"select case when is_called then last_value else 0 end from {MartenSetup.Schema}.mt_events_sequence";

    const string UnderWay =
        "select pg_snapshot_xmin(pg_current_snapshot())::text, pg_snapshot_xmax(pg_current_snapshot())::text";

    const string Moment = "select pg_sleep(0.004)";

    readonly TailHorizon horizon = new();

    /// <returns>Every event up to here is visible to a statement that begins now.</returns>
    public async Task<long> ReachAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        for (var asks = 1; ; asks++)
        {
            var (last, oldest, next) = await LookAsync(connection, ct);
            var reach = horizon.Reach(last, oldest, next);
            if (reach >= last || asks == AsksMax) return reach;
            await using var moment = new NpgsqlCommand(Moment, connection);
            await moment.ExecuteNonQueryAsync(ct);
        }
    }

    static async Task<(long Last, long Oldest, long Next)> LookAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new(Newest), new(UnderWay) } };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var last = reader.GetInt64(0);
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        return (last, Number(reader.GetString(0)), Number(reader.GetString(1)));
    }

    static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
