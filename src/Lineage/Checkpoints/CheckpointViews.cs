using Lineage.Contracts.Api;
using Lineage.Contracts.Events;

namespace Lineage.Checkpoints;

/// <summary>A checkpoint as the API shows it.</summary>
public static class CheckpointViews
{
    /// <param name="depthMax">Of the run's policy.</param>
    public static SavePlan Plan(Checkpoint checkpoint, int depthMax)
    {
        var opened = checkpoint.Opened;
        return new SavePlan(
            opened.Checkpoint, opened.Parent, opened.Kind, opened.Base, opened.Copies, opened.Deadline, checkpoint.Phase, depthMax);
    }

    /// <param name="version">Version of the checkpoint's stream, for If-Match.</param>
    public static CheckpointView View(Checkpoint checkpoint, long version)
    {
        var opened = checkpoint.Opened;
        var shards = checkpoint.Shards.Values;
        return new CheckpointView(
            opened.Checkpoint, checkpoint.Phase, checkpoint.Kind, opened.Parent, checkpoint.Base,
            checkpoint.Base is { } edge ? edge.Depth + 1 : 0, opened.WorldSize, opened.LayoutDigest, checkpoint.Sealed?.ManifestHash,
            [.. shards.Select(static shard => new ShardView(shard.Rank, shard.Diffed, shard.Stored.FirstOrDefault(), shard.Verified))],
            checkpoint.MissingRanks(), shards.Sum(static shard => shard.Diffed?.RawBytes ?? 0),
            shards.Sum(static shard => shard.Stored.FirstOrDefault()?.StoredBytes ?? 0), opened.OpenedAt, opened.Deadline,
            checkpoint.Sealed?.At ?? checkpoint.Abandoned?.At, checkpoint.VerifiedAt, Cause(checkpoint), version)
        {
            Pin = checkpoint.Marks?.Pin is { } pin ? new PinView(pin.Actor, pin.Reason, pin.Until, pin.At) : null,
            Holds = Some(checkpoint.Marks?.Holds.Values.Select(static h => new HoldView(h.Hold, h.Actor, h.Reason, h.At))),
            Metrics = checkpoint.Marks is { Metrics: { IsEmpty: false } metrics } ? metrics : null,
            Exports = Some(checkpoint.Marks?.Exports.Select(static e =>
                new ExportView(e.Actor, e.Format, e.Target, e.Bytes, e.Digest, e.At))),
        };
    }

    /// <summary>What is not there is not written.</summary>
    static List<T>? Some<T>(IEnumerable<T>? items) => items?.ToList() is { Count: > 0 } some ? some : null;

    /// <summary>Why it was abandoned or quarantined; null otherwise.</summary>
    public static string? Cause(Checkpoint checkpoint) => checkpoint.Phase switch
    {
        CheckpointPhase.Quarantined => Damage.Describe(checkpoint),
        CheckpointPhase.Abandoned => checkpoint.Abandoned switch
        {
            { Cause: AbandonCause.Requested } e => $"requested: {e.Reason}",
            { Failure: { } failure } e => $"{e.Reason} [{failure.Code}]",
            { } e => e.Reason,
            _ => throw new System.Diagnostics.UnreachableException(),
        },
        CheckpointPhase.Expired or CheckpointPhase.Reclaimed => checkpoint.Ending?.Expired?.Rule ?? checkpoint.Abandoned?.Reason,
        _ => null,
    };
}
