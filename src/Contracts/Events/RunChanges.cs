using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Events;

// What people decide about a run: stream run/{run}.

/// <summary>A run that goes on from another run's checkpoint; opens the stream in place of <see cref="RunRegistered"/>.</summary>
/// <param name="From">Where it begins: the parent of its first checkpoint, in another run.</param>
public sealed record RunForked(
    RunId Run, CheckpointId From, SavePolicy Policy, IReadOnlyDictionary<string, string> Labels, string Reason, DateTimeOffset At);

/// <summary>Saves opened from now on follow another policy; those under way keep the plan that they were opened with.</summary>
public sealed record PolicyChanged(RunId Run, SavePolicy Policy, string Reason, DateTimeOffset At);

/// <summary>Other retention rules hold from now on; nothing expires by this event alone.</summary>
/// <param name="Policy">Null: keep everything.</param>
public sealed record RetentionChanged(RunId Run, RetentionPolicy? Policy, string Reason, DateTimeOffset At);

/// <summary>The run turned back: what was saved after that checkpoint is off the history, and the next recovery starts there or
/// before.</summary>
/// <param name="Generation">Newest generation when it was decided; later ones are not affected.</param>
public sealed record RunRewound(RunId Run, CheckpointId To, Generation Generation, string Reason, DateTimeOffset At);

/// <summary>Nothing more is expected of the run; it takes no writer, and lists leave it out unless asked.</summary>
public sealed record RunArchived(RunId Run, string Reason, DateTimeOffset At);

/// <summary>A name for a checkpoint of the run. Moving it is another such event.</summary>
/// <param name="Before">What the tag named until now; null for a new one.</param>
public sealed record TagPlaced(RunId Run, string Tag, CheckpointId Checkpoint, CheckpointId? Before, DateTimeOffset At);

public sealed record TagRemoved(RunId Run, string Tag, CheckpointId Checkpoint, DateTimeOffset At);
