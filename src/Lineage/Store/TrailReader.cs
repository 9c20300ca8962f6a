using System.Text.Json;
using Lineage.Audit;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Npgsql;

namespace Lineage.Store;

/// <summary>
/// Feeds a verification: streams in batches, each with its events by version, its place in the table of streams and its row, all as of one
/// moment. Reads only; memory is bounded by one batch's list of streams and one event.
/// </summary>
public sealed class TrailReader(NpgsqlDataSource database)
{
    const int BatchStreams = 256;

    const string Schema = MartenSetup.Schema;

    /// <summary>Marten's own stream, in which it notes sequence numbers of failed appends. No event of the catalogue is in it.</summary>
    const string Tombstones = "mt_tombstone";

    static readonly string[] RowTables = ["run", "checkpoint", "recovery", "access", "key"];

    static string Rows(string columns) =>
        string.Join(" union all ", RowTables.Select(table => $"select {columns} from {Schema}.mt_doc_{table}"));

    /// <summary>Reads everything, or the streams of one run, and calls back after each batch.</summary>
    public async Task ReadAsync(AuditVerifier verifier, RunId? run, Func<CancellationToken, Task> batchDone, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var moment = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        for (string? after = null; ;)
        {
            var streams = await StreamsAsync(connection, run, after, ct);
            await BatchAsync(connection, verifier, streams, ct);
            await batchDone(ct);
            if (streams.Count < BatchStreams) break;
            after = streams[^1].Stream;
        }

        foreach (var lost in (await LostAsync(connection, run, ct)).Chunk(BatchStreams))
            await BatchAsync(connection, verifier, [.. lost.Select(static id => (id, (long?)null))], ct);
        await batchDone(ct);
    }

    static async Task<IReadOnlyList<(string Stream, long? Version)>> StreamsAsync(
        NpgsqlConnection connection, RunId? run, string? after, CancellationToken ct)
    {
        var found = new List<(string, long?)>();
        await using var command = new NpgsqlCommand($"""
            select s.id, s.version from {Schema}.mt_streams s
            where s.id <> '{Tombstones}' and s.id > $1 and ($2 = '' or {OfRun("s.id", "$2")}) order by s.id limit {BatchStreams}
            """, connection);
        command.Parameters.Add(new() { Value = after ?? "" });
        command.Parameters.Add(new() { Value = run?.ToString() ?? "" });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) found.Add((reader.GetString(0), reader.GetInt64(1)));
        return found;
    }

    /// <summary>Streams that have events or a row, but no place in the table of streams.</summary>
    static async Task<IReadOnlyList<string>> LostAsync(NpgsqlConnection connection, RunId? run, CancellationToken ct)
    {
        var found = new List<string>();
        await using var command = new NpgsqlCommand($"""
            select o.id from (select distinct stream_id as id from {Schema}.mt_events union {Rows("id")}) o
            where o.id <> '{Tombstones}' and ($1 = '' or {OfRun("o.id", "$1")})
                and not exists (select from {Schema}.mt_streams s where s.id = o.id) order by o.id
            """, connection);
        command.Parameters.Add(new() { Value = run?.ToString() ?? "" });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) found.Add(reader.GetString(0));
        return found;
    }

    static string OfRun(string id, string run) =>
        $"({id} = 'run/' || {run} or starts_with({id}, 'checkpoint/' || {run} || '/') or starts_with({id}, 'recovery/' || {run} || '/'))";

    static async Task BatchAsync(
        NpgsqlConnection connection, AuditVerifier verifier, IReadOnlyList<(string Stream, long? Version)> streams, CancellationToken ct)
    {
        if (streams.Count == 0) return;
        var ids = streams.Select(static stream => stream.Stream).ToArray();
        var rows = await RowsAsync(connection, ids, ct);
        await using var command = new NpgsqlCommand($"""
            select e.stream_id, e.seq_id, e.version, e.type, e.timestamp, e.user_name, e.headers->>'actor', e.correlation_id,
                e.causation_id, e.headers->>'command', e.headers->>'digest', e.headers->>'link', e.data::text, e.is_archived
            from unnest($1::text[]) with ordinality as b(id, place) left join {Schema}.mt_events e on e.stream_id = b.id
            order by b.place, e.version
            """, connection);
        command.Parameters.Add(new() { Value = ids });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var next = 0;
        while (await reader.ReadAsync(ct))
        {
            if (await reader.IsDBNullAsync(0, ct))
            {
                Begin(verifier, streams[next++], rows);
                continue;
            }

            var stream = reader.GetString(0);
            if (next == 0 || !string.Equals(streams[next - 1].Stream, stream, StringComparison.Ordinal))
                Begin(verifier, streams[next++], rows);
            verifier.Add(await EventAsync(reader, stream, ct));
        }
    }

    static void Begin(
        AuditVerifier verifier, (string Stream, long? Version) stream, Dictionary<string, (long Version, string? Head)> rows)
    {
        var hasRow = rows.TryGetValue(stream.Stream, out var row);
        verifier.Begin(new RecordedStream(
            stream.Stream, stream.Version, RowTables.Contains(stream.Stream.Split('/')[0]), hasRow, row.Version, row.Head));
    }

    static async Task<Dictionary<string, (long Version, string? Head)>> RowsAsync(
        NpgsqlConnection connection, string[] ids, CancellationToken ct)
    {
        var found = new Dictionary<string, (long, string?)>(StringComparer.Ordinal);
        await using var command = new NpgsqlCommand($"""
            select r.id, (r.data->>'version')::bigint, r.data->>'head' from ({Rows("id, data")}) r where r.id = any($1)
            """, connection);
        command.Parameters.Add(new() { Value = ids });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            found[reader.GetString(0)] = (reader.GetInt64(1), await reader.TextAsync(2, ct));
        return found;
    }

    static async Task<RecordedEvent> EventAsync(NpgsqlDataReader reader, string stream, CancellationToken ct)
    {
        using var body = JsonDocument.Parse(reader.GetString(12));
        var texts = new string?[7];
        for (var i = 0; i < texts.Length; i++) texts[i] = await reader.TextAsync(5 + i, ct);
        return new RecordedEvent(
            reader.GetInt64(1), stream, reader.GetInt64(2), reader.GetString(3), await reader.GetFieldValueAsync<DateTimeOffset>(4, ct),
            texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], texts[6], StoredBody.Digest(body.RootElement),
            BodyAt(body.RootElement), reader.GetBoolean(13));
    }

    static DateTimeOffset? BodyAt(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("at", out var at) && at.ValueKind == JsonValueKind.String
        && at.TryGetDateTimeOffset(out var time) ? time : null;

    /// <summary>Heads of all streams, ordered by the bytes of their names, as of one moment.</summary>
    public async Task HeadsAsync(Func<AuditHead, CancellationToken, Task> each, CancellationToken ct)
    {
        await using var command = database.CreateCommand($"""
            select s.id, s.version, e.headers->>'link' from {Schema}.mt_streams s
            left join {Schema}.mt_events e on e.stream_id = s.id and e.version = s.version
            where s.id <> '{Tombstones}' and s.version > 0 order by s.id collate "C"
            """);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            await each(new AuditHead(
                reader.GetString(0), reader.GetInt64(1),
                await reader.TextAsync(2, ct) is { } link ? ContentHash.Parse(link) : null), ct);
    }
}
