using System.Text.Json;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Npgsql;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// What is on record, read with the judge's own SQL from the event table and parsed into Contracts: neither the service nor its event
/// library is asked. One statement, so that it sees one moment.
/// </summary>
public static class PostgresWitness
{
    const string Schema = "lineage";

    const int EventsMax = 2_000_000, TimeoutSeconds = 120;

    /// <summary>Streams that are about the run: its own, its checkpoints', its recoveries'.</summary>
    const string Sql = $"""
        select seq_id, version, stream_id, type, data::text, headers->>'digest', extract(epoch from timestamp) * 1000,
            id::text, (extract(epoch from timestamp) * 1000000)::bigint, headers->>'link', headers->>'actor', correlation_id, causation_id,
            headers->>'command'
        from {Schema}.mt_events
        where stream_id = 'run/' || @run or stream_id like 'checkpoint/' || @like || '/%' or stream_id like 'recovery/' || @like || '/%'
        order by stream_id collate "C", version
        limit @limit
        """;

    static readonly Dictionary<string, Type> Types = EventCatalog.Names.ToDictionary(
        static one => one.Value, static one => one.Key, StringComparer.Ordinal);

    /// <param name="beganAt">What the world's clock calls 0.</param>
    /// <exception cref="InvalidDataException">An event that no Contracts record fits, or more events than can be judged.</exception>
    /// <exception cref="NpgsqlException">The database cannot be asked: there is no evidence, and no verdict may be made.</exception>
    public static async Task<IReadOnlyList<StreamEvidence>> ReadAsync(
        string connectionString, RunId run, DateTimeOffset beganAt, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(ct);
        return await StreamsAsync(connection, run, beganAt, ct);
    }

    /// <summary>Events and read models of one moment, each row beside what its stream gives.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public static async Task<(IReadOnlyList<StreamEvidence> Streams, IReadOnlyList<RowEvidence> Rows)> ReadWithRowsAsync(
        string connectionString, RunId run, DateTimeOffset beganAt, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(ct);
        await using var moment = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        var streams = await StreamsAsync(connection, run, beganAt, ct);
        return (streams, await RowReplay.CompareAsync(Command(connection, RowReplay.Sql, run), streams, ct));
    }

    static NpgsqlCommand Command(NpgsqlConnection connection, string sql, RunId run)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = TimeoutSeconds };
        command.Parameters.AddWithValue("run", run.Value);
        command.Parameters.AddWithValue("like", run.Value.Replace("_", "\\_", StringComparison.Ordinal));
        command.Parameters.AddWithValue("limit", EventsMax + 1);
        return command;
    }

    static async Task<IReadOnlyList<StreamEvidence>> StreamsAsync(
        NpgsqlConnection connection, RunId run, DateTimeOffset beganAt, CancellationToken ct)
    {
        await using var command = Command(connection, Sql, run);
        var streams = new Dictionary<string, List<EventEvidence>>(StringComparer.Ordinal);
        var links = new PlainLinks();
        await using var reader = await command.ExecuteReaderAsync(ct);
        for (var count = 0; await reader.ReadAsync(ct); count++)
        {
            if (count == EventsMax) throw new InvalidDataException($"Run {run} has more than {EventsMax:N0} events.");
            var key = reader.GetString(2);
            if (!streams.TryGetValue(key, out var events)) streams[key] = events = [];
            events.Add(Read(reader, key, beganAt, links));
        }

        return [.. streams.Select(static one => new StreamEvidence(one.Key, one.Value))];
    }

    static EventEvidence Read(NpgsqlDataReader reader, string stream, DateTimeOffset beganAt, PlainLinks links)
    {
        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
        var (sequence, version, name) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetString(3));
        var (text, digest) = (reader.GetString(4), Text(5));
        var atMs = (long)reader.GetDecimal(6) - beganAt.ToUnixTimeMilliseconds();
        var bytes = Digest(text);
        return new EventEvidence(
            sequence, version, name, Body(text, name, stream, version),
            digest is null ? null : string.Equals(bytes.ToString(), digest, StringComparison.Ordinal), atMs, reader.GetString(7), bytes,
            links.Holds(stream, version, name, reader.GetInt64(8), Text(9), Text(10), Text(11), Text(12), Text(13), digest));
    }

    static object Body(string text, string name, string stream, long version)
    {
        if (!Types.TryGetValue(name, out var type))
            throw new InvalidDataException($"Version {version} of {stream} is called {name}; no event of Contracts has this name.");
        try
        {
            return JsonSerializer.Deserialize(text, type, CanonicalJson.Options)
                ?? throw new InvalidDataException($"Version {version} of {stream} has the body null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"Version {version} of {stream} does not read as {name}: {e.Message}", e);
        }
    }

    /// <summary>The digest is over the canonical form of what the column gives back, because jsonb reorders what it stores.</summary>
    static ContentHash Digest(string text)
    {
        using var document = JsonDocument.Parse(text);
        return ContentHash.Of(CanonicalJson.Canonicalize(document.RootElement));
    }
}
