using Lineage.Checkpoints;
using Lineage.Contracts.Identity;
using Marten;

namespace Lineage.Store;

/// <summary>Questions to the rows. Nothing here decides or changes anything.</summary>
public sealed class Queries(IDocumentStore store)
{
    /// <summary>More in one page are refused.</summary>
    public const int PageMax = 1_000;

    public Task<RunRow?> RunAsync(RunId run, CancellationToken ct) => LoadAsync<RunRow>($"run/{run}", ct);

    public Task<CheckpointRow?> CheckpointAsync(CheckpointId id, CancellationToken ct) => LoadAsync<CheckpointRow>(id.StreamKey, ct);

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
    public async Task<IReadOnlyList<RunId>> RunNamesAsync(string prefix, CancellationToken ct)
    {
        var rows = await QueryAsync<RunRow>("where starts_with(d.run_name, ?) order by d.run_name limit ?", ct, prefix, PageMax);
        return [.. rows.Select(static row => row.State.Id)];
    }

    /// <summary>Runs whose stream says that somebody holds the lease.</summary>
    public Task<IReadOnlyList<RunRow>> HeldRunsAsync(CancellationToken ct) =>
        QueryAsync<RunRow>("where d.data -> 'state' ->> 'lease' = 'held'", ct);

    /// <summary>Checkpoints of a run, newest generation first, then newest step.</summary>
    public Task<IReadOnlyList<CheckpointRow>> CheckpointsAsync(RunId run, CheckpointId? after, int limit, CancellationToken ct) =>
        QueryAsync<CheckpointRow>(
        "where d.run_name = ? and (d.generation, d.step) < (?, ?) order by d.generation desc, d.step desc limit ?", ct,
        run.ToString(), after?.Generation.Value ?? long.MaxValue, after?.Step.Value ?? long.MaxValue, limit);

    /// <summary>Sealed checkpoints that no verification has closed, oldest first.</summary>
    public Task<IReadOnlyList<CheckpointRow>> UnverifiedAsync(CheckpointId? after, int limit, CancellationToken ct) =>
        QueryAsync<CheckpointRow>(
        "where d.phase = 'sealed' and (d.run_name, d.generation, d.step) > (?, ?, ?) order by d.run_name, d.generation, d.step limit ?", ct,
        after?.Run.ToString() ?? "", after?.Generation.Value ?? -1, after?.Step.Value ?? -1, limit);

    public Task<IReadOnlyList<CheckpointRow>> OpenCheckpointsAsync(CancellationToken ct) =>
        QueryAsync<CheckpointRow>("where d.phase = 'open' order by d.run_name, d.generation, d.step", ct);

    /// <summary>Newest checkpoint in one of the phases; null if there is none.</summary>
    public async Task<CheckpointId?> NewestAsync(RunId run, string[] phases, CancellationToken ct)
    {
        var found = await QueryAsync<CheckpointRow>(
            "where d.run_name = ? and d.phase = any(?) order by d.generation desc, d.step desc limit 1", ct, run.ToString(), phases);
        return found is [var row, ..] ? row.State.Id : null;
    }

    /// <summary>A checkpoint and every link below it, by id.</summary>
    public async Task<IReadOnlyDictionary<CheckpointId, Checkpoint>> WithBasesAsync(Checkpoint target, CancellationToken ct)
    {
        var found = new Dictionary<CheckpointId, Checkpoint> { [target.Id] = target };
        for (var edge = target.Opened.Base; edge is not null && found.Count <= Chains.ChainBuilder.LinksMax
            && !found.ContainsKey(edge.Checkpoint);)
        {
            if (await CheckpointAsync(edge.Checkpoint, ct) is not { State: var link }) break;
            found[link.Id] = link;
            edge = link.Opened.Base;
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
