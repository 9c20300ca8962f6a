using System.Collections.Concurrent;
using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Questions;
using Lineage.Restores;
using Lineage.Runs;
using Lineage.Store;

namespace Lineage.Bench.Record;

/// <summary>What the generator knows of the history that it made, to judge answers by: never what the database says.</summary>
sealed class RecordModel(RecordSize size, DateTimeOffset end)
{
    readonly ConcurrentDictionary<RunId, RunPicture> pictures = new();
    readonly ConcurrentDictionary<RunId, IReadOnlyList<MadeEvent>> kept = new();
    long checkpoints, shardFacts;

    public RecordSize Size => size;

    public DateTimeOffset End => end;

    public long Events { get; set; }

    public long Checkpoints => checkpoints;

    public long ShardFacts => shardFacts;

    public IReadOnlyList<RunId> Runs { get; private set; } = [];

    /// <summary>Runs whose events are kept, for questions about the past.</summary>
    public IReadOnlyList<RunId> KeptRuns { get; private set; } = [];

    public RunPicture Of(RunId run) => pictures[run];

    public void Add(MadeRun run, bool keepEvents)
    {
        pictures[run.Id] = run.Picture();
        if (keepEvents) kept[run.Id] = run.Events;
        Interlocked.Add(ref checkpoints, run.Checkpoints.Count);
        Interlocked.Add(ref shardFacts, run.Events.Count(static e => e.Body is ShardDiffed or ShardStored or ShardVerified));
        lock (pictures)
        {
            Runs = [.. pictures.Keys.Order()];
            KeptRuns = [.. kept.Keys.Order()];
        }
    }

    /// <summary>What could be known of a run at a time; null if it was not there yet.</summary>
    public RunPicture? At(RunId run, DateTimeOffset at)
    {
        if (at >= end) return pictures.GetValueOrDefault(run);
        Run? state = null;
        Dictionary<string, Checkpoint?> found = new(StringComparer.Ordinal);
        Dictionary<string, Recovery?> recoveries = new(StringComparer.Ordinal);
        foreach (var e in kept[run].Where(e => e.At <= at))
        {
            if (e.Stream.StartsWith("run/", StringComparison.Ordinal)) state = Run.Fold(state, e.Body);
            else if (e.Stream.StartsWith("checkpoint/", StringComparison.Ordinal))
                found[e.Stream] = Checkpoint.Fold(found.GetValueOrDefault(e.Stream), e.Body);
            else recoveries[e.Stream] = Recovery.Fold(recoveries.GetValueOrDefault(e.Stream), e.Body);
        }

        return state is null ? null : new RunPicture(
            RunOutline.Of(state), [.. found.Values.Select(static c => CheckpointOutline.Of(c!))],
            [.. recoveries.Values.Select(static r => RecoveryViews.Turn(r!))],
            [.. recoveries.Values.SelectMany(static r => RestoreRate.Of(r!))]);
    }

    /// <summary>The pure functions, asked about everything at once.</summary>
    public PointQuestions Ask(DateTimeOffset? at = null) => new(
        new PictureSource(at, (run, _) => Task.FromResult(at is { } time ? At(run, time) : pictures.GetValueOrDefault(run)),
            (run, _) => Task.FromResult<IReadOnlyList<RunId>>(
                [.. pictures.Values.Where(picture => picture.Run.Origin?.Run == run).Select(static picture => picture.Run.Run)])),
        first: int.MaxValue / 16);

    public Candidate? Find(CheckpointId id) =>
        pictures.GetValueOrDefault(id.Run)?.Checkpoints.FirstOrDefault(c => c.Id == id)?.Candidate;

    public RunId DrawRun(Random random) => Runs[random.Next(Runs.Count)];

    public CheckpointId DrawCheckpoint(Random random)
    {
        var all = Of(DrawRun(random)).Checkpoints;
        return all[random.Next(all.Count)].Id;
    }

    public long DrawStep(RunId run, Random random) => random.NextInt64(100, 100 + Of(run).Checkpoints.Max(static c => c.Id.Step.Value));
}
