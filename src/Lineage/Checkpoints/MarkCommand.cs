using Lineage.Contracts.Identity;

namespace Lineage.Checkpoints;

/// <summary>What can be said of a checkpoint after it was sealed.</summary>
public abstract record MarkCommand(CheckpointId Checkpoint, ActorId Actor, DateTimeOffset At)
{
    /// <param name="Until">Null: for ever.</param>
    public sealed record Pin(CheckpointId Checkpoint, ActorId Actor, string Reason, DateTimeOffset? Until, DateTimeOffset At)
        : MarkCommand(Checkpoint, Actor, At);

    public sealed record Unpin(CheckpointId Checkpoint, ActorId Actor, string Reason, DateTimeOffset At)
        : MarkCommand(Checkpoint, Actor, At);

    public sealed record PlaceHold(CheckpointId Checkpoint, string Hold, ActorId Actor, string Reason, DateTimeOffset At)
        : MarkCommand(Checkpoint, Actor, At);

    public sealed record LiftHold(CheckpointId Checkpoint, string Hold, ActorId Actor, string Reason, DateTimeOffset At)
        : MarkCommand(Checkpoint, Actor, At);

    /// <param name="Metrics">A value that is not finite, or beyond 2^53, is recorded as null.</param>
    public sealed record RecordMetrics(
        CheckpointId Checkpoint, ActorId Actor, IReadOnlyDictionary<string, double?> Metrics, DateTimeOffset At)
        : MarkCommand(Checkpoint, Actor, At);

    public sealed record RecordExport(
        CheckpointId Checkpoint, ActorId Actor, string Format, string Target, long Bytes, ContentHash? Digest, DateTimeOffset At)
        : MarkCommand(Checkpoint, Actor, At);
}
