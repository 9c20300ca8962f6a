using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Incidents;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Store;

/// <summary>Telemetry series: rows, not events. What is decided from them is an event; they themselves may be dropped.</summary>
/// <remarks>A batch is one statement: after a crash it is there wholly or not at all, and sending it again changes nothing.</remarks>
public sealed class SeriesTable(NpgsqlDataSource database)
{
    const string Upsert = $"""
        insert into {GraphTables.Series} as s (run_name, name, generation, step, value)
        select $1, p.* from unnest($2::text[], $3::bigint[], $4::bigint[], $5::float8[]) p
        on conflict (run_name, name, generation, step) do update set value = excluded.value
        where s.value is distinct from excluded.value
        """;

    const string Window = $"""
        select generation, step, value from {GraphTables.Series}
        where run_name = $1 and name = $2 and (generation, step) > ($3, $4) and step between $5 and $6
        order by generation, step limit $7
        """;

    /// <summary>A point that a batch names twice counts as it came last.</summary>
    public async Task AddAsync(RunId run, IReadOnlyList<SeriesPoint> points, CancellationToken ct)
    {
        var last = points.GroupBy(static p => (p.Name, p.Generation, p.Step)).Select(static same => same.Last())
            .OrderBy(static p => p.Name, StringComparer.Ordinal).ThenBy(static p => p.Generation).ThenBy(static p => p.Step).ToArray();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = GraphReader.Ask(connection, Upsert, run.ToString());
        command.Parameters.Add(new() { Value = Array.ConvertAll(last, static p => p.Name) });
        command.Parameters.Add(new() { Value = Array.ConvertAll(last, static p => p.Generation.Value) });
        command.Parameters.Add(new() { Value = Array.ConvertAll(last, static p => p.Step.Value) });
        command.Parameters.Add(new()
        {
            Value = Array.ConvertAll(last, static p => p.Value is { } v && double.IsFinite(v) ? v : (double?)null),
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double,
        });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Points of one name, by generation and step.</summary>
    /// <param name="after">The last point seen.</param>
    public async Task<IReadOnlyList<MeasuredPoint>> ReadAsync(
        RunId run, string name, (Generation Generation, Step Step)? after, Step? from, Step? to, int limit, CancellationToken ct)
    {
        var found = new List<MeasuredPoint>();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = GraphReader.Ask(connection, Window, run.ToString(), name, after?.Generation.Value ?? -1L,
            after?.Step.Value ?? -1L, from?.Value ?? Step.Min, to?.Value ?? Step.Max, limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            found.Add(new MeasuredPoint(
                new Generation(reader.GetInt64(0)), new Step(reader.GetInt64(1)),
                await reader.IsDBNullAsync(2, ct) ? null : reader.GetDouble(2)));
        return found;
    }
}

/// <summary>
/// Loss spikes of a run: found in its series or, where none was sent, in the metrics that were recorded for its saves. What "the latest
/// verified before the spike" asks.
/// </summary>
public sealed class SpikeReader(SeriesTable series, SaveReader saves)
{
    /// <summary>Points that one answer looks at; of a longer series ask from a later step on. Said in the answer.</summary>
    public const int PointsMax = 250_000;

    public async Task<SpikeReport> OfRunAsync(RunId run, string metric, SpikeRule rule, Step? from, CancellationToken ct)
    {
        var points = await series.ReadAsync(run, metric, after: null, from, to: null, PointsMax, ct);
        var source = "series";
        if (points.Count == 0)
        {
            points = await saves.MetricAsync(run, metric, PointsMax, ct);
            source = points.Count > 0 ? "checkpoints" : "none";
        }

        return LossSpikes.Report(run, metric, source, points, points.Count == PointsMax, rule);
    }

    /// <summary>The newest spike; null if there is none. A restore point before it has a step below its first one.</summary>
    public async Task<LossSpike?> NewestAsync(RunId run, string metric, CancellationToken ct) =>
        await OfRunAsync(run, metric, SpikeRule.Default, from: null, ct) is { Spikes: [.., var newest] } ? newest : null;
}
