using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Retention;

/// <summary>What can be asked about the end of a checkpoint.</summary>
public abstract record RetentionCommand(CheckpointId Checkpoint, DateTimeOffset At)
{
    /// <param name="Rule">Why no rule keeps it.</param>
    /// <param name="Plan">Digest of the plan that says so.</param>
    public sealed record Expire(CheckpointId Checkpoint, string Rule, ContentHash Plan, int GraceSeconds, DateTimeOffset At)
        : RetentionCommand(Checkpoint, At);

    /// <param name="Pin">Also pin it, so that the next plan does not expire it again.</param>
    public sealed record Undo(CheckpointId Checkpoint, ActorId Actor, string Reason, bool Pin, DateTimeOffset At)
        : RetentionCommand(Checkpoint, At);

    /// <param name="Needs">What still refers to it, read while nobody else could change that (the run is held exclusively).</param>
    public sealed record StartReclaim(CheckpointId Checkpoint, ActorId Keeper, IReadOnlyList<KeepReason> Needs, DateTimeOffset At)
        : RetentionCommand(Checkpoint, At);

    public sealed record Reclaimed(CheckpointId Checkpoint, IReadOnlyList<Rank> Ranks, long Bytes, string Tier, DateTimeOffset At)
        : RetentionCommand(Checkpoint, At);
}
