using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Reports;

/// <summary>Figures of one history, counted from what is on record.</summary>
static class HistoryFigures
{
    public static readonly string[] Phases = ["idle", "save", "verify", "restore", "retention", "reclaim"];

    /// <summary>Which phase each injected fault met: what the newest event before it had begun.</summary>
    public static IReadOnlyList<HeatCell> Heat(Evidence evidence)
    {
        var marks = evidence.Streams.SelectMany(static stream => stream.Events)
            .Select(static e => (e.AtMs, Phase: PhaseAfter(e.Body))).Where(static one => one.Phase is not null)
            .OrderBy(static one => one.AtMs).ToList();
        return
        [
            .. evidence.Journal.OfType<Entry.Injected>()
                .GroupBy(fault => (fault.Kind, Phase: marks.LastOrDefault(mark => mark.AtMs <= fault.AtMs).Phase ?? "idle"))
                .Select(static group => new HeatCell(group.Key.Kind, group.Key.Phase, group.Count())),
        ];
    }

    static string? PhaseAfter(object body) => body switch
    {
        CheckpointOpened or ShardDiffed or ShardStored => "save",
        CheckpointSealed or ShardVerified => "verify",
        CheckpointVerified or CheckpointAbandoned or CheckpointQuarantined or RecoveryCompleted or RecoveryFailed or ShardsReclaimed =>
            "idle",
        RecoveryStarted or RestorePointChosen or RankRestored => "restore",
        CheckpointExpired or ExpiryUndone => "retention",
        ReclaimStarted => "reclaim",
        _ => null,
    };

    public static IReadOnlyList<RecoveryFigure> Recoveries(Evidence evidence)
    {
        List<RecoveryFigure> figures = [];
        foreach (var stream in evidence.Streams)
        {
            if (stream.Events.Select(static e => (e.AtMs, Body: e.Body as RecoveryStarted)).FirstOrDefault(static one =>
                one.Body is not null)
                is not { Body: { } started } began) continue;
            var end = stream.Events.Select(static e => (e.AtMs, Body: e.Body as RecoveryCompleted)).LastOrDefault(static one =>
                one.Body is not null);
            if (end.Body is { } completed)
                figures.Add(new RecoveryFigure(started.Recovery.ToString(), started.Cause, end.AtMs - began.AtMs, completed.LostSteps));
        }

        return figures;
    }

    public static MessageFigures Messages(Evidence evidence)
    {
        var stored = evidence.Streams.SelectMany(static stream => stream.Events).Select(static e => e.Body).OfType<ShardStored>()
            .Select(static e => (e.Checkpoint, e.Rank.Value)).ToHashSet();
        var sent = evidence.Journal.OfType<Entry.Sent>().ToList();
        var distinct = sent.Select(static one => (one.Checkpoint, one.Rank)).ToHashSet();
        var acknowledged = evidence.Journal.OfType<Entry.Acknowledged>().Select(static one => (one.Stream, one.Event, one.Rank)).Distinct()
            .Count();
        return new MessageFigures(
            sent.Count, acknowledged, distinct.Count(one => !stored.Contains(one)), sent.Count - distinct.Count,
            sent.GroupBy(static one => (one.Checkpoint, one.Rank)).Count(group => group.Count() > 1 && stored.Contains(group.Key)));
    }
}
