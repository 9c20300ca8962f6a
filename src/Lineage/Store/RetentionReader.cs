using System.Text.Json;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Lineage.Retention;
using Npgsql;

namespace Lineage.Store;

/// <summary>
/// Reads what retention decides by: a run's checkpoints with what was said of them, and whatever elsewhere needs one of them. Reads what is
/// committed; to decide by it, hold the run first (<see cref="RunHold.Exclusive"/>).
/// </summary>
public sealed class RetentionReader(NpgsqlDataSource database, Queries queries, RunHistories histories)
{
    /// <summary>Rows whose bytes may go or are going. Few at any time, so looking for them stays cheap however many are gone.</summary>
    const string Ending =
        "(d.phase = 'expired' or (d.phase in ('abandoned', 'reclaimed') and d.data #>> '{state,ending,reclaimed}' is null))";

    internal const string EndingIndex = "lineage_checkpoint_ending";

    const string Checkpoints = $"{MartenSetup.Schema}.mt_doc_checkpoint d", Runs = $"{MartenSetup.Schema}.mt_doc_run d";

    const string Marks = "d.data #>> '{state,marks}'", End = "d.data #>> '{state,ending}'",
        Retention = "d.data #>> '{state,retention}'", ReclaimAfter = "d.data #>> '{state,ending,expired,reclaimAfter}'",
        Deadline = "d.data #>> '{state,opened,deadline}'";

    internal static async Task CreateIndexAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        var predicate = Ending.Replace("d.", "", StringComparison.Ordinal);
        await using var command = database.CreateCommand(
            $"create index if not exists {EndingIndex} on {MartenSetup.Schema}.mt_doc_checkpoint (run_name, generation desc, step desc) "
            + $"where {predicate}");
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Null if there is no such run.</summary>
    public async Task<RetentionStanding?> ReadAsync(RunId run, CancellationToken ct)
    {
        if (await queries.RunAsync(run, ct) is not { } row) return null;
        var history = await histories.ForRestoringAsync(row.State, new Generation(row.State.Generation.Value + 1), ct);
        var afterlives = await RowsAsync(
            $"select d.id, {Marks}, {End} from {Checkpoints} where d.run_name = $1 and ({Marks} is not null or {End} is not null)",
            static reader => (Id: Key(reader, 0), Life: new Afterlife(
                Json<CheckpointMarks>(reader, 1), Json<CheckpointEnding>(reader, 2))), ct, run.ToString());
        return new RetentionStanding(
            row.State, row.Version, history, afterlives.ToDictionary(static a => a.Id, static a => a.Life), await NeedsAsync(run, ct));
    }

    /// <summary>What other streams need of the run's checkpoints: forks, recoveries under way, deltas of forks.</summary>
    async Task<IReadOnlyList<OutsideNeed>> NeedsAsync(RunId run, CancellationToken ct)
    {
        var forks = await ForksAsync(run, ct);
        var needs = forks.Where(fork => fork.Origin.Run == run)
            .Select(static fork => Needs.OfFork(fork.Origin, RunId.Parse(fork.Run))).ToList();
        string[] names = [run.ToString(), .. forks.Select(static fork => fork.Run)];
        var restoring = await RowsAsync(
            $"select d.data ->> 'state' from {MartenSetup.Schema}.mt_doc_recovery d where d.run_name = any($1) "
            + "and d.data #>> '{state,phase}' = 'restoring'", static reader => Json<Recovery>(reader, 0)!, ct, [names]);
        needs.AddRange(restoring.Where(recovery => recovery.Chosen is { } chosen && chosen.Run == run)
            .Select(Needs.OfRecovery));
        if (forks.Count > 0)
            needs.AddRange((await RowsAsync(
                $"select d.id, d.base_key from {Checkpoints} where d.run_name = any($1) and starts_with(d.base_key, $2) "
                + "and d.phase not in ('reclaimed', 'abandoned')",
                static reader => (Child: Key(reader, 0), Base: Key(reader, 1)), ct, names[1..], $"checkpoint/{run}/"))
                .Select(static edge => new OutsideNeed(edge.Base, KeepRule.BaseOf, $"base of {edge.Child}")));
        return needs;
    }

    /// <summary>
    /// What refers to one checkpoint now: every delta on it whose bytes are there, expired or not (its expiry can still be undone), tags,
    /// and what <see cref="NeedsAsync"/> finds.
    /// </summary>
    public async Task<IReadOnlyList<KeepReason>> NeedsOfAsync(CheckpointId id, CancellationToken ct)
    {
        var children = await ChildrenAsync(id, ct);
        var tags = (await queries.RunAsync(id.Run, ct))?.State.Tags;
        return
        [
            .. children.Select(static child => Needs.OfChild(child.Id, child.Phase)),
            .. tags?.Where(tag => tag.Value == id).Select(static tag => Needs.OfTag(tag.Key)) ?? [],
            .. (await NeedsAsync(id.Run, ct)).Where(need => need.Checkpoint == id)
                .Select(static need => new KeepReason(need.Rule, need.Detail)),
        ];
    }

    /// <summary>Deltas right on a checkpoint that have bytes, or are being saved; newest first. Never of another run (docs/adr/0012).
    /// </summary>
    public Task<List<(CheckpointId Id, CheckpointPhase Phase)>> ChildrenAsync(CheckpointId id, CancellationToken ct) => RowsAsync(
        $"select d.id, d.phase from {Checkpoints} where d.run_name = $1 and d.base_key = $2 "
        + "and d.phase not in ('reclaimed', 'abandoned') order by d.generation desc, d.step desc",
        static reader => (Id: Key(reader, 0), Phase: GraphReader.Phase(reader.GetString(1))!.Value), ct, id.Run.ToString(), id.StreamKey);

    /// <summary>What may be deleted now, and what is being deleted. Deltas before what they are built on.</summary>
    public async Task<IReadOnlyList<ReclaimWork>> PendingAsync(CheckpointId? after, int limit, DateTimeOffset now, CancellationToken ct)
    {
        var rows = await RowsAsync(
            $"""
            select d.data ->> 'state' from {Checkpoints}
            where {Ending} and (d.run_name > $1 or (d.run_name = $1 and (d.generation, d.step) < ($2, $3)))
              and case d.phase when 'expired' then ({ReclaimAfter})::timestamptz <= $4
                    when 'abandoned' then ({Deadline})::timestamptz <= $4 else true end
            order by d.run_name, d.generation desc, d.step desc limit $5
            """,
            static reader => Json<Checkpoint>(reader, 0)!, ct, after?.Run.ToString() ?? "", after?.Generation.Value ?? 0,
            after?.Step.Value ?? 0, now.ToUniversalTime(), (long)limit);
        return [.. rows.Select(RetentionViews.Work)];
    }

    /// <summary>Runs with a retention policy, by name.</summary>
    public Task<List<RetainedRun>> RetainedAsync(string? after, int limit, CancellationToken ct) => RowsAsync(
        $"select d.run_name, {Retention} from {Runs} where d.run_name > $1 and {Retention} is not null order by d.run_name limit $2",
        static reader => new RetainedRun(RunId.Parse(reader.GetString(0)), Json<RetentionPolicy>(reader, 1)!), ct, after ?? "",
        (long)limit);

    /// <summary>Runs that descend from this one, at any distance.</summary>
    public async Task<IReadOnlyList<(string Run, CheckpointId Origin)>> ForksAsync(RunId run, CancellationToken ct)
    {
        var all = await RowsAsync(
            $"select d.run_name, d.origin_key from {Runs} where d.origin_key is not null",
            static reader => (Run: reader.GetString(0), Origin: Key(reader, 1)), ct);
        var family = new HashSet<string>(StringComparer.Ordinal) { run.ToString() };
        List<(string, CheckpointId)> found = [];
        for (var more = true; more;)
        {
            more = false;
            foreach (var fork in all.Where(fork => family.Contains(fork.Origin.Run.ToString())).ToList())
            {
                if (!family.Add(fork.Run)) continue;
                found.Add(fork);
                more = true;
            }
        }

        return found;
    }

    static CheckpointId Key(NpgsqlDataReader reader, int column) => HistoryReader.Identity(reader.GetString(column))!.Value;

    static T? Json<T>(NpgsqlDataReader reader, int column) where T : class =>
        reader.IsDBNull(column) ? null : JsonSerializer.Deserialize<T>(reader.GetString(column), CanonicalJson.Options);

    async Task<List<T>> RowsAsync<T>(string query, Func<NpgsqlDataReader, T> read, CancellationToken ct, params object[] values)
    {
        var found = new List<T>();
        await using var command = database.CreateCommand(query);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) found.Add(read(reader));
        return found;
    }
}
