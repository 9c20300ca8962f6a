using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Npgsql;

namespace Lineage.Store;

/// <summary>Reads whole streams with everything that their chains bind, and events of a run's stream by kind. Never writes.</summary>
public sealed class EvidenceReader(NpgsqlDataSource database)
{
    /// <summary>More events are no pack that a person can hand over; the answer says how many there are.</summary>
    public const int EventsMax = 200_000;

    const string Columns = """
        seq_id, stream_id, version, type, timestamp, correlation_id, causation_id, headers ->> 'actor', headers ->> 'command',
        headers ->> 'digest', headers ->> 'link', data::text
        """;

    const string Streams = $"""
        select {Columns} from {MartenSetup.Schema}.mt_events where stream_id = any($1) and timestamp <= $3
        order by stream_id collate "C", version limit $2
        """;

    /// <summary>From the rows, which are written apart from the events: a pack cut at its end does not fit them.</summary>
    const string Heads = $"""
        select id, data ->> 'version', data ->> 'head' from {MartenSetup.Schema}.mt_doc_run where id = any($1)
        union all select id, data ->> 'version', data ->> 'head' from {MartenSetup.Schema}.mt_doc_checkpoint where id = any($1)
        union all select id, data ->> 'version', data ->> 'head' from {MartenSetup.Schema}.mt_doc_recovery where id = any($1)
        """;

    /// <summary>Ranks joining are left out: there are as many as a run has ranks, each time.</summary>
    /// <remarks>The streams are settled first and their events found by the index; left to itself the planner reads the whole store in
    /// order for the sake of the limit.</remarks>
    const string Between = $"""
        with asked as materialized (
          select * from {MartenSetup.Schema}.mt_events
          where stream_id = any(array(
              select unnest($1)::varchar union all select id from {MartenSetup.Schema}.mt_doc_recovery where run_name = any($2)))
            and type not in ('rank-joined.v1', 'rank-restored.v1', 'stale-generation-refused.v1') and timestamp between $3 and $4)
        select {Columns} from asked order by seq_id limit $5
        """;

    /// <summary>Streams as they were. There are no rows of then, so a head is what the last event says of itself.</summary>
    public async Task<(IReadOnlyList<EvidenceEvent> Events, IReadOnlyList<EvidenceHead> Heads)> OfStreamsAsync(
        IReadOnlyList<string> streams, DateTimeOffset at, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var events = await ReadAsync(GraphReader.Ask(connection, Streams, [streams.ToArray(), EventsMax + 1, at]), ct);
        return (events, [.. events.GroupBy(static e => e.Stream, StringComparer.Ordinal)
            .Select(static stream => new EvidenceHead(stream.Key, stream.Last().Version, stream.Last().Link))]);
    }

    /// <summary>Events and heads of one moment.</summary>
    public async Task<(IReadOnlyList<EvidenceEvent> Events, IReadOnlyList<EvidenceHead> Heads)> OfStreamsAsync(
        IReadOnlyList<string> streams, CancellationToken ct)
    {
        var names = streams.ToArray();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var moment = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        var heads = new List<EvidenceHead>();
        await using (var command = GraphReader.Ask(connection, Heads, [names]))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                heads.Add(new EvidenceHead(
                    reader.GetString(0), long.Parse(reader.GetString(1), System.Globalization.CultureInfo.InvariantCulture),
                    await reader.IsDBNullAsync(2, ct) ? null : ContentHash.Parse(reader.GetString(2))));
        }

        var events = await ReadAsync(GraphReader.Ask(connection, Streams, [names, EventsMax + 1, DateTimeOffset.MaxValue]), ct);
        return (events, [.. heads.OrderBy(static head => head.Stream, StringComparer.Ordinal)]);
    }

    /// <summary>What was decided of runs, and what befell them, in a stretch of time.</summary>
    public async Task<IReadOnlyList<EvidenceEvent>> BetweenAsync(
        IReadOnlyList<RunId> runs, DateTimeOffset from, DateTimeOffset to, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(GraphReader.Ask(
            connection, Between, [runs.Select(static run => run.StreamKey).ToArray(), runs.Select(static run => run.ToString()).ToArray(),
                from, to, limit]), ct);
    }

    static async Task<IReadOnlyList<EvidenceEvent>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        var found = new List<EvidenceEvent>();
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                using var body = JsonDocument.Parse(reader.GetString(11));
                found.Add(new EvidenceEvent(
                    reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3),
                    await reader.GetFieldValueAsync<DateTimeOffset>(4, ct), await reader.TextAsync(7, ct), await reader.TextAsync(5, ct),
                    await reader.TextAsync(6, ct), await reader.TextAsync(8, ct), ContentHash.Parse(reader.GetString(9)),
                    await reader.TextAsync(10, ct) is { } link ? ContentHash.Parse(link) : null, body.RootElement.Clone()));
            }
        }

        return found;
    }
}
