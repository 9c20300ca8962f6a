using System.Globalization;
using System.Text.Json;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Demo;

/// <summary>
/// Judges the demo and collects its figures from the service's record and from what ranks and launcher wrote; nothing is assumed.
/// </summary>
static class DemoFigures
{
    /// <summary>From the last sign of life of the failed rank to the first step of all new ones, in order.</summary>
    static readonly string[] PhaseNames = ["detect", "stop", "decide", "verify", "start", "restore", "firstStep"];

    public static async Task<DemoSummary> CollectAsync(
        TrainingWorld world, DemoOptions options, ServiceView service, RunOutcome golden, RunOutcome final, InjectedFaults faults,
        TimeSpan elapsed,
        CancellationToken cancellation)
    {
        var run = DemoOptions.Faulted;
        var log = await world.Api.LogAsync(run, cancellation);
        var checkpoints = await world.Api.CheckpointsAsync(run, cancellation);
        var recoveries = await RecoveriesAsync(world, log, cancellation);
        var difference = final.DifferenceTo(golden);
        var vacuous = faults.MissingEffect(checkpoints, recoveries);
        var verdict = difference is not null ? DemoVerdict.Diverged : vacuous is not null ? DemoVerdict.Vacuous : DemoVerdict.Exact;
        return new DemoSummary(
            Schema: 1, verdict, difference ?? vacuous, golden.Digest, final.Digest, recoveries.Count, Count(checkpoints),
            Saves(world, run, checkpoints),
            [.. recoveries.Select(recovery => Story(recovery, Phases(world, run)))], log.Count, options.Ranks.Value, options.Steps,
            service.Postgres, service.Broker, Math.Round(elapsed.TotalSeconds, 1), options.StateDirectory);
    }

    static async Task<IReadOnlyList<RecoveryView>> RecoveriesAsync(
        TrainingWorld world, IReadOnlyList<LogEntry> log, CancellationToken cancellation)
    {
        var started = EventCatalog.Names[typeof(RecoveryStarted)];
        var recoveries = new List<RecoveryView>();
        foreach (var entry in log.Where(entry => entry.Name == started))
            recoveries.Add(await world.Api.GetAsync<RecoveryView>($"v1/recoveries/{entry.Stream["recovery/".Length..]}", cancellation)
                ?? throw new WorldException($"The log names {entry.Stream}, but the service does not know it."));
        return recoveries;
    }

    static CheckpointCounts Count(IReadOnlyList<CheckpointView> all) => new(
        all.Count(static checkpoint => checkpoint.ManifestHash is not null),
        all.Count(static checkpoint => checkpoint.Phase == CheckpointPhase.Verified),
        all.Count(static checkpoint => checkpoint.Phase == CheckpointPhase.Abandoned),
        all.Count(static checkpoint => checkpoint.Phase == CheckpointPhase.Quarantined),
        all.Count(static checkpoint => checkpoint.Kind == CheckpointKind.Full),
        all.Count(static checkpoint => checkpoint.Kind == CheckpointKind.Incremental));

    static SaveFigures Saves(TrainingWorld world, RunId run, IReadOnlyList<CheckpointView> checkpoints)
    {
        var stalls = Lines(world, run, "saves-r*.jsonl").Select(static line => line.GetProperty("stallMicroseconds").GetInt64() / 1_000.0)
            .Order().ToList();
        var whole = checkpoints.Where(static checkpoint => checkpoint.ManifestHash is not null).ToList();
        long raw = whole.Sum(static checkpoint => checkpoint.RawBytes), stored = whole.Sum(static checkpoint => checkpoint.StoredBytes);
        return new SaveFigures(
            stalls.Count == 0 ? double.NaN : Math.Round(stalls[stalls.Count / 2], 3), stalls.Count == 0 ? double.NaN
                : Math.Round(stalls[^1], 3),
            raw, stored, stored == 0 ? 0 : Math.Round((double)raw / stored, 3));
    }

    static RecoveryFigures Story(RecoveryView recovery, ILookup<long, KeyValuePair<string, double>> phases) => new(
        recovery.Recovery.Generation, recovery.Cause, recovery.Chosen,
        [.. recovery.Rejected.Select(static rejected => $"{rejected.Checkpoint}: {rejected.Detail}")], recovery.LostSteps,
        phases[recovery.Recovery.Generation.Value].GroupBy(static phase => phase.Key, StringComparer.Ordinal)
            .ToDictionary(
                static group => group.Key, static group => Math.Round(group.Sum(static phase => phase.Value), 3), StringComparer.Ordinal));

    /// <summary>Seconds of each phase by the generation that the recovery started, from the launcher's own file.</summary>
    static ILookup<long, KeyValuePair<string, double>> Phases(TrainingWorld world, RunId run)
    {
        using var result = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder(world, run), "launch-result.json")));
        return result.RootElement.GetProperty("recoveries").EnumerateArray()
            .SelectMany(static recovery => PhaseNames.Select(name => (
                Generation: recovery.GetProperty("generation").GetInt64(),
                Phase: KeyValuePair.Create(
                    name, TimeSpan.Parse(recovery.GetProperty(name).GetString()!, CultureInfo.InvariantCulture).TotalSeconds))))
            .ToLookup(static pair => pair.Generation, static pair => pair.Phase);
    }

    static string Folder(TrainingWorld world, RunId run) => Path.Combine(world.StateDirectory, "runs", run.ToString());

    static IEnumerable<JsonElement> Lines(TrainingWorld world, RunId run, string pattern)
    {
        foreach (var file in Directory.EnumerateFiles(Folder(world, run), pattern).Order(StringComparer.Ordinal))
        {
            var text = File.ReadAllText(file);
            foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                using var document = JsonDocument.Parse(line);   // a line torn by a kill lies behind the last line feed
                yield return document.RootElement.Clone();
            }
        }
    }
}
