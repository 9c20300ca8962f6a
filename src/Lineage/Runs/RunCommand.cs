using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Runs;

/// <summary>What can be asked of a run. Times are arguments; <c>LeaseUntil</c> is what the lease row says (null if there is no
/// row).</summary>
public abstract record RunCommand(RunId Run, DateTimeOffset At)
{
    /// <param name="Policy">Null: the default for a new run, no objection to an existing one.</param>
    public sealed record Register(RunId Run, SavePolicy? Policy, IReadOnlyDictionary<string, string>? Labels, DateTimeOffset At)
        : RunCommand(Run, At);

    /// <summary>The first lease; every later generation begins with <see cref="GrantNext"/> inside a recovery.</summary>
    public sealed record TakeLease(RunId Run, ActorId Holder, WorldSize WorldSize, DateTimeOffset? LeaseUntil, DateTimeOffset At)
        : RunCommand(Run, At);

    /// <summary>Answered with AlreadyDone when the row may be moved to <c>At + LeaseSeconds</c>; no event.</summary>
    public sealed record RenewLease(RunId Run, Generation Generation, ActorId Holder, DateTimeOffset At) : RunCommand(Run, At);

    public sealed record ExpireLease(RunId Run, Generation Generation, DateTimeOffset? LeaseUntil, DateTimeOffset At) : RunCommand(Run, At);

    public sealed record ReleaseLease(RunId Run, Generation Generation, ActorId Holder, string Reason, DateTimeOffset At)
        : RunCommand(Run, At);

    public sealed record JoinRank(
        RunId Run, Generation Generation, Rank Rank, string Host, int ProcessId, ActorId Actor, DateTimeOffset At) : RunCommand(Run, At);

    public sealed record CompleteRun(
        RunId Run, Generation Generation, Step FinalStep, ContentHash? StateDigest, ActorId Actor, DateTimeOffset At) : RunCommand(Run, At);

    /// <summary>The next generation, for a recovery. Use <c>RecoveryDecider.Start</c>, which decides this and the recovery
    /// together.</summary>
    /// <param name="FailedGeneration">Newest that the caller knows; null if it knows none.</param>
    public sealed record GrantNext(
        RunId Run, ActorId Holder, WorldSize WorldSize, Generation? FailedGeneration, DateTimeOffset? LeaseUntil, DateTimeOffset At)
        : RunCommand(Run, At);

    /// <summary>Records that somebody of an older generation was refused outside of any decider (for example by a proxy or a
    /// tier).</summary>
    public sealed record RefuseStale(
        RunId Run, Generation Presented, ActorId Actor, Rank? Rank, string Attempt, CheckpointId? Checkpoint, DateTimeOffset At)
        : RunCommand(Run, At);
}
