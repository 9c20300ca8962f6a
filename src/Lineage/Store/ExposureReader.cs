using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Npgsql;

namespace Lineage.Store;

/// <summary>What rests on trust: checkpoints that nobody read back for long, and events behind the newest exported head.</summary>
public sealed class ExposureReader(NpgsqlDataSource database)
{
    /// <summary>More are not counted, so that the answer comes within milliseconds whatever the store holds.</summary>
    public const int CountMax = 1_000;

    const string Due = $"""
        from {GraphTables.Standing} where phase in ('sealed', 'verified') and coalesce(checked_at, sealed_at) < $1
          and ($2 = '' or run_name = $2)
        """;

    const string Counted = $"""
        select count(*), min(at) from (select coalesce(checked_at, sealed_at) as at {Due} order by 1 limit $3) d
        """;

    const string Page = $"""
        select id, phase, sealed_at, checked_at {Due} and (coalesce(checked_at, sealed_at), id) > ($3, $4 collate "C")
        order by coalesce(checked_at, sealed_at), id limit $5
        """;

    const string Exported = $"""
        select coalesce((select seq_id from {MartenSetup.Schema}.mt_events where timestamp <= $1 order by seq_id desc limit 1), 0),
          x.seq_id, x.timestamp, x.data ->> 'filter'
        from (select 1) one left join lateral (
          select seq_id, timestamp, data from {MartenSetup.Schema}.mt_events where type = 'audit-exported.v1' and timestamp <= $1
          order by seq_id desc limit 1) x on true
        """;

    public async Task<(long Count, DateTimeOffset? Oldest, IReadOnlyList<UncheckedCheckpoint> Page)> UncheckedAsync(
        RunId? run, DateTimeOffset since, (DateTimeOffset At, string Id)? after, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        long count;
        DateTimeOffset? oldest;
        await using (var counting = GraphReader.Ask(connection, Counted, since, run?.ToString() ?? "", CountMax))
        {
            await using var one = await counting.ExecuteReaderAsync(ct);
            await one.ReadAsync(ct);
            count = one.GetInt64(0);
            oldest = await one.IsDBNullAsync(1, ct) ? null : await one.GetFieldValueAsync<DateTimeOffset>(1, ct);
        }

        var page = new List<UncheckedCheckpoint>();
        await using var command = GraphReader.Ask(connection, Page, since, run?.ToString() ?? "", after?.At ?? DateTimeOffset.UnixEpoch,
            after?.Id ?? "", limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            page.Add(new UncheckedCheckpoint(
                CheckpointId.Parse(reader.GetString(0)), GraphReader.Phase(reader.GetString(1))!.Value,
                await reader.GetFieldValueAsync<DateTimeOffset>(2, ct),
                await reader.IsDBNullAsync(3, ct) ? null : await reader.GetFieldValueAsync<DateTimeOffset>(3, ct)));
        return (count, oldest, page);
    }

    /// <summary>Newest position of the event store, and that of the newest record of an export; null if nothing was exported.</summary>
    /// <param name="asOf">Null: now. What came later is passed over one by one, newest first.</param>
    public async Task<(long Newest, long? Exported, DateTimeOffset? At, string? Filter)> SealAsync(
        DateTimeOffset? asOf, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = GraphReader.Ask(connection, Exported, asOf ?? DateTimeOffset.MaxValue);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return await reader.IsDBNullAsync(1, ct)
            ? (reader.GetInt64(0), null, null, null)
            : (reader.GetInt64(0), reader.GetInt64(1), await reader.GetFieldValueAsync<DateTimeOffset>(2, ct),
                await reader.IsDBNullAsync(3, ct) ? "" : reader.GetString(3));
    }
}
