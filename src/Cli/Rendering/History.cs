using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Rendering;

/// <summary>Everything <c>log --graph</c> draws of one run.</summary>
/// <param name="Checkpoints">In any order.</param>
/// <param name="Recoveries">In any order.</param>
/// <param name="Hidden">Checkpoints that exist and were not asked for (an upper bound was set).</param>
internal sealed record History(
    RunView Run, IReadOnlyList<CheckpointView> Checkpoints, IReadOnlyList<RecoveryView> Recoveries, int Hidden = 0);

/// <summary>One row of the drawing: a checkpoint, a recovery, the beginning or the end of the run.</summary>
/// <param name="Alive">It lies on the history that the run would go on from: an ancestor of its newest state.</param>
internal abstract record HistoryRow(string Key, string? Parent, bool Alive)
{
    internal sealed record OfCheckpoint(CheckpointView View, string Key, string? Parent, bool Alive) : HistoryRow(Key, Parent, Alive);

    internal sealed record OfRecovery(RecoveryView View, string Key, string? Parent, bool Alive) : HistoryRow(Key, Parent, Alive);

    internal sealed record OfRewind(RewindView View, string Key, string? Parent, bool Alive) : HistoryRow(Key, Parent, Alive);

    internal sealed record OfStart(RunView View, string Key) : HistoryRow(Key, null, true);

    internal sealed record OfEnd(RunView View, string Key, string? Parent) : HistoryRow(Key, Parent, true);
}

/// <summary>
/// Orders a history newest first: a rewind above what it turned back from, a generation's checkpoints, then the recovery that began it,
/// then the generation before, down to the
/// registration.
/// A generation descends from its recovery, and the recovery from the restore point it chose.
/// </summary>
internal static class HistoryRows
{
    const string Start = "start", End = "end";

    public static IReadOnlyList<HistoryRow> Order(History history)
    {
        var recoveries = history.Recoveries.ToDictionary(static recovery => recovery.Recovery.Generation);
        var parents = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var view in history.Checkpoints) parents[Key(view.Checkpoint)] = ParentOf(view, recoveries);
        foreach (var view in history.Recoveries) parents[Key(view)] = ParentOf(view);
        foreach (var rewind in history.Run.Rewound ?? []) parents[Key(rewind)] = Key(rewind.To);
        var newest = Newest(history, recoveries);
        var alive = Ancestors(newest, parents);

        var rows = new List<HistoryRow>();
        if (history.Run.Phase is RunPhase.Completed) rows.Add(new HistoryRow.OfEnd(history.Run, End, Last(history) ?? newest));
        var generations = history.Checkpoints.Select(static view => view.Checkpoint.Generation)
            .Concat(recoveries.Keys).Distinct().OrderDescending();
        foreach (var generation in generations)
        {
            rows.AddRange((history.Run.Rewound ?? []).Where(rewind => rewind.Generation == generation).Reverse()
                .Select(rewind => (HistoryRow)new HistoryRow.OfRewind(
                    rewind, Key(rewind), Key(rewind.To), alive.Contains(Key(rewind)))));
            rows.AddRange(history.Checkpoints.Where(view => view.Checkpoint.Generation == generation)
                .OrderByDescending(static view => view.Checkpoint.Step)
                .Select(view => (HistoryRow)new HistoryRow.OfCheckpoint(
                    view, Key(view.Checkpoint), parents[Key(view.Checkpoint)], alive.Contains(Key(view.Checkpoint)))));
            if (recoveries.TryGetValue(generation, out var recovery))
                rows.Add(new HistoryRow.OfRecovery(recovery, Key(recovery), parents[Key(recovery)], alive.Contains(Key(recovery))));
        }

        if (history.Hidden == 0) rows.Add(new HistoryRow.OfStart(history.Run, Start));
        return rows;
    }

    static string Key(CheckpointId id) => id.StreamKey;

    static string Key(RecoveryView view) => view.Recovery.StreamKey;

    static string Key(RewindView view) => $"rewind/{view.To}/{view.At.UtcTicks}";

    static string? ParentOf(CheckpointView view, Dictionary<Generation, RecoveryView> recoveries)
    {
        var generation = view.Checkpoint.Generation;
        if (view.Parent is { } parent && parent.Run == view.Checkpoint.Run && parent.Generation == generation) return Key(parent);
        if (recoveries.TryGetValue(generation, out var recovery)) return Key(recovery);
        return view.Parent is { } older && older.Run == view.Checkpoint.Run ? Key(older) : Start;
    }

    static string? ParentOf(RecoveryView view) => view switch
    {
        { Phase: RecoveryPhase.Failed } => null,
        { Chosen: { } chosen } when chosen.Run == view.Recovery.Run => Key(chosen),
        _ => Start,                     // the initial state, or the other run that this one was forked from
    };

    /// <summary>Where the run goes on from: what it was rewound to since its newest generation began, else the newest sealed checkpoint of
    /// that generation, or the recovery that began it.</summary>
    static string? Newest(History history, Dictionary<Generation, RecoveryView> recoveries)
    {
        var current = history.Run.Generation;
        if (history.Run.Rewound is [.., var rewind] && rewind.Generation == current) return Key(rewind);
        var tip = history.Checkpoints
            .Where(view => view.Checkpoint.Generation == current && view.Phase is CheckpointPhase.Sealed or CheckpointPhase.Verified)
            .OrderByDescending(static view => view.Checkpoint.Step).FirstOrDefault();
        if (tip is not null) return Key(tip.Checkpoint);
        return recoveries.TryGetValue(current, out var recovery) ? Key(recovery) : Start;
    }

    /// <summary>The save at the step where the run was completed, whatever became of it since.</summary>
    static string? Last(History history) => history.Checkpoints
        .Where(view => view.Checkpoint.Generation == history.Run.Generation && view.Checkpoint.Step == history.Run.FinalStep)
        .Select(static view => Key(view.Checkpoint)).FirstOrDefault();

    static HashSet<string> Ancestors(string? key, Dictionary<string, string?> parents)
    {
        var ancestors = new HashSet<string>(StringComparer.Ordinal);
        while (key is not null && ancestors.Add(key)) key = parents.GetValueOrDefault(key);
        return ancestors;
    }
}
