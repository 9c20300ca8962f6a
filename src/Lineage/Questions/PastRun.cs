using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.References;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.Questions;

/// <param name="Version">Of its event in the checkpoint's stream.</param>
public sealed record PastExport(CheckpointExported Event, long Version, ActorId Actor, DateTimeOffset At);

/// <param name="Choices">Every checkpoint that it chose, at any attempt.</param>
/// <param name="Actor">Who asked for it.</param>
public sealed record PastRecovery(Recovery State, IReadOnlySet<CheckpointId> Choices, ActorId Actor, DateTimeOffset At);

/// <summary>A run folded from its events up to a time, by the same folds that make the rows.</summary>
/// <param name="At">What was recorded later is not in it.</param>
/// <param name="RunVersion">Version of the run's stream then.</param>
public sealed record PastRun(
    DateTimeOffset At, Run Run, long RunVersion, IReadOnlyDictionary<CheckpointId, Checkpoint> Checkpoints,
    IReadOnlyList<PastRecovery> Recoveries, IReadOnlyList<PastExport> Exports)
{
    public RunPicture Picture() => new(
        RunOutline.Of(Run), [.. Checkpoints.Values.Select(CheckpointOutline.Of)],
        [.. Recoveries.Select(static recovery => RecoveryViews.Turn(recovery.State))],
        [.. Recoveries.SelectMany(static recovery => RestoreRate.Of(recovery.State))]);

    /// <summary>Tags and metrics, for references that name them.</summary>
    public NamedPoints Names() => NamedPoints.None with
    {
        Tags = Run.Tags ?? NamedPoints.None.Tags,
        Metrics = Checkpoints.Values.Where(static c => c.Marks is { Metrics.Count: > 0 })
            .ToDictionary(static c => c.Id, static c => (IReadOnlyDictionary<string, double?>)c.Marks!.Metrics),
    };

    /// <summary>Oldest first: by generation, then step.</summary>
    public IEnumerable<Checkpoint> InOrder() =>
        Checkpoints.Values.OrderBy(static c => c.Id.Generation).ThenBy(static c => c.Id.Step);
}
