using System.Text.Json;
using Lineage.Contracts.Identity;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Store;

/// <summary>One stored event as the database holds it.</summary>
public sealed record StoredEvent(
    long Sequence, string Stream, long Version, string Name, DateTimeOffset At, string? Correlation, string? Causation, JsonElement Headers,
    JsonElement Body)
{
    public string? Header(string name) =>
        Headers.ValueKind == JsonValueKind.Object && Headers.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;
}

/// <summary>Reads the event table by stream prefix, in sequence order. Never writes.</summary>
public sealed class EventLog(NpgsqlDataSource database, LogTail tail)
{
    internal const string PrefixIndex = "lineage_events_stream_prefix";

    internal static readonly string[] Indexes = [PrefixIndex];

    const string Query = $"""
        select e.seq_id, e.stream_id, e.version, e.type, e.timestamp, e.correlation_id, e.causation_id, e.headers::text, e.data::text
        from {MartenSetup.Schema}.mt_events e
        where e.seq_id > $1 and (e.stream_id = $2 or e.stream_id like $3 or e.stream_id like $4)
        order by e.seq_id limit $5
        """;

    internal static async Task CreateIndexesAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"create index if not exists {PrefixIndex} on {MartenSetup.Schema}.mt_events (stream_id text_pattern_ops, seq_id)");
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Events of a run across its own, its checkpoints' and its recoveries' streams, as far as a cursor may go: what a lower
    /// number could still come before is held back until the transactions that are under way are over.</summary>
    /// <param name="after">Sequence of the last event seen; 0 from the beginning.</param>
    public async Task<IReadOnlyList<StoredEvent>> OfRunAsync(RunId run, long after, int limit, CancellationToken ct)
    {
        var settled = new List<StoredEvent>();
        await using var connection = await database.OpenConnectionAsync(ct);
        var reach = await tail.ReachAsync(connection, ct);
        await using var command = new NpgsqlCommand(Query, connection);
        command.Parameters.Add(new() { Value = after, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = $"run/{run}" });
        command.Parameters.Add(new() { Value = Prefix("checkpoint", run) });
        command.Parameters.Add(new() { Value = Prefix("recovery", run) });
        command.Parameters.Add(new() { Value = limit, NpgsqlDbType = NpgsqlDbType.Integer });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            if (reader.GetInt64(0) > reach) break;
            settled.Add(new StoredEvent(
                reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3),
                await reader.GetFieldValueAsync<DateTimeOffset>(4, ct),
                await reader.TextAsync(5, ct), await reader.TextAsync(6, ct), Json(await reader.TextAsync(7, ct) ?? "{}"),
                Json(reader.GetString(8))));
        }

        return settled;
    }

    /// <summary>'_' and '%' are the wildcards of LIKE and '_' is allowed in a run's name.</summary>
    internal static string Prefix(string noun, RunId run) => $"{noun}/{run.ToString().Replace("_", @"\_", StringComparison.Ordinal)}/%";

    static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
