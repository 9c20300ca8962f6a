using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Runs;

/// <summary>What people can decide about a run. Times and what else is looked at are arguments, as for <see cref="RunCommand"/>.</summary>
public abstract record RunChange(RunId Run, DateTimeOffset At)
{
    /// <param name="Target">What is on record of <paramref name="Checkpoint"/>; null if it was never opened.</param>
    /// <param name="Before">What the tag is to name until now; null: nothing yet. Another answer refuses the change.</param>
    public sealed record PlaceTag(
        RunId Run, string Tag, CheckpointId Checkpoint, Checkpoint? Target, CheckpointId? Before, DateTimeOffset At) : RunChange(Run, At);

    public sealed record RemoveTag(RunId Run, string Tag, DateTimeOffset At) : RunChange(Run, At);

    public sealed record ChangePolicy(RunId Run, SavePolicy Policy, string Reason, DateTimeOffset At) : RunChange(Run, At);

    /// <param name="Policy">Null: keep everything.</param>
    public sealed record ChangeRetention(RunId Run, RetentionPolicy? Policy, string Reason, DateTimeOffset At) : RunChange(Run, At);

    /// <param name="History">What the next recovery could restore (<see cref="Chains.History.ForRestoring"/>).</param>
    /// <param name="LeaseUntil">What the lease row says; null if there is no row.</param>
    public sealed record Rewind(
        RunId Run, CheckpointId To, string Reason, History History, DateTimeOffset? LeaseUntil, DateTimeOffset At) : RunChange(Run, At);

    public sealed record Archive(RunId Run, string Reason, DateTimeOffset? LeaseUntil, DateTimeOffset At) : RunChange(Run, At);

    /// <summary>Opens the new run <see cref="RunChange.Run"/>.</summary>
    /// <param name="Origin">The run that <paramref name="From"/> belongs to; null if there is none.</param>
    /// <param name="Chain">What rebuilds <paramref name="From"/>; null if it was never opened.</param>
    /// <param name="Policy">Null: as the origin saves now.</param>
    /// <param name="Labels">Over those of the origin; null: just those.</param>
    public sealed record Fork(
        RunId Run, CheckpointId From, Run? Origin, Chain? Chain, SavePolicy? Policy, IReadOnlyDictionary<string, string>? Labels,
        string Reason, DateTimeOffset At) : RunChange(Run, At);
}
