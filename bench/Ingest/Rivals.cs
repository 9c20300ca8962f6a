using System.Collections.Concurrent;
using System.Globalization;
using JasperFx;
using JasperFx.Events;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Messages;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Bench.Ingest;

/// <summary>
/// The same events in the same batches, with nothing around them: no decision, no digests, no links, no metadata, no rows. What the event
/// store costs by itself (Marten) and what the disk costs by itself (COPY).
/// </summary>
sealed class Rivals(NpgsqlDataSource database, LoadSize size, TimeProvider clock)
{
    const string Schema = "bare";

    /// <summary>Batches of one checkpoint as the service appends them: its opening, then all facts and the seal.</summary>
    sealed record Batches(string Stream, object[] Opening, object[] Facts);

    public async Task<PathResult> MartenAsync(CancellationToken ct)
    {
        await using var store = DocumentStore.For(options =>
        {
            options.Connection(database);
            options.DatabaseSchemaName = Schema;
            options.AutoCreateSchemaObjects = AutoCreate.CreateOrUpdate;
            options.UseSystemTextJsonForSerialization(configure: ContractJson.Configure);
            options.Events.StreamIdentity = StreamIdentity.AsString;
            options.Events.AppendMode = EventAppendMode.Quick;
            foreach (var (type, name) in EventCatalog.Names) options.Events.MapEventType(type, name);
        });
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        return await RunAsync("bare-marten", async (batches, token) =>
        {
            await AppendAsync(store, batches.Stream, batches.Opening, start: true, token);
            await AppendAsync(store, batches.Stream, batches.Facts, start: false, token);
        }, $"select count(*) from {Schema}.mt_events", ct);
    }

    static async Task AppendAsync(DocumentStore store, string stream, object[] events, bool start, CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        if (start) session.Events.StartStream(stream, events);
        else session.Events.Append(stream, events);
        await session.SaveChangesAsync(ct);
    }

    public async Task<PathResult> CopyAsync(CancellationToken ct)
    {
        await using (var create = database.CreateCommand(
            "create schema if not exists copied; drop table if exists copied.events; create table copied.events (seq bigint primary key, " +
            "stream text not null, version bigint not null, type text not null, at timestamptz not null, data jsonb not null)"))
            await create.ExecuteNonQueryAsync(ct);
        long sequence = 0;
        return await RunAsync("copy", async (batches, token) =>
        {
            var first = Interlocked.Add(ref sequence, batches.Opening.Length + batches.Facts.Length);
            first -= batches.Opening.Length + batches.Facts.Length;
            await CopyAsync(batches.Stream, batches.Opening, first, 0, token);
            await CopyAsync(batches.Stream, batches.Facts, first + batches.Opening.Length, batches.Opening.Length, token);
        }, "select count(*) from copied.events", ct);
    }

    async Task CopyAsync(string stream, object[] events, long sequence, long version, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var copy = await connection.BeginBinaryImportAsync(
            "copy copied.events (seq, stream, version, type, at, data) from stdin (format binary)", ct);
        foreach (var e in events)
        {
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(++sequence, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(stream, NpgsqlDbType.Text, ct);
            await copy.WriteAsync(++version, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(EventCatalog.Names[e.GetType()], NpgsqlDbType.Text, ct);
            await copy.WriteAsync(clock.GetUtcNow(), NpgsqlDbType.TimestampTz, ct);
            await copy.WriteAsync(System.Text.Json.JsonSerializer.Serialize(e, e.GetType(), CanonicalJson.Options), NpgsqlDbType.Jsonb, ct);
        }

        await copy.CompleteAsync(ct);
    }

    async Task<PathResult> RunAsync(
        string path, Func<Batches, CancellationToken, Task> append, string count, CancellationToken ct)
    {
        var lags = new ConcurrentBag<double>();
        var started = clock.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, size.Runs).Select(run => Task.Run(async () =>
        {
            for (var step = 1; step <= size.Saves; step++) await append(Made(path, run, step), ct);
        }, ct)));
        var took = clock.GetElapsedTime(started);
        await using var counted = database.CreateCommand(count);
        return new PathResult(path, size.Events, took, Verified: (long)(await counted.ExecuteScalarAsync(ct))! == size.Events);
    }

    Batches Made(string path, int run, int step)
    {
        var name = Contracts.Identity.RunId.Parse(string.Create(CultureInfo.InvariantCulture, $"{path}-{run}"));
        var save = new MadeUpSave(name, step, size.World, MadeUpSave.Hash("layout of the load"));
        var at = clock.GetUtcNow();
        var plan = new SavePlan(save.Id, Parent: null, CheckpointKind.Full, Base: null, 1, at, CheckpointPhase.Open);
        var opened = new CheckpointOpened(
            save.Id, Parent: null, CheckpointKind.Full, Base: null, new(size.World), MadeUpSave.Hash("layout of the load"), 1, at,
            at.AddHours(1), "no full checkpoint is on the history");
        object[] facts = [.. save.Facts(plan).Select(fact => EventOf(fact, at)),
            new CheckpointSealed(save.Id, MadeUpSave.Hash(save.Id.ToString()), 1, 1, at)];
        return new Batches(save.Id.StreamKey, [opened], facts);
    }

    static object EventOf(FactMessage fact, DateTimeOffset at) => fact switch
    {
        ShardDiffReported { Diff: var d } m => new ShardDiffed(
            m.Checkpoint, m.Rank, d.BaseRoot, d.RawBytes, d.EncodedBytes, d.Modes, d.EncodeMicroseconds, d.StallMicroseconds),
        ShardStoreReported m => new ShardStored(m.Checkpoint, m.Rank, m.Root, m.StoredBytes, m.Tier, m.ObjectKey, at),
        _ => throw new ArgumentException($"The load has no {fact.GetType().Name}.", nameof(fact)),
    };
}
