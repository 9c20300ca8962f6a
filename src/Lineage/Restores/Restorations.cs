using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Narration;

namespace Lineage.Restores;

/// <summary>Recoveries and exports as answers to "who restored what, when, why, and what came of it".</summary>
public static class Restorations
{
    /// <param name="of">The checkpoint that was asked for, which an earlier choice of the recovery may have been; null: the last choice
    /// counts.</param>
    /// <param name="actor">Who asked for the recovery.</param>
    public static Restoration Of(Recovery recovery, CheckpointId? of, ActorId actor, DateTimeOffset at)
    {
        var chosen = of ?? recovery.Chosen;
        var isDiscarded = of is not null && recovery.Chosen != of;
        var outcome = isDiscarded ? RestorationOutcome.Discarded : recovery.Phase switch
        {
            RecoveryPhase.Completed => RestorationOutcome.Completed,
            RecoveryPhase.Failed => RestorationOutcome.Failed,
            _ => RestorationOutcome.Restoring,
        };
        return new Restoration(
            RestorationKind.Recovery, recovery.Id.ToString(), chosen, actor, at, isDiscarded ? recovery.Choice?.At
                : recovery.Completed?.At ?? recovery.Failed?.At,
            recovery.Started.Cause, outcome, Detail(recovery, outcome), recovery.Completed?.LostSteps,
            isDiscarded ? 0 : recovery.Restored.Values.Sum(static rank => rank.ReadBytes));
    }

    /// <param name="version">Of the event in the checkpoint's stream.</param>
    public static Restoration Of(CheckpointExported e, string version, ActorId actor, DateTimeOffset at) => new(
        RestorationKind.Export, version, e.Checkpoint, actor, at, at, $"export as {e.Format}", RestorationOutcome.Written,
        $"written to {e.Target}{(e.Digest is { } digest ? $" (digest {digest.Short}…)" : "")}", LostSteps: null, e.Bytes);

    static string Detail(Recovery recovery, RestorationOutcome outcome) => outcome switch
    {
        RestorationOutcome.Completed => $"{Quantities.Plural(recovery.Restored.Count, "rank")} restored, goes on at step "
            + $"{Quantities.Number(recovery.Completed!.Step.Value)}",
        RestorationOutcome.Failed => recovery.Failed!.Reason,
        RestorationOutcome.Discarded => $"another point was chosen instead: {recovery.Choice?.Chosen?.ToString() ?? "the initial state"}"
            + $" ({recovery.Choice?.Why})",
        _ => $"{Quantities.Number(recovery.Restored.Count)} of {Quantities.Plural(recovery.Started.WorldSize.Value, "rank")} restored",
    };
}
