using System.Collections.Frozen;

namespace Lineage.Contracts.Events;

/// <summary>
/// The stored name of every event. A name carries its version and is used for ever: a changed meaning gets a new name and an upcaster,
/// and the golden file of the old one stays readable.
/// </summary>
public static class EventCatalog
{
    public static FrozenDictionary<Type, string> Names { get; } = new Dictionary<Type, string>
    {
        [typeof(RunRegistered)] = "run-registered.v1",
        [typeof(LeaseGranted)] = "lease-granted.v1",
        [typeof(RankJoined)] = "rank-joined.v1",
        [typeof(LeaseExpired)] = "lease-expired.v1",
        [typeof(LeaseReleased)] = "lease-released.v1",
        [typeof(StaleGenerationRefused)] = "stale-generation-refused.v1",
        [typeof(RunCompleted)] = "run-completed.v1",

        [typeof(CheckpointOpened)] = "checkpoint-opened.v1",
        [typeof(ShardDiffed)] = "shard-diffed.v1",
        [typeof(ShardStored)] = "shard-stored.v1",
        [typeof(CheckpointSealed)] = "checkpoint-sealed.v1",
        [typeof(CheckpointAbandoned)] = "checkpoint-abandoned.v1",
        [typeof(ShardVerified)] = "shard-verified.v1",
        [typeof(CheckpointVerified)] = "checkpoint-verified.v1",
        [typeof(CheckpointQuarantined)] = "checkpoint-quarantined.v1",

        [typeof(RecoveryStarted)] = "recovery-started.v1",
        [typeof(RestorePointChosen)] = "restore-point-chosen.v1",
        [typeof(RankRestored)] = "rank-restored.v1",
        [typeof(RecoveryCompleted)] = "recovery-completed.v1",
        [typeof(RecoveryFailed)] = "recovery-failed.v1",
    }.ToFrozenDictionary();
}
