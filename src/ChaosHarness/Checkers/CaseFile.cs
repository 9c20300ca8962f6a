using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// One history, sorted once for all checks: events by what they are about, journal by kind. Own reading: nothing here asks the service's
/// own folds.
/// </summary>
sealed class CaseFile
{
    readonly Dictionary<CheckpointId, SaveRecord> saves = [];
    readonly Dictionary<RunId, RunRecord> runs = [];

    public CaseFile(Evidence evidence)
    {
        Evidence = evidence;
        Journal = new JournalFile(evidence);
        foreach (var stream in evidence.Streams)
            foreach (var @event in stream.Events)
                File(stream.Key, @event);
        foreach (var save in saves.Values) Run(save.Id.Run).Saves.Add(save);
        Objects = new Dictionary<(string Tier, string Key), ObjectEvidence>(evidence.Objects.Count);
        foreach (var stored in evidence.Objects) Objects[(stored.Tier, stored.Key)] = stored;
    }

    public Evidence Evidence { get; }

    public JournalFile Journal { get; }

    public Dictionary<(string Tier, string Key), ObjectEvidence> Objects { get; }

    public IReadOnlyCollection<SaveRecord> Saves => saves.Values;

    public IReadOnlyCollection<RunRecord> Runs => runs.Values;

    public Schedule Schedule => Evidence.Schedule;

    /// <summary>More was harmed than is promised to survive: only what no harm excuses is judged.</summary>
    public bool BeyondBudget => Evidence.Schedule.BeyondBudget;

    ILookup<CheckpointId, SaveRecord>? children;
    ILookup<CheckpointId, RecoveryRecord>? restorers;

    /// <summary>What was opened as a delta on it.</summary>
    public IEnumerable<SaveRecord> ChildrenOf(CheckpointId id) => (children ??= saves.Values
        .Where(static save => save.Opened?.Body.Base is not null)
        .ToLookup(static save => save.Opened!.Value.Body.Base!.Checkpoint))[id];

    /// <summary>Recoveries that at some time had chosen it, or something that is built on it.</summary>
    public IEnumerable<RecoveryRecord> RestorersOf(CheckpointId id) => (restorers ??= runs.Values
        .SelectMany(static run => run.Recoveries.Values)
        .SelectMany(recovery => recovery.Choices.Select(static choice => choice.Body.Chosen).OfType<CheckpointId>().Distinct()
            .Select(Find).OfType<SaveRecord>().SelectMany(target => Chain(target, out _)).Distinct()
            .Select(link => (link.Id, Recovery: recovery)))
        .ToLookup(static pair => pair.Id, static pair => pair.Recovery))[id];

    public SaveRecord? Find(CheckpointId id) => saves.GetValueOrDefault(id);

    public RunRecord? FindRun(RunId id) => runs.GetValueOrDefault(id);

    /// <summary>
    /// Whether something was on record before an event of another stream was decided. Sequence numbers are taken before the commit, so
    /// within <see cref="Evidence.RaceMs"/> the order of two streams that nothing locks together is not known, and nobody is blamed.
    /// </summary>
    public bool SurelyBefore(long sequence, long atMs, long thenSequence, long thenAtMs) =>
        sequence < thenSequence && atMs + Evidence.RaceMs <= thenAtMs;

    /// <summary>The checkpoint and every base below it, nearest first; ends where one is not on record, or after 64 links.</summary>
    /// <param name="asOpened">As every link was opened, whatever was written anew since.</param>
    public List<SaveRecord> Chain(SaveRecord save, out CheckpointId? absent, bool asOpened = false)
    {
        const int linksMax = 64;
        List<SaveRecord> links = [save];
        absent = null;
        while ((asOpened ? links[^1].Opened?.Body.Base : links[^1].BaseNow) is { } edge && links.Count < linksMax)
        {
            if (Find(edge.Checkpoint) is not { } found)
            {
                absent = edge.Checkpoint;
                break;
            }

            if (links.Contains(found)) break;
            links.Add(found);
        }

        return links;
    }

    void File(string stream, EventEvidence e)
    {
        switch (e.Body)
        {
            case CheckpointOpened body: Save(body.Checkpoint, stream).Opened ??= Of(e, body); break;
            case ShardDiffed body: Save(body.Checkpoint, stream).Diffed.Add(Of(e, body)); break;
            case ShardStored body: Save(body.Checkpoint, stream).Stored.Add(Of(e, body)); break;
            case ShardVerified body: Save(body.Checkpoint, stream).Checks.Add(Of(e, body)); break;
            case CheckpointSealed body: Save(body.Checkpoint, stream).Seals.Add(Of(e, body)); break;
            case CheckpointAbandoned body: Save(body.Checkpoint, stream).Abandons.Add(Of(e, body)); break;
            case CheckpointVerified body: Save(body.Checkpoint, stream).Verifieds.Add(Of(e, body)); break;
            case CheckpointQuarantined body: Save(body.Checkpoint, stream).Quarantines.Add(Of(e, body)); break;
            case CheckpointExpired body: Save(body.Checkpoint, stream).Endings.Add(Of<object>(e, body)); break;
            case ExpiryUndone body: Save(body.Checkpoint, stream).Endings.Add(Of<object>(e, body)); break;
            case CheckpointRebased body: Save(body.Checkpoint, stream).Rebases.Add(Of(e, body)); break;
            case ReclaimStarted body: Save(body.Checkpoint, stream).Reclaims.Add(Of(e, body)); break;
            case CheckpointPinned body: Save(body.Checkpoint, stream).Marks.Add(Of<object>(e, body)); break;
            case CheckpointUnpinned body: Save(body.Checkpoint, stream).Marks.Add(Of<object>(e, body)); break;
            case HoldPlaced body: Save(body.Checkpoint, stream).Marks.Add(Of<object>(e, body)); break;
            case HoldLifted body: Save(body.Checkpoint, stream).Marks.Add(Of<object>(e, body)); break;
            case RecoveryStarted body: Recovery(body.Recovery, stream).Started ??= Of(e, body); break;
            case RestorePointChosen body: Recovery(body.Recovery, stream).Choices.Add(Of(e, body)); break;
            case RankRestored body: Recovery(body.Recovery, stream).Restored.Add(Of(e, body)); break;
            case RecoveryCompleted body: Recovery(body.Recovery, stream).Completed.Add(Of(e, body)); break;
            case RecoveryFailed body: Recovery(body.Recovery, stream).Failed.Add(Of(e, body)); break;
            default: FileOfRun(e); break;
        }
    }

    void FileOfRun(EventEvidence e)
    {
        switch (e.Body)
        {
            case RunRegistered body: Run(body.Run); break;
            case RunForked body: Run(body.Run).Forked ??= Of(e, body); break;
            case RunCompleted body: Run(body.Run).Completed ??= Of(e, body); break;
            case LeaseGranted body: Run(body.Run).Grants.Add(Of(e, body)); break;
            case RankJoined body: Run(body.Run).Joined.Add(Of(e, body)); break;
            case RunRewound body: Run(body.Run).Rewinds.Add(Of(e, body)); break;
            case TagPlaced body: Run(body.Run).Tags.Add(Of<object>(e, body)); break;
            case TagRemoved body: Run(body.Run).Tags.Add(Of<object>(e, body)); break;
            case StaleGenerationRefused body: Run(body.Run).Refused.Add(Of(e, body)); break;
            case RetentionChanged body: Run(body.Run).HasRetention = body.Policy is not null; break;
            default: break;   // marks, policies and access say nothing that an invariant is about
        }
    }

    static Fact<T> Of<T>(EventEvidence e, T body) => new(e.Sequence, e.Version, e.AtMs, body);

    RunRecord Run(RunId id)
    {
        if (!runs.TryGetValue(id, out var run)) runs[id] = run = new RunRecord(id, id.StreamKey);
        return run;
    }

    SaveRecord Save(CheckpointId id, string stream)
    {
        if (!saves.TryGetValue(id, out var save)) saves[id] = save = new SaveRecord(id, stream);
        return save;
    }

    RecoveryRecord Recovery(RecoveryId id, string stream)
    {
        var known = Run(id.Run).Recoveries;
        if (!known.TryGetValue(id.Generation.Value, out var recovery))
            known[id.Generation.Value] = recovery = new RecoveryRecord(id, stream);
        return recovery;
    }
}
