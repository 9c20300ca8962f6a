using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Positions;
using Lineage.Restores;
using Lineage.Retention;

namespace Lineage.Questions;

/// <summary>
/// What the rows answer for now, answered from a run as it was: saves, restores, data positions, retention and what was not read back.
/// Pages are cut by the caller.
/// </summary>
public static class PastAnswers
{
    /// <summary>Saves without all their shards, by identity.</summary>
    /// <param name="abandoned">Also those that were closed without them.</param>
    public static IEnumerable<Checkpoint> Incomplete(PastRun past, bool abandoned, CheckpointId? after) =>
        past.InOrder().Where(c => c.Phase == CheckpointPhase.Open || (abandoned && c.Phase == CheckpointPhase.Abandoned))
            .Where(c => after is not { } seen || (c.Id.Generation, c.Id.Step).CompareTo((seen.Generation, seen.Step)) > 0);

    /// <summary>Recoveries and exports, newest first.</summary>
    /// <param name="of">Null: of the whole run. Otherwise recoveries that chose it at any attempt, and its exports.</param>
    /// <param name="after">The last one seen.</param>
    public static IEnumerable<Restoration> Restores(PastRun past, CheckpointId? of, (DateTimeOffset At, string Name)? after) =>
        past.Recoveries.Where(recovery => of is null || recovery.Choices.Contains(of.Value))
            .Select(recovery => (Name: recovery.State.Id.StreamKey, Of: Restorations.Of(recovery.State, of, recovery.Actor, recovery.At)))
            .Concat(past.Exports.Where(export => of is null || export.Event.Checkpoint == of)
                .Select(static export => (Name: Number(export.Version), Of: Restorations.Of(
                    export.Event, Number(export.Version), export.Actor, export.At))))
            .Where(found => after is not { } seen || found.Of.At < seen.At
                || (found.Of.At == seen.At && string.CompareOrdinal(found.Name, seen.Name) < 0))
            .OrderByDescending(static found => found.Of.At).ThenByDescending(static found => found.Name, StringComparer.Ordinal)
            .Select(static found => found.Of);

    /// <summary>Samples that each save had consumed; saves without that too.</summary>
    public static IEnumerable<PositionedSave> Positions(PastRun past) => past.InOrder().Select(Position);

    public static PositionedSave Position(Checkpoint save) => new(
        save.Id, save.Opened.Parent, save.IsSealed,
        PositionedSave.Whole(save.Marks?.Metrics.GetValueOrDefault(MetricNames.DataSamples)));

    public static IEnumerable<Restart> Restarts(PastRun past) =>
        past.Recoveries.Select(static recovery => Restart.Of(recovery.State)).OfType<Restart>();

    /// <summary>Sealed or verified, and not read back since; longest unread first.</summary>
    public static IEnumerable<UncheckedCheckpoint> Unchecked(PastRun past, DateTimeOffset since) =>
        past.Checkpoints.Values.Where(static c => c.Phase is CheckpointPhase.Sealed or CheckpointPhase.Verified)
            .Select(static c => new UncheckedCheckpoint(c.Id, c.Phase, c.Sealed!.At, Candidate.Of(c).CheckedAt))
            .Where(c => (c.CheckedAt ?? c.SealedAt) < since)
            .OrderBy(static c => c.CheckedAt ?? c.SealedAt).ThenBy(static c => c.Checkpoint.ToString(), StringComparer.Ordinal);

    /// <summary>What a retention plan would have been made from.</summary>
    /// <param name="forks">Runs that had gone on from it.</param>
    /// <param name="history">What a recovery that began then could have restored.</param>
    public static RetentionStanding Standing(PastRun past, IReadOnlyList<PastRun> forks, History history) => new(
        past.Run, past.RunVersion, history,
        past.Checkpoints.Values.Where(static c => c.Marks is not null || c.Ending is not null)
            .ToDictionary(static c => c.Id, static c => new Afterlife(c.Marks, c.Ending)),
        [
            .. forks.Where(fork => fork.Run.Origin?.Run == past.Run.Id)
                .Select(static fork => Needs.OfFork(fork.Run.Origin!.Value, fork.Run.Id)),
            .. forks.Prepend(past).SelectMany(static run => run.Recoveries).Select(static recovery => recovery.State)
                .Where(recovery => recovery.Phase == RecoveryPhase.Restoring && recovery.Chosen?.Run == past.Run.Id)
                .Select(static recovery => Needs.OfRecovery(recovery)),
        ]);

    /// <summary>What referred to one checkpoint then: deltas on it whose bytes were there, tags, and what else needed it.</summary>
    public static IReadOnlyList<KeepReason> NeedsOf(PastRun past, RetentionStanding standing, CheckpointId of) =>
    [
        .. past.InOrder().Reverse()
            .Where(c => c.Base?.Checkpoint == of && c.Phase is not (CheckpointPhase.Reclaimed or CheckpointPhase.Abandoned))
            .Select(static child => Needs.OfChild(child.Id, child.Phase)),
        .. standing.Tags.Where(tag => tag.Value == of).Select(static tag => Needs.OfTag(tag.Key)),
        .. standing.Needs.Where(need => need.Checkpoint == of).Select(static need => new KeepReason(need.Rule, need.Detail)),
    ];

    static string Number(long version) => version.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
