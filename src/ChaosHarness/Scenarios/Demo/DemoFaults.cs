using Lineage.ChaosHarness.Faults;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Demo;

/// <summary>What was done to the run, kept by the harness so that the effect of each fault can be asked of the record afterwards.</summary>
/// <param name="TornStep">Step of the save in which the first rank died.</param>
/// <param name="Damaged">The restore point one of whose shards was damaged.</param>
public sealed record InjectedFaults(long TornStep, CheckpointId Damaged, BitFlip Flip, int KilledProcess)
{
    /// <summary>Null if both faults are on record with their effect; otherwise what is missing.</summary>
    public string? MissingEffect(IReadOnlyList<CheckpointView> checkpoints, IReadOnlyList<RecoveryView> recoveries)
    {
        var torn = checkpoints.SingleOrDefault(
            checkpoint => checkpoint.Checkpoint.Generation.Value == 1 && checkpoint.Checkpoint.Step.Value == TornStep);
        if (torn is not { Phase: CheckpointPhase.Abandoned })
            return $"the save of step {TornStep:N0} should have been torn and abandoned, it is {torn?.Phase.ToString() ?? "unknown"}";
        if (recoveries.Any(
            recovery => recovery.Chosen == torn.Checkpoint)) return $"the torn checkpoint {torn.Checkpoint} was offered for a restore";
        if (checkpoints.Single(checkpoint => checkpoint.Checkpoint == Damaged).Phase != CheckpointPhase.Quarantined)
            return $"the damaged checkpoint {Damaged} was not quarantined";
        return recoveries.Any(
            recovery => recovery.Rejected.Any(rejected => rejected.Checkpoint == Damaged && rejected.Reason == RejectionReason.Quarantined))
            ? null
            : $"no recovery refused the damaged checkpoint {Damaged}";
    }
}
