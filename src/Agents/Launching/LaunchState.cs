using System.Collections.Immutable;
using Lineage.Agents.Training;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Launching;

/// <summary>What the supervisor goes by.</summary>
/// <param name="LastStep">The run is complete when so many steps are done.</param>
/// <param name="RestartsPerCauseMax">Restarts from one restore point after failures of the same rank.</param>
/// <param name="RestartsMax">Restarts in all.</param>
/// <param name="Silence">Longest time without a word from a rank; joining, restoring and draining ranks say that they are alive.</param>
/// <param name="KillGrace">From SIGTERM to SIGKILL when a generation has failed.</param>
/// <param name="DrainGrace">From SIGTERM to SIGKILL when a person stops the run: ranks finish the step, save and drain.</param>
public sealed record LaunchPolicy(
    WorldSize WorldSize, Step LastStep, int RestartsPerCauseMax, int RestartsMax, TimeSpan Silence, TimeSpan KillGrace, TimeSpan DrainGrace)
{
    public static LaunchPolicy Of(WorldSize worldSize, Step lastStep) => new(
        worldSize, lastStep, RestartsPerCauseMax: 3, RestartsMax: 10, Silence: TimeSpan.FromSeconds(60),
        KillGrace: TimeSpan.FromSeconds(2), DrainGrace: TimeSpan.FromSeconds(90));
}

/// <summary>
/// Asking: no rank lives, the service is deciding. Running: one generation trains. Ending: it failed and its ranks are being stopped.
/// Stopping: a person stops it. Completing: every rank is done and the service is being told. Finished: nothing more will happen.
/// A launcher that dies in any of them takes its ranks with it, and its lease runs out.
/// </summary>
public enum LaunchPhase { Asking, Running, Ending, Stopping, Completing, Finished }

/// <summary>One rank process of the current generation.</summary>
/// <param name="Exit">Exit code (128 + signal when killed by one); null while it lives.</param>
/// <param name="Accused">The peer that this rank lost, by its own word.</param>
/// <param name="ErrorCode">Stable code it ended with, by its own word.</param>
/// <param name="Unbidden">It ended by itself, not because the launcher asked.</param>
public sealed record RankLife(
    DateTimeOffset LastHeard, bool Joined = false, bool Ready = false, Step? Reached = null, ContentHash? Digest = null, int? Exit = null,
    Rank? Accused = null, string? ErrorCode = null, string? ErrorMessage = null, bool Unbidden = false)
{
    public bool Lives => Exit is null;
}

/// <summary>When what of a recovery happened. All on the launcher's clock.</summary>
public sealed record RecoveryClock(
    DateTimeOffset LastSign, DateTimeOffset Noticed, DateTimeOffset? Ended = null, TimeSpan Verify = default,
    DateTimeOffset? Restarted = null, DateTimeOffset? Joined = null, DateTimeOffset? Ready = null);

/// <summary>A recovery by phase, for the report.</summary>
/// <param name="Detect">From the last sign of life of the failed rank until the launcher knew.</param>
/// <param name="Stop">Until no rank of the failed generation lived.</param>
/// <param name="Decide">Until the service had chosen; without the deep check.</param>
/// <param name="Verify">Deep check of the chosen chain.</param>
/// <param name="Start">Until all new ranks had found each other.</param>
/// <param name="Restore">Until all had restored.</param>
/// <param name="FirstStep">Until all had done their first step.</param>
/// <param name="LostSteps">Steps done before the failure that were done again.</param>
public sealed record RecoveryTiming(
    Generation Generation, CheckpointId? RestorePoint, string Cause, TimeSpan Detect, TimeSpan Stop, TimeSpan Decide, TimeSpan Verify,
    TimeSpan Start, TimeSpan Restore, TimeSpan FirstStep, long LostSteps)
{
    public TimeSpan Total => Detect + Stop + Decide + Verify + Start + Restore + FirstStep;
}

/// <summary>Why a generation ended, once all its ranks have.</summary>
/// <param name="Ranks">Those that failed, not those that only lost a peer.</param>
public sealed record LaunchFailure(string Cause, ImmutableArray<Rank> Ranks)
{
    public override string ToString() => $"{Cause} (rank {string.Join(", ", Ranks)})";
}

/// <summary>How a launch ended.</summary>
/// <param name="Code">Stable code; null when done.</param>
public sealed record LaunchEnd(int ExitCode, string? Code, string Message);

/// <summary>Everything the supervisor knows.</summary>
public sealed record LaunchState(LaunchPolicy Policy, LaunchPhase Phase)
{
    public Generation? Generation { get; init; }
    public CheckpointId? RestorePoint { get; init; }

    /// <summary>Choices made within the current recovery.</summary>
    public int Attempt { get; init; }

    public ImmutableSortedDictionary<int, RankLife> Ranks { get; init; } = ImmutableSortedDictionary<int, RankLife>.Empty;
    public int LeaseSeconds { get; init; }
    public DateTimeOffset? RenewAt { get; init; }
    public DateTimeOffset? KillAt { get; init; }

    /// <summary>SIGKILL was sent to what was left of the generation.</summary>
    public bool Killed { get; init; }

    public bool LeaseLost { get; init; }
    public bool StopAsked { get; init; }
    public string? Suspicion { get; init; }

    /// <summary>The rank whose silence ended the generation.</summary>
    public Rank? Silent { get; init; }
    public ImmutableDictionary<string, int> RestartsByCause { get; init; } = ImmutableDictionary<string, int>.Empty;
    public int Restarts { get; init; }

    /// <summary>Newest step of the current generation that a rank has told of.</summary>
    public Step? Reached { get; init; }

    /// <summary>Newest step before the failure that is being recovered from.</summary>
    public Step? FailedAt { get; init; }
    public RecoveryClock? Recovery { get; init; }
    public string? RecoveryCause { get; init; }
    public LaunchEnd? End { get; init; }

    public IEnumerable<Rank> Living => Ranks.Where(static r => r.Value.Lives).Select(static r => new Rank(r.Key));

    public bool AllExited => Ranks.Values.All(static r => !r.Lives);

    public static LaunchState Initial(LaunchPolicy policy) => new(policy, LaunchPhase.Asking);
}

/// <summary>What happens to the supervisor.</summary>
public abstract record LaunchInput
{
    LaunchInput() { }

    public sealed record Begin : LaunchInput;

    public sealed record Answered(PortAnswer Answer) : LaunchInput;

    /// <summary>The service could not be asked or told.</summary>
    public sealed record PortFailed(string Code, string Message, int ExitCode) : LaunchInput;

    public sealed record RankSpoke(RankEvent Event) : LaunchInput;

    public sealed record RankExited(Generation Generation, Rank Rank, int ExitCode) : LaunchInput;

    /// <summary>The ranks of a generation could not be started at all.</summary>
    public sealed record StartFailed(string Message) : LaunchInput;

    public sealed record StopAsked : LaunchInput;

    /// <param name="RanOut">Nobody took over: the next generation is asked for, so that a rewind meanwhile is obeyed too.</param>
    public sealed record LeaseLost(Generation Generation, bool RanOut = false) : LaunchInput;

    public sealed record Completed : LaunchInput;

    /// <summary>Something went wrong that the launcher lives with; it is told and changes nothing.</summary>
    public sealed record Warned(string Message) : LaunchInput;

    /// <summary>Time has passed; at least once a second.</summary>
    public sealed record Tick : LaunchInput;
}

/// <summary>What the shell has to do. Answers come back as inputs.</summary>
public abstract record LaunchEffect
{
    LaunchEffect() { }

    public sealed record AskStart : LaunchEffect;

    public sealed record AskRecovery(Generation Failed, LaunchFailure Failure, Step? LastStep) : LaunchEffect;

    public sealed record AskAnotherChoice(Generation Generation, int Attempt, string Reason) : LaunchEffect;

    public sealed record StartRanks(Generation Generation, CheckpointId? RestorePoint) : LaunchEffect;

    public sealed record Terminate(ImmutableArray<Rank> Ranks) : LaunchEffect
    {
        public override string ToString() => $"Terminate ranks {string.Join(", ", Ranks)}";
    }

    public sealed record Kill(ImmutableArray<Rank> Ranks) : LaunchEffect
    {
        public override string ToString() => $"Kill ranks {string.Join(", ", Ranks)}";
    }

    public sealed record RenewLease(Generation Generation) : LaunchEffect;

    public sealed record Complete(Generation Generation, Step FinalStep, ImmutableArray<ContentHash> Digests) : LaunchEffect;

    public sealed record Release(Generation Generation, string Reason) : LaunchEffect;

    public sealed record ReportFailure(Generation Generation, LaunchFailure Failure) : LaunchEffect;

    public sealed record ReportRecovery(RecoveryTiming Timing) : LaunchEffect;

    public sealed record Finish(LaunchEnd End) : LaunchEffect;
}

/// <param name="Effects">In the order in which they are to be done.</param>
public sealed record LaunchStep(LaunchState State, ImmutableArray<LaunchEffect> Effects)
{
    public static implicit operator LaunchStep(LaunchState state) => new(state, []);
}
