using Lineage.Bench.Reporting;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Store;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Bench.Record;

/// <summary>
/// Writes the made-up history as the service would have: events with digest, actor and link of the hash chain, rows by the production
/// folds. By COPY, with secondary indexes and foreign keys taken off and put back, because ten million single appends take a day.
/// </summary>
sealed class RecordLoader(IDocumentStore store, NpgsqlDataSource database, RecordSize size, DateTimeOffset end)
{
    /// <summary>Runs that are made together; a fork goes on from one of its own block.</summary>
    const int Block = 10;

    const string StreamColumns = "id, version, timestamp, created, tenant_id, is_archived";

    const string EventColumns =
        "seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, user_name, headers, is_archived";

    long sequence;

    /// <summary>Makes the history and writes it.</summary>
    public async Task<RecordModel> LoadAsync()
    {
        var taken = await TakeOffAsync();
        var model = await MakeAsync(LoadAsync);
        Output.Narrate("putting indexes back");
        foreach (var statement in taken) await ExecuteAsync(statement);
        await ExecuteAsync($"select setval('{MartenSetup.Schema}.mt_events_sequence', {sequence + 1})");
        foreach (var table in new[] { "mt_events", "mt_streams", "mt_doc_run", "mt_doc_checkpoint", "mt_doc_recovery" })
            await ExecuteAsync($"vacuum (analyze) {MartenSetup.Schema}.{table}");
        await ExecuteAsync("checkpoint");
        return model;
    }

    /// <summary>Makes the history of an earlier run again, which is there already.</summary>
    public Task<RecordModel> ImagineAsync() => MakeAsync((run, _) =>
    {
        Interlocked.Add(ref sequence, run.Events.Count);
        return Task.CompletedTask;
    });

    async Task<RecordModel> MakeAsync(Func<MadeRun, CancellationToken, Task> write)
    {
        var model = new RecordModel(size, end);
        var blocks = Enumerable.Range(0, (size.Runs + Block - 1) / Block);
        var done = 0;
        await Parallel.ForEachAsync(blocks, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (block, ct) =>
        {
            await MakeAsync(block, model, write, ct);
            var count = Interlocked.Increment(ref done);
            if (count % 10 == 0) Output.Narrate($"{count * Block:N0} runs made, {Interlocked.Read(ref sequence):N0} events");
        });
        model.Events = sequence;
        return model;
    }

    async Task MakeAsync(int block, RecordModel model, Func<MadeRun, CancellationToken, Task> write, CancellationToken ct)
    {
        List<MadeRun> runs = [];
        for (var number = block * Block; number < Math.Min(size.Runs, (block + 1) * Block); number++)
        {
            var run = RunMaker.Make(number, size, end, runs);
            runs.Add(run);
            await write(run, ct);
            model.Add(run, keepEvents: block == 0);
        }
    }

    async Task LoadAsync(MadeRun run, CancellationToken ct)
    {
        var heads = new Dictionary<string, (long Version, ContentHash Link)>(StringComparer.Ordinal);
        var first = Interlocked.Add(ref sequence, run.Events.Count) - run.Events.Count;
        await using (var connection = await database.OpenConnectionAsync(ct))
        {
            await using (var relaxed = new NpgsqlCommand("set synchronous_commit = off", connection))
                await relaxed.ExecuteNonQueryAsync(ct);
            await using (var copy = await connection.BeginBinaryImportAsync(
                $"copy {MartenSetup.Schema}.mt_events ({EventColumns}) from stdin (format binary)", ct))
            {
                foreach (var e in run.Events)
                {
                    var (version, link) = heads.TryGetValue(e.Stream, out var head) ? (head.Version, (ContentHash?)head.Link) : (0L, null);
                    heads[e.Stream] = (version + 1, await WriteAsync(copy, e, ++first, version + 1, link, ct));
                }

                await copy.CompleteAsync(ct);
            }

            await using var streams = await connection.BeginBinaryImportAsync(
                $"copy {MartenSetup.Schema}.mt_streams ({StreamColumns}) from stdin (format binary)", ct);
            foreach (var (key, (version, _)) in heads)
            {
                await streams.StartRowAsync(ct);
                await streams.WriteAsync(key, NpgsqlDbType.Varchar, ct);
                await streams.WriteAsync(version, NpgsqlDbType.Bigint, ct);
                await streams.WriteAsync(end.UtcDateTime, NpgsqlDbType.TimestampTz, ct);
                await streams.WriteAsync(end.UtcDateTime, NpgsqlDbType.TimestampTz, ct);
                await streams.WriteAsync("*DEFAULT*", NpgsqlDbType.Varchar, ct);
                await streams.WriteAsync(false, NpgsqlDbType.Boolean, ct);
            }

            await streams.CompleteAsync(ct);
        }

        await RowsAsync(run, heads, ct);
    }

    static async Task<ContentHash> WriteAsync(
        NpgsqlBinaryImporter copy, MadeEvent e, long seq, long version, ContentHash? previous, CancellationToken ct)
    {
        var type = e.Body.GetType();
        var body = CanonicalJson.Write(e.Body, type);
        var digest = ContentHash.Of(body);
        var at = EventChain.Truncate(e.At);
        var actor = e.Actor.ToString();
        var link = EventChain.Link(previous, new ChainedEvent(
            e.Stream, version, EventCatalog.Names[type], at, actor, Correlation: "made-up", Causation: null, Command: null, digest));
        await copy.StartRowAsync(ct);
        await copy.WriteAsync(seq, NpgsqlDbType.Bigint, ct);
        await copy.WriteAsync(new Guid(link.ToBytes().AsSpan(0, 16)), NpgsqlDbType.Uuid, ct);
        await copy.WriteAsync(e.Stream, NpgsqlDbType.Varchar, ct);
        await copy.WriteAsync(version, NpgsqlDbType.Bigint, ct);
        await copy.WriteAsync(body, NpgsqlDbType.Jsonb, ct);
        await copy.WriteAsync(EventCatalog.Names[type], NpgsqlDbType.Varchar, ct);
        await copy.WriteAsync(at.UtcDateTime, NpgsqlDbType.TimestampTz, ct);
        await copy.WriteAsync("*DEFAULT*", NpgsqlDbType.Varchar, ct);
        await copy.WriteAsync($"{type.FullName}, {type.Assembly.GetName().Name}", NpgsqlDbType.Varchar, ct);
        await copy.WriteAsync("made-up", NpgsqlDbType.Varchar, ct);
        await copy.WriteAsync(actor, NpgsqlDbType.Varchar, ct);
        await copy.WriteAsync($$"""{"actor":"{{actor}}","digest":"{{digest}}","link":"{{link}}"}""", NpgsqlDbType.Jsonb, ct);
        await copy.WriteAsync(false, NpgsqlDbType.Boolean, ct);
        return link;
    }

    async Task RowsAsync(MadeRun run, Dictionary<string, (long Version, ContentHash Link)> heads, CancellationToken ct)
    {
        var own = heads[run.Id.StreamKey];
        await store.BulkInsertAsync<RunRow>([RunRows.Row(run.Id.StreamKey, run.State!, own.Version, own.Link)], cancellation: ct);
        await store.BulkInsertAsync(run.Checkpoints.Values.Select(state =>
            CheckpointRows.Row(state.Id.StreamKey, state, heads[state.Id.StreamKey].Version, heads[state.Id.StreamKey].Link)).ToList(),
            cancellation: ct);
        if (run.Recoveries.Count == 0) return;
        await store.BulkInsertAsync(run.Recoveries.Values.Select(state =>
            RecoveryRows.Row(state.Id.StreamKey, state, heads[state.Id.StreamKey].Version, heads[state.Id.StreamKey].Link)).ToList(),
            cancellation: ct);
    }

    /// <returns>Statements that put everything back.</returns>
    async Task<IReadOnlyList<string>> TakeOffAsync()
    {
        List<string> off = [], back = [];
        await using (var command = database.CreateCommand(
            $"""
            select format('alter table {MartenSetup.Schema}.mt_events drop constraint %I', conname),
                format('alter table {MartenSetup.Schema}.mt_events add constraint %I %s', conname, pg_get_constraintdef(oid))
            from pg_constraint where conrelid = '{MartenSetup.Schema}.mt_events'::regclass and contype = 'f'
            union all
            select format('drop index {MartenSetup.Schema}.%I', c.relname), pg_get_indexdef(i.indexrelid)
            from pg_index i join pg_class c on c.oid = i.indexrelid
            where i.indrelid = '{MartenSetup.Schema}.mt_events'::regclass and not i.indisprimary
            """))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                off.Add(reader.GetString(0));
                back.Insert(0, reader.GetString(1));
            }
        }

        foreach (var statement in off) await ExecuteAsync(statement);
        return back;
    }

    async Task ExecuteAsync(string sql)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand($"set maintenance_work_mem = '1GB'; {sql}", connection) { CommandTimeout = 0 };
        if (sql.StartsWith("vacuum", StringComparison.Ordinal)) command.CommandText = sql;   // not in the implicit transaction of two
        await command.ExecuteNonQueryAsync();
    }
}
