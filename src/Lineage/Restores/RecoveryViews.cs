using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Runs;

namespace Lineage.Restores;

/// <summary>A recovery as the API shows it, and as the history sees it.</summary>
public static class RecoveryViews
{
    public static HistoryTurn Turn(Recovery recovery) =>
        new(recovery.Id.Generation, recovery.Phase, recovery.Choice is not null, recovery.Chosen);

    /// <param name="leaseUntil">What the lease row says; null if there is no row.</param>
    /// <param name="chain">How to rebuild the chosen point; null when there is none.</param>
    public static RecoveryView View(Recovery recovery, Run run, DateTimeOffset? leaseUntil, ChainView? chain)
    {
        var lease = run.Lease == LeasePhase.Held && run.Generation == recovery.Id.Generation && leaseUntil is { } until
            ? new LeaseView(run.Id, run.Generation, run.Holder!.Value, run.LeaseSeconds, until)
            : null;
        return new RecoveryView(
            recovery.Id, recovery.Phase, lease, recovery.Attempt, recovery.Chosen, chain,
            recovery.Choice?.Why ?? recovery.Failed?.Reason ?? "not decided yet",
            recovery.Failed is { Rejected.Count: > 0 } failed ? failed.Rejected : recovery.Choice?.Rejected ?? [],
            [.. recovery.Restored.Keys],
            recovery.Started.Cause, recovery.Started.FailedRanks, recovery.Started.ReachedStep, recovery.Completed?.LostSteps,
            recovery.Started.At,
            recovery.Completed?.At, recovery.Failed?.Reason);
    }
}
