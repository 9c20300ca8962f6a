using System.Text.Json;
using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Store;

/// <summary>Questions to the rows. Nothing here decides or changes anything.</summary>
public sealed class Queries(IDocumentStore store, NpgsqlDataSource database)
{
    /// <summary>More in one page are refused.</summary>
    public const int PageMax = 1_000;

    public Task<RunRow?> RunAsync(RunId run, CancellationToken ct) => LoadAsync<RunRow>($"run/{run}", ct);

    public Task<CheckpointRow?> CheckpointAsync(CheckpointId id, CancellationToken ct) => LoadAsync<CheckpointRow>(id.StreamKey, ct);

    /// <summary>How a checkpoint was opened, without its shards.</summary>
    public async Task<CheckpointOpened?> OpenedAsync(CheckpointId id, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var found = await Guarded(() => session.AdvancedSql.QueryAsync<string>(
            $"select data->'state'->>'opened' from {MartenSetup.Schema}.mt_doc_checkpoint where id = ?", ct, id.StreamKey));
        return found is [{ } json] ? JsonSerializer.Deserialize<CheckpointOpened>(json, CanonicalJson.Options) : null;
    }

    public Task<RecoveryRow?> RecoveryAsync(RecoveryId id, CancellationToken ct) => LoadAsync<RecoveryRow>(id.StreamKey, ct);

    public async Task<DateTimeOffset?> LeaseUntilAsync(RunId run, Generation generation, CancellationToken ct) =>
        (await LoadAsync<LeaseRow>(LeaseRow.Key(run, generation), ct))?.Until;

    /// <summary>Runs by name.</summary>
    /// <param name="after">Name of the last one seen.</param>
    /// <param name="archived">With those of which nothing more is expected.</param>
    public Task<IReadOnlyList<RunRow>> RunsAsync(string? after, int limit, bool archived, CancellationToken ct) =>
        QueryAsync<RunRow>("where d.run_name > ? and (? or d.data -> 'state' -> 'archived' is null) order by d.run_name limit ?", ct,
            after ?? "", archived, limit);

    /// <summary>Runs whose name begins so; enough of them to see whether a prefix is unique and to list what it could mean.</summary>
    public Task<IReadOnlyList<RunId>> RunNamesAsync(string prefix, CancellationToken ct) =>
        NamesAsync("starts_with(run_name, $1)", prefix, ct);

    /// <summary>Runs whose stream says that somebody holds the lease.</summary>
    public Task<IReadOnlyList<RunRow>> HeldRunsAsync(CancellationToken ct) =>
        QueryAsync<RunRow>("where d.lease = 'held'", ct);

    /// <summary>Checkpoints of a run, newest generation first, then newest step.</summary>
    public Task<IReadOnlyList<CheckpointRow>> CheckpointsAsync(RunId run, CheckpointId? after, int limit, CancellationToken ct) =>
        QueryAsync<CheckpointRow>(
        "where d.run_name = ? and (d.generation, d.step) < (?, ?) order by d.generation desc, d.step desc limit ?", ct,
        run.ToString(), after?.Generation.Value ?? long.MaxValue, after?.Step.Value ?? long.MaxValue, limit);

    /// <summary>As <see cref="Verification.PendingVerifications"/> says: what is built on something withdrawn or gone waits in
    /// vain.</summary>
    const string LostBase = $"""
        with recursive links(id, hops) as (
            select d.base_key, 1
            union select c.base_key, l.hops + 1 from links l join {MartenSetup.Schema}.mt_doc_checkpoint c on c.id = l.id
            where c.base_key is not null and l.hops < 64)
        select 1 from links l join {MartenSetup.Schema}.mt_doc_checkpoint b on b.id = l.id
        where b.phase in ('quarantined', 'abandoned', 'reclaimed')
        """;

    /// <summary>Sealed checkpoints that no verification has closed, oldest first.</summary>
    public Task<IReadOnlyList<CheckpointRow>> UnverifiedAsync(CheckpointId? after, int limit, CancellationToken ct) =>
        QueryAsync<CheckpointRow>(
        "where d.phase = 'sealed' and (d.run_name, d.generation, d.step) > (?, ?, ?) "
        + $"and (d.base_key is null or not exists ({LostBase})) order by d.run_name, d.generation, d.step limit ?", ct,
        after?.Run.ToString() ?? "", after?.Generation.Value ?? -1, after?.Step.Value ?? -1, limit);

    public Task<IReadOnlyList<CheckpointRow>> OpenCheckpointsAsync(CancellationToken ct) =>
        QueryAsync<CheckpointRow>("where d.phase = 'open' order by d.run_name, d.generation, d.step", ct);

    /// <summary>Newest checkpoint in one of the phases; null if there is none.</summary>
    public async Task<CheckpointId?> NewestAsync(RunId run, string[] phases, CancellationToken ct)
    {
        await using var rows = await RowReader.OpenAsync(database, [new(
            $"""
            select generation, step from {MartenSetup.Schema}.mt_doc_checkpoint
            where run_name = $1 and phase = any($2) order by generation desc, step desc limit 1
            """, new NpgsqlParameter { Value = run.ToString() },
            new NpgsqlParameter { Value = phases, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text })], ct);
        return await rows.ReadAsync(ct) ? new CheckpointId(run, new Generation(rows.Number(0)), new Step(rows.Number(1))) : null;
    }

    /// <summary>Runs that were forked from one.</summary>
    public Task<IReadOnlyList<RunId>> ForksAsync(RunId run, CancellationToken ct) => NamesAsync("origin_run = $1", run.ToString(), ct);

    async Task<IReadOnlyList<RunId>> NamesAsync(string where, string value, CancellationToken ct)
    {
        List<RunId> names = [];
        await using var rows = await RowReader.OpenAsync(database, [new(
            $"select run_name from {MartenSetup.Schema}.mt_doc_run where {where} order by run_name limit {PageMax}",
            new NpgsqlParameter { Value = value })], ct);
        while (await rows.ReadAsync(ct)) names.Add(RunId.Parse(rows.Text(0)));
        return names;
    }

    /// <summary>A checkpoint and every link below it that is on record, by id; empty if it is not itself.</summary>
    public async Task<IReadOnlyDictionary<CheckpointId, Checkpoint>> WithBasesAsync(CheckpointId target, CancellationToken ct)
    {
        var found = new Dictionary<CheckpointId, Checkpoint>();
        await using var rows = await RowReader.OpenAsync(database, [new(
            $"""
            with recursive links(id, hops) as (
                select $1::varchar, 1
                union select c.base_key, l.hops + 1 from links l join {MartenSetup.Schema}.mt_doc_checkpoint c on c.id = l.id
                where c.base_key is not null and l.hops < $2)
            select c.data -> 'state' from links l join {MartenSetup.Schema}.mt_doc_checkpoint c on c.id = l.id
            """, new NpgsqlParameter { Value = target.StreamKey }, new NpgsqlParameter { Value = Chains.ChainBuilder.LinksMax + 1 })], ct);
        while (await rows.ReadAsync(ct))
        {
            var link = JsonSerializer.Deserialize<Checkpoint>(rows.Text(0), CanonicalJson.Options)!;
            found[link.Id] = link;
        }

        return found;
    }

    async Task<T?> LoadAsync<T>(string id, CancellationToken ct) where T : class
    {
        await using var session = store.QuerySession();
        return await Guarded(() => session.LoadAsync<T>(id, ct));
    }

    async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, CancellationToken ct, params object[] values) where T : class
    {
        await using var session = store.QuerySession();
        return await Guarded(() => session.QueryAsync<T>(sql, ct, values));
    }

    static async Task<T> Guarded<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (StoreFailure.Classify(e) is StoreUnavailableException)
        {
            throw StoreFailure.Classify(e)!;
        }
    }
}
