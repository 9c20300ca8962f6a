using System.Globalization;
using Npgsql;

namespace Lineage.Store;

/// <summary>Asks the database how far a tail may go (<see cref="TailHorizon"/>); one for all readers of a server, so that they agree.
/// </summary>
/// <remarks>A snapshot's xmax is no place for a mark: it is one past the newest transaction that is <em>over</em>, so a younger one under
/// way is in no snapshot at all. A mark takes a transaction of its own, and only when there is a number that no mark has yet.</remarks>
public sealed class LogTail
{
    /// <summary>Under load something is always under way; what was under way a moment ago is over soon.</summary>
    const int AsksMax = 10;

    const string Newest = $"select case when is_called then last_value else 0 end from {MartenSetup.Schema}.mt_events_sequence";

    const string Mark = "select pg_current_xact_id()::text";

    const string UnderWay = "select pg_snapshot_xmin(pg_current_snapshot())::text";

    const string Moment = "select pg_sleep(0.004)";

    readonly TailHorizon horizon = new();

    /// <returns>Every event up to here is visible to a statement that begins now.</returns>
    public async Task<long> ReachAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var last = (long)(await AskAsync(connection, Newest, ct))!;
        var next = horizon.Knows(last) ? long.MaxValue : Number(await AskAsync(connection, Mark, ct));
        for (var asks = 1; ; asks++)
        {
            var reach = horizon.Reach(last, Number(await AskAsync(connection, UnderWay, ct)), next);
            if (reach >= last || asks == AsksMax) return reach;
            await AskAsync(connection, Moment, ct);
        }
    }

    /// <summary>Each in a transaction of its own: the order of the three is what makes them true.</summary>
    static async Task<object?> AskAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(ct);
    }

    static long Number(object? text) => long.Parse((string)text!, CultureInfo.InvariantCulture);
}
