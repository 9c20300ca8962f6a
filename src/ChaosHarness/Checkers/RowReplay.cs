using System.Globalization;
using System.Text;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Npgsql;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// Read models as they lie in the database beside what the events of their streams give, folded by the judge's own few rules: how many
/// events a row has seen, and of a checkpoint its phase and its manifest.
/// </summary>
static class RowReplay
{
    public const string Sql = """
        select id, data->>'version', data->>'phase', data->'state'->'sealed'->>'manifestHash' from lineage.mt_doc_checkpoint
        where id like 'checkpoint/' || @like || '/%'
        union all select id, data->>'version', null, null from lineage.mt_doc_run where id = 'run/' || @run
        union all select id, data->>'version', null, null from lineage.mt_doc_recovery where id like 'recovery/' || @like || '/%'
        order by 1 limit @limit
        """;

    sealed record Row(string? Version, string? Phase, string? Manifest);

    static readonly Row Absent = new(null, null, null);

    /// <returns>One for every stream; a stream without a row has one that never fits.</returns>
    public static async Task<IReadOnlyList<RowEvidence>> CompareAsync(
        NpgsqlCommand command, IReadOnlyList<StreamEvidence> streams, CancellationToken ct)
    {
        var live = new Dictionary<string, Row>(StringComparer.Ordinal);
        await using (command)
        await using (var reader = await command.ExecuteReaderAsync(ct))
            while (await reader.ReadAsync(ct))
                live[reader.GetString(0)] = new Row(Text(reader, 1), Text(reader, 2), Text(reader, 3));
        return [.. streams.Select(stream => new RowEvidence(
            stream.Key, DigestOf(live.GetValueOrDefault(stream.Key, Absent)), DigestOf(stream)))];
    }

    /// <summary>Of what the events of a stream give.</summary>
    public static ContentHash DigestOf(StreamEvidence stream) => DigestOf(Replayed(stream));

    /// <summary>Of a row as somebody holds it.</summary>
    /// <param name="version">Events that it has seen; 0 if there is no row.</param>
    public static ContentHash DigestOf(long version, string? phase, ContentHash? manifest) => DigestOf(version == 0 ? Absent
        : new Row(version.ToString(CultureInfo.InvariantCulture), phase, manifest?.ToString()));

    static ContentHash DigestOf(Row row) => ContentHash.Of(Encoding.UTF8.GetBytes($"{row.Version}\n{row.Phase}\n{row.Manifest}"));

    static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    static Row Replayed(StreamEvidence stream)
    {
        var version = stream.Events.Count.ToString(CultureInfo.InvariantCulture);
        if (!stream.Key.StartsWith("checkpoint/", StringComparison.Ordinal)) return new Row(version, null, null);
        var bodies = stream.Events.Select(static e => e.Body).ToList();
        ContentHash? manifest = null;
        foreach (var body in bodies)
            manifest = body switch
            {
                CheckpointSealed one => one.ManifestHash,
                CheckpointRebased one => one.ManifestHash,
                _ => manifest,
            };
        return new Row(version, Phase(bodies), manifest?.ToString());
    }

    /// <summary>What came last in a checkpoint's life comes first here.</summary>
    static string Phase(List<object> bodies)
    {
        bool Has<T>() => bodies.Exists(static body => body is T);
        var expired = bodies.FindLast(static body => body is CheckpointExpired or ExpiryUndone) is CheckpointExpired;
        return Has<CheckpointAbandoned>() ? "abandoned"
            : Has<ReclaimStarted>() ? "reclaimed"
            : expired ? "expired"
            : Has<CheckpointQuarantined>() ? "quarantined"
            : !Has<CheckpointSealed>() ? "open"
            : Has<CheckpointVerified>() ? "verified" : "sealed";
    }
}
