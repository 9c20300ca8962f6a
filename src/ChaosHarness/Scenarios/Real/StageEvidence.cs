using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Witnesses;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Identity;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>What a run that was not hurt ended in, and what it held after every step.</summary>
public sealed record GoldenRun(RunOutcome Outcome, IReadOnlyList<Entry.Trained> Trained)
{
    /// <exception cref="IOException">A rank left no final report: it did not end.</exception>
    public static GoldenRun Read(TrainingWorld world, RunId run, WorldSize ranks) => new(
        RunOutcome.Read(world.StateDirectory, run, ranks),
        [.. WorldJournal.Read(world.JournalOf(run), run).Select(static one => one.Entry).OfType<Entry.Trained>()]);
}

/// <summary>Gathers what the judge looks at once a world has come to rest: what is on record, what lies in the store, both
/// journals.</summary>
static class StageEvidence
{
    public static async Task<Evidence> ReadAsync(
        TrainingWorld world, Schedule schedule, RunId run, StageRecord record, GoldenRun? golden, RestEvidence? rest, CancellationToken ct)
    {
        var (streams, rows) = await PostgresWitness.ReadWithRowsAsync(world.EventStore, run, record.BeganAt, ct);
        var objects = BytesWitness.Read(world.StoreDirectory, Agents.Tiers.LocalDirectoryTier.DefaultName, run);
        return new Evidence(
            schedule, Journal(world, run, record), record.InMachineTime(streams), objects, rows,
            rest is null ? null : rest with { Orphans = Orphans(objects, streams, record) }, record.RaceMs, golden?.Trained,
            record.Plans is [] ? null : record.Plans, Earlier: record.Earlier);
    }

    public static IReadOnlyList<Entry> Journal(TrainingWorld world, RunId run, StageRecord record) => WorldJournal.Merge(
        record.Entries.Concat(WorldJournal.Read(world.JournalOf(run), run)).Concat(WorldJournal.Read(world.KeeperJournal, run)),
        record.BeganAt);

    /// <summary>Objects of checkpoints that are not on record at all: those of abandoned ones are not due yet, and what a fault put there
    /// is nobody's to delete.</summary>
    static List<string> Orphans(IReadOnlyList<ObjectEvidence> objects, IReadOnlyList<StreamEvidence> streams, StageRecord record)
    {
        var planted = string.Join('\n', record.Of<Entry.TookEffect>().Select(static one => one.Observation));
        var known = streams.Select(static stream => stream.Key).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. objects.Where(one => ShardPlace.Of(one.Key) is { } place && !known.Contains(place.Checkpoint.StreamKey)
                && !planted.Contains(one.Key, StringComparison.Ordinal))
                .Select(static one => one.Key),
        ];
    }

    /// <summary>Letters about the run, and those that a fault names, each with the reason that the service gives.</summary>
    public static async Task<IReadOnlyList<string>> DeadLettersAsync(ApiReader api, RunId run, StageRecord record, CancellationToken ct) =>
    [
        .. (await api.DeadLettersAsync(ct))
            .Where(one => one.Checkpoint?.StartsWith($"{run}/", StringComparison.Ordinal) == true
                || record.Of<Entry.Injected>().Any(fault => string.Equals(fault.Detail, one.Id, StringComparison.Ordinal)))
            .Select(static one => one.Reason.Length == 0 ? "" : $"{one.Id} {one.Code}: {one.Reason}"),
    ];
}
