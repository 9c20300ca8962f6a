using System.Text.Json;
using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Runs;
using Npgsql;

namespace Lineage.Bench.Ingest;

/// <summary>What the record says after everything healed, read from the database without the service.</summary>
sealed class RecordJudge(NpgsqlDataSource database)
{
    static readonly Dictionary<string, Type> Types =
        EventCatalog.Names.ToDictionary(static pair => pair.Value, static pair => pair.Key, StringComparer.Ordinal);

    readonly Dictionary<string, Checkpoint> checkpoints = new(StringComparer.Ordinal);
    readonly Dictionary<string, Run> runs = new(StringComparer.Ordinal);

    public List<string> Objections { get; } = [];

    public int Events { get; private set; }

    public int Streams => checkpoints.Count + runs.Count;

    public int Rows { get; private set; }

    public async Task JudgeAsync(KillLoad load, CancellationToken ct)
    {
        await ReadAsync(ct);
        foreach (var (id, hash) in load.Sealed)
            if (checkpoints.GetValueOrDefault(id.StreamKey)?.Sealed?.ManifestHash != hash)
                Objections.Add($"{id} was seen sealed with {hash.Short}; on record is " +
                    (checkpoints.GetValueOrDefault(id.StreamKey)?.Sealed?.ManifestHash.Short ?? "nothing"));
        foreach (var ((id, rank), root) in load.Stored)
            if (checkpoints.GetValueOrDefault(id.StreamKey)?.Shard(rank).Stored is not [{ } only] || only.Root != root)
                Objections.Add($"rank {rank} of {id} was acknowledged stored once; on record it is not");
        await CompareAsync("checkpoint", key => checkpoints.GetValueOrDefault(key), checkpoints.Count, ct);
        await CompareAsync("run", key => runs.GetValueOrDefault(key), runs.Count, ct);
    }

    /// <summary>Folds every stream and checks versions, digests and links on the way.</summary>
    async Task ReadAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            "select stream_id, version, type, timestamp, correlation_id, causation_id, headers::text, data::text from lineage.mt_events " +
            "where type <> 'tombstone' order by stream_id, version");   // the store's own mark of an unused number
        command.CommandTimeout = 300;
        await using var reader = await command.ExecuteReaderAsync(ct);
        var (stream, version, link) = ("", 0L, (ContentHash?)null);
        while (await reader.ReadAsync(ct))
        {
            Events++;
            if (!string.Equals(stream, reader.GetString(0), StringComparison.Ordinal))
                (stream, version, link) = (reader.GetString(0), 0, null);
            if (reader.GetInt64(1) != ++version) Objections.Add($"{stream}: version {reader.GetInt64(1)} where {version} is due");
            var body = JsonSerializer.Deserialize(reader.GetString(7), Types[reader.GetString(2)], CanonicalJson.Options)!;
            link = Check(reader, stream, version, link, CanonicalJson.Digest(body));
            if (body is Contracts.Events.CheckpointOpened || checkpoints.ContainsKey(stream))
                checkpoints[stream] = Checkpoint.Fold(checkpoints.GetValueOrDefault(stream), body)!;
            else if (stream.StartsWith("run/", StringComparison.Ordinal)) runs[stream] = Run.Fold(runs.GetValueOrDefault(stream), body)!;
        }
    }

    ContentHash Check(NpgsqlDataReader reader, string stream, long version, ContentHash? link, ContentHash digest)
    {
        using var headers = JsonDocument.Parse(reader.GetString(6));
        string? Header(string name) => headers.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
        var next = EventChain.Link(link, new ChainedEvent(
            stream, version, reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3), Header("actor"), Text(4), Text(5),
            Header("command"), digest));
        if (Header("digest") != digest.ToString()) Objections.Add($"{stream}: version {version} does not match its digest");
        if (Header("link") != next.ToString()) Objections.Add($"{stream}: the chain breaks at version {version}");
        return next;
    }

    /// <summary>A row must be what its stream folds to.</summary>
    async Task CompareAsync<T>(string table, Func<string, T?> folded, int expected, CancellationToken ct) where T : class
    {
        await using var command = database.CreateCommand($"select id, (data->'state')::text from lineage.mt_doc_{table}");
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = 0;
        while (await reader.ReadAsync(ct))
        {
            rows++;
            var row = JsonSerializer.Deserialize<T>(reader.GetString(1), CanonicalJson.Options)!;
            if (folded(reader.GetString(0)) is not { } state
                || !CanonicalJson.Write(state).AsSpan().SequenceEqual(CanonicalJson.Write(row)))
                Objections.Add($"the row of {reader.GetString(0)} is not what its stream folds to");
        }

        Rows += rows;
        if (rows != expected) Objections.Add($"{rows} rows of {table}, {expected} streams");
    }
}
