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

        [typeof(RunForked)] = "run-forked.v1",
        [typeof(PolicyChanged)] = "policy-changed.v1",
        [typeof(RetentionChanged)] = "retention-changed.v1",
        [typeof(RunRewound)] = "run-rewound.v1",
        [typeof(RunArchived)] = "run-archived.v1",
        [typeof(TagPlaced)] = "tag-placed.v1",
        [typeof(TagRemoved)] = "tag-removed.v1",

        [typeof(CheckpointPinned)] = "checkpoint-pinned.v1",
        [typeof(CheckpointUnpinned)] = "checkpoint-unpinned.v1",
        [typeof(HoldPlaced)] = "hold-placed.v1",
        [typeof(HoldLifted)] = "hold-lifted.v1",
        [typeof(MetricsRecorded)] = "metrics-recorded.v1",
        [typeof(CheckpointExpired)] = "checkpoint-expired.v1",
        [typeof(ExpiryUndone)] = "expiry-undone.v1",
        [typeof(ReclaimStarted)] = "reclaim-started.v1",
        [typeof(ShardsReclaimed)] = "shards-reclaimed.v1",
        [typeof(CheckpointRebased)] = "checkpoint-rebased.v1",
        [typeof(CheckpointExported)] = "checkpoint-exported.v1",

        [typeof(AccessRecorded)] = "access-recorded.v1",
        [typeof(AuditExported)] = "audit-exported.v1",
        [typeof(KeyIssued)] = "key-issued.v1",
        [typeof(KeyRevoked)] = "key-revoked.v1",

        [typeof(RecoveryStarted)] = "recovery-started.v1",
        [typeof(RestorePointChosen)] = "restore-point-chosen.v1",
        [typeof(RankRestored)] = "rank-restored.v1",
        [typeof(RecoveryCompleted)] = "recovery-completed.v1",
        [typeof(RecoveryFailed)] = "recovery-failed.v1",
    }.ToFrozenDictionary();
}
