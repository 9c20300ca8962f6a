using Lineage.Checkpoints;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Lineage.Runs;
using Lineage.Upcasting;
using Marten;
using Npgsql;
using Weasel.Core;

namespace Lineage.Store;

/// <summary>
/// Builds every row again from the events alone, run by run, by the folds that made the rows. Nothing may append meanwhile: it is for a
/// server that is stopped.
/// </summary>
/// <remarks>If it dies half-way, rows are missing and events are whole: run it again.</remarks>
public sealed class ProjectionRebuild(IDocumentStore store, NpgsqlDataSource database)
{
    /// <summary>Rows per copy: a checkpoint of many ranks is large.</summary>
    const int RowsAtOnce = 250;

    const string Events = $"""
        select stream_id, type, data::text, headers ->> '{MartenSetup.LinkHeader}' from {MartenSetup.Schema}.mt_events
        where stream_id = $1 or stream_id like $2 or stream_id like $3 order by stream_id, version
        """;

    static readonly string[] Tables = ["mt_doc_run", "mt_doc_checkpoint", "mt_doc_recovery"];

    /// <summary>Digest over all rows of each table, without the store's own bookkeeping.</summary>
    public async Task<IReadOnlyDictionary<string, string>> DigestsAsync(CancellationToken ct)
    {
        Dictionary<string, string> digests = new(StringComparer.Ordinal);
        foreach (var table in Tables)
        {
            var columns = (string?)await ScalarAsync(
                $"""
                select string_agg(format('coalesce(%I::text, ''-'')', column_name), ', ' order by column_name)
                from information_schema.columns where table_schema = '{MartenSetup.Schema}' and table_name = '{table}'
                and column_name not in ('mt_version', 'mt_last_modified')
                """, ct);
            digests[table] = (string?)await ScalarAsync(
                $"""
                select count(*) || ' ' || coalesce(md5(string_agg(row, '' order by id)), '-')
                from (select id, md5(concat_ws('|', {columns})) as row from {MartenSetup.Schema}.{table}) digests
                """, ct) ?? "";
        }

        return digests;
    }

    /// <param name="parallel">Runs that are read side by side.</param>
    /// <param name="told">How many runs are done, of how many.</param>
    public async Task RunAsync(int parallel, Action<int, int>? told, CancellationToken ct)
    {
        await ScalarAsync($"truncate {string.Join(", ", Tables.Select(static table => $"{MartenSetup.Schema}.{table}"))}", ct);
        var runs = await RunsAsync(ct);
        var done = 0;
        await Parallel.ForEachAsync(runs, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = ct },
            async (run, token) =>
        {
            await RebuildAsync(run, token);
            told?.Invoke(Interlocked.Increment(ref done), runs.Count);
        });
    }

    async Task<IReadOnlyList<RunId>> RunsAsync(CancellationToken ct)
    {
        List<RunId> runs = [];
        await using var rows = await RowReader.OpenAsync(database, [new(
            $"select id from {MartenSetup.Schema}.mt_streams where id like 'run/%' order by id")], ct);
        while (await rows.ReadAsync(ct)) runs.Add(RunId.Parse(rows.Text(0)["run/".Length..]));
        return runs;
    }

    async Task RebuildAsync(RunId run, CancellationToken ct)
    {
        List<RunRow> runs = [];
        List<CheckpointRow> checkpoints = [];
        List<RecoveryRow> recoveries = [];
        var open = new OpenStream("", null, 0, null);
        await using var rows = await RowReader.OpenAsync(database, [new(
            Events, new NpgsqlParameter { Value = run.StreamKey }, new NpgsqlParameter { Value = EventLog.Prefix("checkpoint", run) },
            new NpgsqlParameter { Value = EventLog.Prefix("recovery", run) })], ct);
        while (await rows.ReadAsync(ct))
        {
            if (!string.Equals(rows.Text(0), open.Key, StringComparison.Ordinal))
            {
                open.AddTo(runs, checkpoints, recoveries);
                open = new OpenStream(rows.Text(0), null, 0, null);
                if (checkpoints.Count >= RowsAtOnce) await FlushAsync(checkpoints, ct);
            }

            var body = EventReader.Today.Read(rows.Text(1), rows.Text(2));
            open = open.Fold(body, rows.TextOrNull(3) is { } link ? ContentHash.Parse(link) : null);
        }

        open.AddTo(runs, checkpoints, recoveries);
        await FlushAsync(runs, ct);
        await FlushAsync(checkpoints, ct);
        await FlushAsync(recoveries, ct);
    }

    /// <summary>A stream of which the events up to a version are folded.</summary>
    sealed record OpenStream(string Key, object? State, long Version, ContentHash? Head)
    {
        public OpenStream Fold(object body, ContentHash? link) => new(
            Key,
            Key.Split('/')[0] switch
            {
                "run" => Run.Fold((Run?)State, body),
                "checkpoint" => Checkpoint.Fold((Checkpoint?)State, body),
                _ => Recovery.Fold((Recovery?)State, body),
            }, Version + 1, link);

        public void AddTo(List<RunRow> runs, List<CheckpointRow> checkpoints, List<RecoveryRow> recoveries)
        {
            if (State is Run run) runs.Add(RunRows.Row(Key, run, Version, Head));
            if (State is Checkpoint checkpoint) checkpoints.Add(CheckpointRows.Row(Key, checkpoint, Version, Head));
            if (State is Recovery recovery) recoveries.Add(RecoveryRows.Row(Key, recovery, Version, Head));
        }
    }

    async Task FlushAsync<T>(List<T> rows, CancellationToken ct) where T : notnull
    {
        if (rows.Count == 0) return;
        await store.BulkInsertAsync(rows, BulkInsertMode.InsertsOnly, cancellation: ct);
        rows.Clear();
    }

    async Task<object?> ScalarAsync(string sql, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        return await command.ExecuteScalarAsync(ct);
    }
}
