using System.Globalization;
using System.Text.Json;
using Lineage.Checkpoints;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Positions;
using Lineage.Sanity;
using Npgsql;

namespace Lineage.Store;

/// <summary>Reads the saves of a run for questions that look at many of them; never their shards one by one.</summary>
public sealed class SaveReader(NpgsqlDataSource database)
{
    const string Rows = $"{MartenSetup.Schema}.mt_doc_checkpoint";

    const string Incomplete = $"""
        select data -> 'state' from {Rows}
        where (phase = 'open' or ($2 and phase = 'abandoned')) and ($1 = '' or run_name = $1)
          and (run_name, generation, step) > ($3, $4, $5)
        order by run_name, generation, step limit $6
        """;

    /// <summary>A shard is unchanged when all its chunks equal those of its base.</summary>
    const string Facts = $"""
        select data -> 'candidate', coalesce(data #> array['state', 'marks', 'metrics'], 'null'::jsonb),
          (select coalesce(array_agg(s.key::int), array[]::int[]) from jsonb_each(data #> array['state', 'shards']) s
            where coalesce((s.value #>> array['diffed', 'modes', 'same'])::bigint, 0) > 0
              and not exists (select 1 from jsonb_each_text(s.value #> array['diffed', 'modes']) m
                where m.key <> 'same' and m.value::bigint > 0))
        from {Rows} where run_name = $1 order by generation desc, step desc limit $2
        """;

    const string Positions = $"""
        select generation, step, parent_key, is_sealed, metrics::jsonb ->> $2
        from {Rows} where run_name = $1 order by generation, step limit $3
        """;

    const string Metrics = $"""
        select generation, step, metrics::jsonb ->> $2
        from {Rows} where run_name = $1 and metrics::jsonb ? $2 order by generation, step limit $3
        """;

    /// <summary>Open saves by identity; with <paramref name="abandoned"/> those too that were closed without all shards.</summary>
    public async Task<IReadOnlyList<Checkpoint>> IncompleteAsync(
        RunId? run, bool abandoned, CheckpointId? after, int limit, CancellationToken ct)
    {
        var found = new List<Checkpoint>();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = GraphReader.Ask(connection, Incomplete, run?.ToString() ?? "", abandoned, after?.Run.ToString() ?? "",
            after?.Generation.Value ?? -1, after?.Step.Value ?? -1, limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) found.Add(Read<Checkpoint>(reader.GetString(0)));
        return found;
    }

    /// <summary>The newest saves of a run, oldest first.</summary>
    public async Task<IReadOnlyList<SaveFacts>> FactsAsync(RunId run, int limit, CancellationToken ct)
    {
        var found = new List<SaveFacts>();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = GraphReader.Ask(connection, Facts, run.ToString(), limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            found.Add(new SaveFacts(
                Read<Chains.Candidate>(reader.GetString(0)),
                JsonSerializer.Deserialize<Dictionary<string, double?>>(reader.GetString(1), CanonicalJson.Options) ?? [],
                [.. (await reader.GetFieldValueAsync<int[]>(2, ct)).Order().Select(static rank => new Rank(rank))]));
        }

        found.Reverse();
        return found;
    }

    /// <summary>Data positions along a run; saves without one too.</summary>
    public async Task<IReadOnlyList<PositionedSave>> PositionsAsync(RunId run, string metric, int limit, CancellationToken ct)
    {
        var found = new List<PositionedSave>();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = GraphReader.Ask(connection, Positions, run.ToString(), metric, limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            found.Add(new PositionedSave(
                new CheckpointId(run, new Generation(reader.GetInt64(0)), new Step(reader.GetInt64(1))),
                await reader.IsDBNullAsync(2, ct) ? null : HistoryReader.Identity(reader.GetString(2)), reader.GetBoolean(3),
                await reader.TextAsync(4, ct) is { } samples
                    ? PositionedSave.Whole(double.Parse(samples, CultureInfo.InvariantCulture)) : null));
        return found;
    }

    public async Task<IReadOnlyList<Restart>> RestartsAsync(RunId run, CancellationToken ct)
    {
        var found = new List<Restart>();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = GraphReader.Ask(
            connection, $"select data -> 'state' from {MartenSetup.Schema}.mt_doc_recovery where run_name = $1", run.ToString());
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            if (Restart.Of(Read<Restores.Recovery>(reader.GetString(0))) is { } restart) found.Add(restart);
        return found;
    }

    /// <summary>Values of one metric that were recorded for saves.</summary>
    public async Task<IReadOnlyList<Incidents.MeasuredPoint>> MetricAsync(RunId run, string name, int limit, CancellationToken ct)
    {
        var found = new List<Incidents.MeasuredPoint>();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = GraphReader.Ask(connection, Metrics, run.ToString(), name, limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            found.Add(new Incidents.MeasuredPoint(
                new Generation(reader.GetInt64(0)), new Step(reader.GetInt64(1)),
                await reader.IsDBNullAsync(2, ct) ? null
                    : double.Parse(reader.GetString(2), CultureInfo.InvariantCulture)));
        }

        return found;
    }

    static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, CanonicalJson.Options)!;
}
