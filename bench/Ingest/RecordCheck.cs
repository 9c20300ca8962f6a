using System.Text.Json;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Npgsql;

namespace Lineage.Bench.Ingest;

/// <summary>
/// Reads the event table by itself and says whether every fact is on record exactly once, versions have no gap, bodies match their
/// digests and every stream's hash chain holds.
/// </summary>
static class RecordCheck
{
    static readonly Dictionary<string, Type> Types =
        EventCatalog.Names.ToDictionary(static pair => pair.Value, static pair => pair.Key, StringComparer.Ordinal);

    /// <returns>Null if all is as it must be; otherwise what is not.</returns>
    public static async Task<string?> ObjectionAsync(NpgsqlDataSource database, IEnumerable<MadeUpSave> saves, CancellationToken ct)
    {
        foreach (var save in saves)
            if (await ObjectionAsync(database, save, ct) is { } objection) return $"{save.Id}: {objection}";
        return null;
    }

    static async Task<string?> ObjectionAsync(NpgsqlDataSource database, MadeUpSave save, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            "select version, type, timestamp, correlation_id, causation_id, headers::text, data::text from lineage.mt_events " +
            "where stream_id = $1 order by version");
        command.Parameters.Add(new() { Value = save.Id.StreamKey });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var (count, seen) = (0L, new HashSet<(Type, int)>());
        ContentHash? link = null;
        while (await reader.ReadAsync(ct))
        {
            if (reader.GetInt64(0) != ++count) return $"version {reader.GetInt64(0)} follows {count - 1}";
            var type = Types[reader.GetString(1)];
            var body = JsonSerializer.Deserialize(reader.GetString(6), type, CanonicalJson.Options)!;
            if (!seen.Add((type, body switch { ShardDiffed d => d.Rank.Value, ShardStored s => s.Rank.Value, _ => -1 })))
                return $"{type.Name} is on record twice";
            using var headers = JsonDocument.Parse(reader.GetString(5));
            var digest = CanonicalJson.Digest(body);
            if (Header(headers, "digest") != digest.ToString()) return $"version {count} does not match its digest";
            link = EventChain.Link(link, new ChainedEvent(
                save.Id.StreamKey, count, reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2), Header(headers, "actor"),
                Text(reader, 3), Text(reader, 4), Header(headers, "command"), digest));
            if (Header(headers, "link") != link.ToString()) return $"the chain breaks at version {count}";
        }

        return count == save.EventCount ? null : $"{count} events on record, expected {save.EventCount}";
    }

    static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    static string? Header(JsonDocument headers, string name) =>
        headers.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
}
