using JasperFx.Events;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Lineage.Runs;
using Marten.Events.Aggregation;

namespace Lineage.Store;

// Each row is its aggregate's own fold with a version beside it: rules live in the aggregate, never here. The version is counted, because
// an append in the quick mode does not know it yet when inline projections run.

static class StreamHead
{
    /// <summary>Link of this event in its stream's hash chain; null if it was appended before there were chains.</summary>
    public static ContentHash? Of(IEvent e) =>
        e.GetHeader(MartenSetup.LinkHeader)?.ToString() is { Length: > 0 } link ? ContentHash.Parse(link) : null;
}

public sealed partial class RunRows : SingleStreamProjection<RunRow, string>
{
    public RunRows()
    {
        IncludeType<RunRegistered>();
        IncludeType<LeaseGranted>();
        IncludeType<RankJoined>();
        IncludeType<LeaseExpired>();
        IncludeType<LeaseReleased>();
        IncludeType<StaleGenerationRefused>();
        IncludeType<RunCompleted>();
        IncludeType<RunForked>();
        IncludeType<PolicyChanged>();
        IncludeType<RetentionChanged>();
        IncludeType<RunRewound>();
        IncludeType<RunArchived>();
        IncludeType<TagPlaced>();
        IncludeType<TagRemoved>();
    }

    public override RunRow? Evolve(RunRow? snapshot, string id, IEvent e) =>
        Run.Fold(snapshot?.State, e.Data) is { } run ? Row(id, run, (snapshot?.Version ?? 0) + 1, StreamHead.Of(e)) : null;

    public static RunRow Row(string id, Run state, long version, ContentHash? head) => new(id, state.Id.ToString(), state, version, head);
}

public sealed partial class CheckpointRows : SingleStreamProjection<CheckpointRow, string>
{
    public CheckpointRows()
    {
        IncludeType<CheckpointOpened>();
        IncludeType<ShardDiffed>();
        IncludeType<ShardStored>();
        IncludeType<CheckpointSealed>();
        IncludeType<CheckpointAbandoned>();
        IncludeType<ShardVerified>();
        IncludeType<CheckpointVerified>();
        IncludeType<CheckpointQuarantined>();
        IncludeType<CheckpointPinned>();
        IncludeType<CheckpointUnpinned>();
        IncludeType<HoldPlaced>();
        IncludeType<HoldLifted>();
        IncludeType<MetricsRecorded>();
        IncludeType<CheckpointExpired>();
        IncludeType<ExpiryUndone>();
        IncludeType<ReclaimStarted>();
        IncludeType<ShardsReclaimed>();
        IncludeType<CheckpointRebased>();
        IncludeType<CheckpointExported>();
    }

    public override CheckpointRow? Evolve(CheckpointRow? snapshot, string id, IEvent e) =>
        Checkpoint.Fold(snapshot?.State, e.Data) is { } checkpoint ? Row(id, checkpoint, (snapshot?.Version ?? 0) + 1, StreamHead.Of(e))
            : null;

    public static CheckpointRow Row(string id, Checkpoint state, long version, ContentHash? head) => new(
        id, state.Id.Run.ToString(), state.Id.Generation.Value, state.Id.Step.Value, PhaseText(state.Phase), state, version, head);

    /// <summary>As JSON spells it.</summary>
    public static string PhaseText(CheckpointPhase phase) => phase switch
    {
        CheckpointPhase.Open => "open",
        CheckpointPhase.Sealed => "sealed",
        CheckpointPhase.Verified => "verified",
        CheckpointPhase.Quarantined => "quarantined",
        CheckpointPhase.Abandoned => "abandoned",
        CheckpointPhase.Expired => "expired",
        CheckpointPhase.Reclaimed => "reclaimed",
        _ => throw new ArgumentOutOfRangeException(nameof(phase), phase, "Not a phase of a checkpoint."),
    };
}

public sealed partial class RecoveryRows : SingleStreamProjection<RecoveryRow, string>
{
    public RecoveryRows()
    {
        IncludeType<RecoveryStarted>();
        IncludeType<RestorePointChosen>();
        IncludeType<RankRestored>();
        IncludeType<RecoveryCompleted>();
        IncludeType<RecoveryFailed>();
    }

    public override RecoveryRow? Evolve(RecoveryRow? snapshot, string id, IEvent e) =>
        Recovery.Fold(snapshot?.State, e.Data) is { } recovery
            ? Row(id, recovery, (snapshot?.Version ?? 0) + 1, StreamHead.Of(e))
            : null;

    public static RecoveryRow Row(string id, Recovery state, long version, ContentHash? head) => new(
        id, state.Id.Run.ToString(), state.Id.Generation.Value, state, version, head);
}
