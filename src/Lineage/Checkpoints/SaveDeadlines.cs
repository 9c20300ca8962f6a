using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Checkpoints;

/// <summary>An open checkpoint.</summary>
public sealed record OpenSave(CheckpointId Checkpoint, DateTimeOffset Deadline);

/// <summary>What the runs of open checkpoints have come to.</summary>
/// <param name="Generation">Newest granted.</param>
public sealed record RunFence(RunId Run, Generation Generation, bool IsCompleted);

/// <summary>
/// Ends every save that can no longer be sealed, so that none stays open for ever: at once when the run moved on to a newer generation or
/// was completed, else at its deadline. A process manager: a pure step, called again and again with fresh rows; the decider has the last
/// word.
/// </summary>
public static class SaveDeadlines
{
    public static IReadOnlyList<CheckpointCommand.Abandon> Step(IEnumerable<OpenSave> saves, IEnumerable<RunFence> runs, DateTimeOffset now)
    {
        var fences = runs.ToDictionary(static fence => fence.Run);
        return
        [
            .. saves.OrderBy(static save => save.Deadline).ThenBy(static save => save.Checkpoint.ToString(), StringComparer.Ordinal)
                .Select(save => Step(save, fences.GetValueOrDefault(save.Checkpoint.Run), now)).OfType<CheckpointCommand.Abandon>(),
        ];
    }

    static CheckpointCommand.Abandon? Step(OpenSave save, RunFence? fence, DateTimeOffset now) => (save, fence) switch
    {
        (_, { } f) when f.Generation > save.Checkpoint.Generation =>
            new(save.Checkpoint, AbandonCause.NewerGeneration, $"generation {f.Generation} writes the run now", now),
        (_, { IsCompleted: true }) =>
            new(save.Checkpoint, AbandonCause.RunCompleted, "the run was completed before every shard was durable", now),
        _ when now >= save.Deadline =>
            new(save.Checkpoint, AbandonCause.DeadlinePassed,
                $"the deadline {Refusals.Time(save.Deadline)} passed before every shard was durable", now),
        _ => null,
    };
}
