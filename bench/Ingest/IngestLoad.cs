using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Lineage.Agents.Client;
using Lineage.Agents.Reporting;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Npgsql;

namespace Lineage.Bench.Ingest;

/// <summary>How much is sent.</summary>
/// <param name="Runs">Runs that save side by side.</param>
/// <param name="Saves">Checkpoints of each of them, one after the other.</param>
/// <param name="World">Ranks of each; a save is two facts per rank.</param>
sealed record LoadSize(int Runs, int Saves, int World)
{
    public int Checkpoints => Runs * Saves;

    public int Events => Checkpoints * ((2 * World) + 2);
}

/// <summary>What one path came to.</summary>
/// <param name="LagP99">From handing a fact over to knowing it on record; NaN where there is nothing to wait for.</param>
sealed record PathResult(string Path, int Events, TimeSpan Took, double LagP99 = double.NaN, bool Verified = true)
{
    public double PerSecond => Events / Took.TotalSeconds;
}

/// <summary>Runs that save as fast as the service takes it: open, report all ranks, wait for the seal, next.</summary>
sealed class IngestLoad(
    LineageClient client, IFactPublisher publisher, NpgsqlDataSource database, string prefix, LoadSize size, TimeProvider clock)
{
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(3), Patience = TimeSpan.FromMinutes(3);

    readonly ConcurrentBag<double> lags = [];

    public IEnumerable<MadeUpSave> Saves => Enumerable.Range(0, size.Runs).SelectMany(run => Enumerable.Range(1, size.Saves)
        .Select(step => SaveOf(run, step)));

    public async Task<PathResult> RunAsync(string path, CancellationToken ct)
    {
        await Task.WhenAll(Enumerable.Range(0, size.Runs).Select(run => BeginAsync(RunOf(run), ct)));
        using var listener = Listen();
        var started = clock.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, size.Runs).Select(run => SaveAllAsync(run, ct)));
        var took = clock.GetElapsedTime(started);
        return new PathResult(path, size.Events, took, P99(lags));
    }

    RunId RunOf(int run) => RunId.Parse(string.Create(CultureInfo.InvariantCulture, $"{prefix}-{run}"));

    MadeUpSave SaveOf(int run, int step) => new(RunOf(run), step, size.World, MadeUpSave.Hash("layout of the load"));

    async Task BeginAsync(RunId run, CancellationToken ct)
    {
        var policy = new SavePolicy(SaveDeadlineSeconds: 3_600, LeaseSeconds: 3_600);
        await client.RegisterRunAsync(new RegisterRun(run, policy, new Dictionary<string, string>(StringComparer.Ordinal)), ct);
        await client.TakeLeaseAsync(run, new TakeLease(client.Actor, new WorldSize(size.World)), ct);
    }

    async Task SaveAllAsync(int run, CancellationToken ct)
    {
        for (var step = 1; step <= size.Saves; step++)
        {
            var save = SaveOf(run, step);
            var plan = await client.OpenCheckpointAsync(save.Id, save.Opening(), ct);
            await publisher.PublishAsync(save.Facts(plan), ct);
            await SealedAsync(database, save.Id, clock, ct);
        }
    }

    /// <summary>Asks the row, which costs the service nothing, until it says that the checkpoint is closed.</summary>
    public static async Task SealedAsync(NpgsqlDataSource database, CheckpointId id, TimeProvider clock, CancellationToken ct)
    {
        var until = clock.GetUtcNow() + Patience;
        while (true)
        {
            await using var command = database.CreateCommand("select phase from lineage.mt_doc_checkpoint where id = $1");
            command.Parameters.Add(new() { Value = id.StreamKey });
            var phase = (string?)await command.ExecuteScalarAsync(ct);
            if (phase is "sealed") return;
            if (clock.GetUtcNow() > until) throw new TimeoutException($"{id} is {phase ?? "not there"} after {Patience}.");
            await Task.Delay(Poll, clock, ct);
        }
    }

    /// <summary>The service measures the lag of each fact itself; here it runs in this process.</summary>
    MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, l) =>
            {
                if (instrument.Name == "lineage.ingest.lag") l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => lags.Add(seconds * 1_000));
        listener.Start();
        return listener;
    }

    static double P99(ConcurrentBag<double> values)
    {
        if (values.IsEmpty) return double.NaN;
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Ceiling(sorted.Length * 0.99) - 1];
    }
}
