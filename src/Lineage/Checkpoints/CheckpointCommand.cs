using Lineage.Chains;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;

namespace Lineage.Checkpoints;

/// <summary>What can be asked of a checkpoint.</summary>
public abstract record CheckpointCommand(CheckpointId Checkpoint, DateTimeOffset At)
{
    /// <param name="History">What this generation may build on (<see cref="Chains.History.ForWriting"/>); not looked at when the checkpoint
    /// is open already.</param>
    /// <param name="Rank">Who asks, if it is a rank.</param>
    public sealed record Open(
        CheckpointId Checkpoint, WorldSize WorldSize, ContentHash LayoutDigest, History History, ActorId Actor, Rank? Rank,
        DateTimeOffset At)
        : CheckpointCommand(Checkpoint, At);

    /// <summary>One message of the data plane: a diff, a store or a verification.</summary>
    public sealed record Report(FactMessage Message, DateTimeOffset At) : CheckpointCommand(Message.Checkpoint, At);

    /// <summary>Closes an open save. The cause must hold when it is decided: a deadline that passed, a newer generation, a completed
    /// run.</summary>
    public sealed record Abandon(CheckpointId Checkpoint, AbandonCause Cause, string Reason, DateTimeOffset At)
        : CheckpointCommand(Checkpoint, At);

    /// <summary>A rank will never store its shard of an open save, which is closed for that.</summary>
    /// <param name="Code">Problem code of what went wrong on the rank.</param>
    /// <param name="Reason">For people.</param>
    public sealed record Fail(CheckpointId Checkpoint, Rank Rank, string Code, string Reason, ActorId Actor, DateTimeOffset At)
        : CheckpointCommand(Checkpoint, At);
}

/// <summary>What became of one message of a batch.</summary>
public sealed record MessageOutcome(FactMessage Message, Decision Decision);

/// <summary>One decision over many messages of one checkpoint, for one append.</summary>
/// <param name="Events">For the checkpoint's stream; may be empty: then do not touch it.</param>
/// <param name="RunEvents">For the run's stream (recorded refusals); may be empty.</param>
/// <param name="Outcomes">One per message, in the order given.</param>
public sealed record BatchDecision(IReadOnlyList<object> Events, IReadOnlyList<object> RunEvents, IReadOnlyList<MessageOutcome> Outcomes);
