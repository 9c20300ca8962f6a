using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Npgsql;

namespace Lineage.Store;

/// <summary>Who restored what: recoveries and exports, newest first, of a run or of one checkpoint.</summary>
public sealed class RestorationReader(NpgsqlDataSource database)
{
    const string Events = $"{MartenSetup.Schema}.mt_events";

    /// <summary>
    /// Both halves are found by an index (recoveries of the run, or edges of the checkpoint; edges of exports in the run's range of names)
    /// and their events by stream and version.
    /// </summary>
    const string Query = $"""
        with recoveries as (
          select d.id, d.data -> 'state' as body from {MartenSetup.Schema}.mt_doc_recovery d
          where $2 = '' and d.run_name = $1
             or $2 <> '' and d.id in (select 'recovery/' || target collate "default" from {GraphTables.Edges}
               where source = $2 and kind = 'restore')),
        exports as (
          select source, target from {GraphTables.Edges}
          where kind = 'export' and ($2 = '' and source > $1 || '/' and source < $1 || '0' or $2 <> '' and source = $2)),
        all_of_them as (
          select 'r' as what, r.id as name, e.timestamp as at, e.headers ->> 'actor' as actor, r.body::text
          from recoveries r join {Events} e on e.stream_id = r.id and e.version = 1
          union all
          select 'x', x.target, e.timestamp, e.headers ->> 'actor', e.data::text
          from exports x join {Events} e on e.stream_id = ('checkpoint/' || x.source) collate "default" and e.version = x.target::bigint)
        select what, name, at, actor, body from all_of_them
        where (at, name) < ($3, $4) order by at desc, name desc limit $5
        """;

    /// <param name="of">Null: of the whole run.</param>
    /// <param name="after">The last one seen.</param>
    public async Task<IReadOnlyList<Restoration>> ListAsync(
        RunId run, CheckpointId? of, (DateTimeOffset At, string Name)? after, int limit, CancellationToken ct)
    {
        var found = new List<Restoration>();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = GraphReader.Ask(connection, Query, run.ToString(), of?.ToString() ?? "",
            after?.At ?? new DateTimeOffset(9999, 1, 1, 0, 0, 0, TimeSpan.Zero), after?.Name ?? "", limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var (name, at) = (reader.GetString(1), await reader.GetFieldValueAsync<DateTimeOffset>(2, ct));
            var actor = ActorId.Parse(await reader.IsDBNullAsync(3, ct) ? "unknown" : reader.GetString(3));
            found.Add(string.Equals(reader.GetString(0), "r", StringComparison.Ordinal)
                ? Restorations.Of(Read<Recovery>(reader.GetString(4)), of, actor, at)
                : Restorations.Of(Read<CheckpointExported>(reader.GetString(4)), name, actor, at));
        }

        return found;
    }

    static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, CanonicalJson.Options)!;
}
