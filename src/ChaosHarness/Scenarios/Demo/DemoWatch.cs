using System.Globalization;
using System.Text.Json;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Demo;

/// <summary>
/// Follows a run of the demo while it trains: where it stands, from the losses that rank 0 writes, and what happened, from the service's
/// log.
/// </summary>
sealed class DemoWatch(TrainingWorld world, RunId run, long steps, DemoNarrator narrator)
{
    readonly string losses = Path.Combine(world.StateDirectory, "runs", run.ToString(), "loss.jsonl");
    string? cursor;

    /// <summary>Narrates what is new since the last call and shows the progress line.</summary>
    public async Task LookAsync(bool narrate, CancellationToken cancellation)
    {
        foreach (var entry in await NewEntriesAsync(cancellation))
            if (narrate && WorthTelling(entry)) narrator.Say($"{entry.Stream}: {entry.Summary}");
        var (step, loss) = LastLoss();
        narrator.Progress(string.Create(CultureInfo.InvariantCulture, $"{run}: step {step:N0} of {steps:N0}, loss {loss:F4}"));
    }

    /// <summary>The newest restore point of the run as it stands now; null if there is none.</summary>
    public async Task<CheckpointView?> NewestVerifiedAsync(CancellationToken cancellation) =>
        (await world.Api.CheckpointsAsync(run, cancellation))
            .FirstOrDefault(static checkpoint => checkpoint.Phase == CheckpointPhase.Verified);

    /// <summary>
    /// The newest restore point, once a stopped rank keeps anything newer from becoming one: what is sealed is verified, and what is open
    /// lacks that rank's shard. Null while that is not so.
    /// </summary>
    public async Task<CheckpointView?> NewestSettledAsync(Rank stopped, CancellationToken cancellation)
    {
        var checkpoints = await world.Api.CheckpointsAsync(run, cancellation);
        var newest = checkpoints.FirstOrDefault(static checkpoint => checkpoint.Phase == CheckpointPhase.Verified);
        var newer = checkpoints.TakeWhile(checkpoint => checkpoint != newest);
        return newer.All(checkpoint => checkpoint.Phase == CheckpointPhase.Abandoned
            || (checkpoint.Phase == CheckpointPhase.Open && checkpoint.MissingRanks.Contains(stopped))) ? newest : null;
    }

    /// <summary>Process id of a rank of the generation that trains now, from the file that the launcher keeps.</summary>
    public int ProcessOf(Rank rank)
    {
        using var launch = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(world.StateDirectory, "runs", run.ToString(), "launch.json")));
        foreach (var entry in launch.RootElement.GetProperty("ranks").EnumerateArray())
            if (entry.GetProperty("rank").GetInt32() == rank.Value) return entry.GetProperty("processId").GetInt32();
        throw new WorldException($"launch.json of {run} knows no rank {rank}.");
    }

    static bool WorthTelling(LogEntry entry) =>
        Names.Contains(entry.Name)
            || (entry.Name == EventCatalog.Names[typeof(ShardVerified)] && !entry.Summary.Contains("intact", StringComparison.Ordinal));

    static readonly HashSet<string> Names =
    [
        .. new[]
        {
            typeof(LeaseGranted), typeof(CheckpointAbandoned), typeof(CheckpointQuarantined), typeof(RecoveryStarted),
            typeof(RestorePointChosen),
            typeof(RecoveryCompleted), typeof(RecoveryFailed), typeof(StaleGenerationRefused), typeof(RunCompleted),
        }.Select(type => EventCatalog.Names[type]),
    ];

    async Task<IReadOnlyList<LogEntry>> NewEntriesAsync(CancellationToken cancellation)
    {
        var page = await world.Api.GetAsync<Page<LogEntry>>(
            cursor is null ? $"v1/runs/{run}/log?limit=500" : $"v1/runs/{run}/log?limit=500&after={cursor}", cancellation);
        if (page is null || page.Items.Count == 0) return [];
        cursor = page.Items[^1].Sequence.ToString(CultureInfo.InvariantCulture);
        return page.Items;
    }

    (long Step, double Loss) LastLoss()
    {
        if (!File.Exists(losses)) return (0, double.NaN);
        using var stream = new FileStream(losses, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Seek(Math.Max(0, stream.Length - 4_096), SeekOrigin.Begin);
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd().Split('\n');
        if (lines.Length < 3) return (0, double.NaN);   // the first may be cut by the seek, the last by the writer
        using var record = JsonDocument.Parse(lines[^2]);
        return (record.RootElement.GetProperty("step").GetInt64(), record.RootElement.GetProperty("loss").GetDouble());
    }
}
