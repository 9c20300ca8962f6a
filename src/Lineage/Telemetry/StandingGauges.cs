using System.Diagnostics.Metrics;
using Lineage.Store;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Lineage.Telemetry;

/// <summary>
/// How things stand, for alerts: checkpoints by phase, saves past their deadline, the age of the newest restore point of the running run
/// that is worst off. Read every few seconds by one query and shown as it was read; while the database is away the last figures stay and
/// <c>lineage.standing.age</c> grows.
/// </summary>
sealed class StandingGauges : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    const string PhasesQuery = $"select phase, count(*) from {GraphTables.Standing} group by phase";

    /// <summary>A run counts while somebody holds its lease; one without any restore point counts from its registration.</summary>
    const string WorstQuery = $$"""
        select coalesce(max(extract(epoch from $1 - coalesce(
            (select (c.data #>> '{state,verifiedAt}')::timestamptz from {{MartenSetup.Schema}}.mt_doc_checkpoint c
             where c.run_name = r.run_name and c.phase = 'verified' order by c.step desc, c.generation desc limit 1),
            (r.data #>> '{state,registeredAt}')::timestamptz))), 0)::double precision
        from {{MartenSetup.Schema}}.mt_doc_run r where r.lease = 'held'
        """;

    const string LateQuery = $$"""
        select count(*) from {{MartenSetup.Schema}}.mt_doc_checkpoint
        where phase = 'open' and (data #>> '{candidate,deadline}')::timestamptz < $1
        """;

    readonly NpgsqlDataSource database;
    readonly TimeProvider clock;
    volatile Standing standing;

    public StandingGauges(NpgsqlDataSource database, TimeProvider clock)
    {
        (this.database, this.clock) = (database, clock);
        standing = new Standing([], 0, 0, clock.GetUtcNow());
        var meter = LineageTelemetry.Meter;
        meter.CreateObservableGauge("lineage.checkpoints", Phases, "{checkpoint}", "Checkpoints on record, by phase");
        meter.CreateObservableGauge("lineage.checkpoints.late", () => standing.Late, "{checkpoint}", "Open saves past their deadline");
        meter.CreateObservableGauge("lineage.run.restore_point.age.max", () => standing.WorstSeconds, "s",
            "Age of the newest restore point of the running run that is worst off");
        meter.CreateObservableGauge("lineage.standing.age", () => (clock.GetUtcNow() - standing.At).TotalSeconds, "s",
            "Age of the figures by phase");
    }

    sealed record Standing(IReadOnlyList<(string Phase, long Count)> Phases, long Late, double WorstSeconds, DateTimeOffset At);

    IEnumerable<Measurement<long>> Phases() =>
        standing.Phases.Select(static p => new Measurement<long>(p.Count, new KeyValuePair<string, object?>("phase", p.Phase)));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        do
        {
            try
            {
                standing = await ReadAsync(stoppingToken);
            }
            catch (Exception e) when (StoreFailure.Classify(e) is StoreUnavailableException)
            {
                continue;   // the age of the figures says it
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    async Task<Standing> ReadAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var phases = new List<(string, long)>();
        await using (var command = database.CreateCommand(PhasesQuery))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct)) phases.Add((reader.GetString(0), reader.GetInt64(1)));
        }

        return new Standing(phases, await ScalarAsync<long>(LateQuery, now, ct), await ScalarAsync<double>(WorstQuery, now, ct), now);
    }

    async Task<T> ScalarAsync<T>(string query, DateTimeOffset now, CancellationToken ct)
    {
        await using var command = database.CreateCommand(query);
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }
}
