using System.Collections.Immutable;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using static Lineage.Agents.Launching.LaunchEffect;

namespace Lineage.Agents.Launching;

/// <summary>
/// Decides what a launcher does. Pure: state, input and time in, state and effects out.
/// Invariants: ranks are started only when no rank lives, and never under an older generation than before; restarts are bounded per
/// cause and in all; a finished supervisor asks for nothing more.
/// </summary>
public static class LaunchSupervisor
{
    /// <summary>Ends that another start cannot change: the machine or the settings are at fault, not the run.</summary>
    static readonly ImmutableHashSet<string> Hopeless = ImmutableHashSet.Create(
        StringComparer.Ordinal, ProblemCodes.LibtorchMissing, ProblemCodes.CorpusMissing, ProblemCodes.LayoutMismatch,
        ProblemCodes.DirectoryUnwritable, StateMismatchException.Code);

    public static LaunchStep Step(LaunchState state, LaunchInput input, DateTimeOffset now) => state.Phase == LaunchPhase.Finished
        ? state
        : input switch
        {
            LaunchInput.Begin => new LaunchStep(state, [new AskStart()]),
            LaunchInput.Answered { Answer: PortAnswer.Granted granted } => Granted(state, granted, now),
            LaunchInput.Answered { Answer: PortAnswer.Refused refused } => Finished(state, refused.ExitCode, refused.Code, refused.Message),
            LaunchInput.PortFailed failed => Finished(state, failed.ExitCode, failed.Code, failed.Message),
            LaunchInput.StartFailed failed => Released(state, ExitCodes.Failed, ProblemCodes.Internal, failed.Message),
            LaunchInput.RankSpoke spoke => Spoke(state, spoke.Event, now),
            LaunchInput.RankExited exited => Exited(state, exited, now),
            LaunchInput.StopAsked => Stop(state, now),
            LaunchInput.LeaseLost lost => LeaseLost(state, lost, now),
            LaunchInput.Completed => Finished(state, ExitCodes.Done, code: null, "Every rank is done and the run is complete."),
            LaunchInput.Warned => state,
            LaunchInput.Tick => Tick(state, now),
            _ => throw new ArgumentOutOfRangeException(nameof(input), input, "Not an input of the supervisor."),
        };

    static LaunchStep Granted(LaunchState state, PortAnswer.Granted granted, DateTimeOffset now)
    {
        if (state.Phase != LaunchPhase.Asking) return state;
        var (lease, recovery) = (granted.LeaseSeconds, state.Recovery);
        state = state with { Generation = granted.Generation, LeaseSeconds = lease, RenewAt = RenewAt(lease, now) };
        if (state.StopAsked) return Released(state, ExitCodes.Interrupted, "interrupted", "Stopped before ranks were started.");
        if (granted.RestorePoint is { } point && point.Step > state.Policy.LastStep)
        {
            return Released(state, ExitCodes.Usage, ProblemCodes.BadRequest,
                $"The run was asked to end at step {state.Policy.LastStep}, but it goes on from {point}, which is already past it. " +
                "Nothing was changed. Launch it with more steps.");
        }

        var ranks = state.Policy.WorldSize.Ranks.ToImmutableSortedDictionary(static r => r.Value, _ => new RankLife(now));
        return new LaunchStep(
            state with
            {
                Phase = LaunchPhase.Running,
                RestorePoint = granted.RestorePoint,
                Attempt = granted.Attempt,
                Ranks = ranks,
                Reached = null,
                KillAt = null,
                Killed = false,
                Suspicion = null,
                Silent = null,
                Recovery = recovery is null
                    ? null
                    : recovery with { Verify = granted.Verify, Restarted = now, Joined = null, Ready = null },
            },
            [new StartRanks(granted.Generation, granted.RestorePoint)]);
    }

    static LaunchStep Spoke(LaunchState state, RankEvent said, DateTimeOffset now)
    {
        if (said.Generation != state.Generation || !state.Ranks.TryGetValue(said.Rank.Value, out var life) || !life.Lives) return state;
        life = life with { LastHeard = now };
        life = said.Event switch
        {
            RankEventKind.Joined => life with { Joined = true },
            RankEventKind.Ready => life with { Joined = true, Ready = true },
            RankEventKind.Step => life with { Reached = said.Step },
            RankEventKind.Done => life with { Reached = said.Step, Digest = said.StateDigest },
            RankEventKind.Error => life with { Accused = said.Peer, ErrorCode = said.Code, ErrorMessage = said.Message },
            RankEventKind.Restored or RankEventKind.Saved or RankEventKind.Alive => life,
            _ => throw new ArgumentOutOfRangeException(nameof(said), said.Event, "Not an event of a rank."),
        };
        state = state with { Ranks = state.Ranks.SetItem(said.Rank.Value, life) };
        if (said is { Event: RankEventKind.Step, Step: { } step } && (state.Reached is null || state.Reached < step))
            state = state with { Reached = step };
        return RecoveryProgress.Observe(state, now);
    }

    static LaunchStep Exited(LaunchState state, LaunchInput.RankExited exited, DateTimeOffset now)
    {
        if (exited.Generation != state.Generation || !state.Ranks.TryGetValue(exited.Rank.Value, out var life) || !life.Lives) return state;
        var before = state.Ranks;
        var unbidden = state.Phase == LaunchPhase.Running || Culprits.IsUnbidden(exited.ExitCode, state.Killed);
        life = life with { Exit = exited.ExitCode, Unbidden = unbidden };
        state = state with { Ranks = before.SetItem(exited.Rank.Value, life) };
        return state.Phase switch
        {
            LaunchPhase.Running when exited.ExitCode != ExitCodes.Done => Fail(state, Culprits.Describe(exited.Rank, life), before, now),
            LaunchPhase.Running or LaunchPhase.Stopping when state.AllExited && EveryoneDone(state) => Complete(state),
            LaunchPhase.Running when state.AllExited => Fail(state, "ranks ended before the last step was done", before, now),
            LaunchPhase.Ending when state.AllExited => Ended(state, now),
            LaunchPhase.Stopping when state.AllExited => Released(state, ExitCodes.Interrupted, "interrupted", StoppedAt(state)),
            _ => state,
        };
    }

    static bool EveryoneDone(LaunchState state) =>
        state.Ranks.Values.All(r => r is { Exit: ExitCodes.Done, Digest: not null, Reached: { } step } && step >= state.Policy.LastStep);

    static LaunchStep Complete(LaunchState state) => new(
        state with { Phase = LaunchPhase.Completing },
        [new Complete(state.Generation!.Value, state.Policy.LastStep, [.. state.Ranks.Values.Select(static r => r.Digest!.Value)])]);

    static string StoppedAt(LaunchState state) =>
        $"Stopped at step {state.Reached ?? state.RestorePoint?.Step ?? default(Step)} of {state.Policy.LastStep}. " +
        "Launch again to go on from the newest restore point.";

    static LaunchStep LeaseLost(LaunchState state, LaunchInput.LeaseLost lost, DateTimeOffset now) =>
        lost.Generation != state.Generation || state.Phase is not (LaunchPhase.Running or LaunchPhase.Stopping) ? state
            : lost.RanOut ? Fail(state, "the lease ran out before it was renewed", state.Ranks, now)
            : Fail(state with { LeaseLost = true }, "the lease is no longer this launcher's", state.Ranks, now);

    /// <summary>The generation is lost: stop what is left of it; what comes next is decided when nobody lives any more.</summary>
    static LaunchStep Fail(LaunchState state, string suspicion, ImmutableSortedDictionary<int, RankLife> before, DateTimeOffset now)
    {
        if (state.Phase is not (LaunchPhase.Running or LaunchPhase.Stopping)) return state;
        var silenced = before.Values.Where(static r => r.Lives).Select(static r => r.LastHeard).DefaultIfEmpty(now).Min();
        state = state with
        {
            Phase = LaunchPhase.Ending,
            Suspicion = suspicion,
            KillAt = now + state.Policy.KillGrace,
            Recovery = new RecoveryClock(silenced, now),
        };
        return state.AllExited ? Ended(state, now) : new LaunchStep(state, [new Terminate([.. state.Living])]);
    }

    /// <summary>No rank lives: give up, choose another point, or recover.</summary>
    static LaunchStep Ended(LaunchState state, DateTimeOffset now)
    {
        var failure = Culprits.Find(state);
        var report = new ReportFailure(state.Generation!.Value, failure);
        state = state with
        {
            Recovery = state.Recovery! with { Ended = now },
            RecoveryCause = failure.Cause,
            FailedAt = state.Reached ?? state.FailedAt,
        };
        if (state.StopAsked) return Prefixed(report, Released(state, ExitCodes.Interrupted, "interrupted", StoppedAt(state)));
        if (state.LeaseLost || state.Ranks.Values.Any(static r => r.Exit == ExitCodes.Fenced))
        {
            return Prefixed(report, Finished(state, ExitCodes.ConcurrentChange, ProblemCodes.StaleGeneration,
                $"Generation {state.Generation} was superseded: another launcher writes this run now. " +
                "Nothing of it was changed from here on."));
        }

        if (state.Ranks.Values.FirstOrDefault(static r => r.ErrorCode is { } code && Hopeless.Contains(code)) is { } hopeless)
        {
            var message = hopeless.ErrorMessage ?? "A rank cannot start.";
            return Prefixed(report, Released(state, ExitCodes.Failed, hopeless.ErrorCode!, message));
        }

        return Prefixed(report, Restart(state, failure));
    }

    static LaunchStep Restart(LaunchState state, LaunchFailure failure)
    {
        var cause = $"{state.RestorePoint?.ToString() ?? "start"} rank {string.Join(',', failure.Ranks.Take(1))}";
        var times = state.RestartsByCause.GetValueOrDefault(cause) + 1;
        if (times > state.Policy.RestartsPerCauseMax || state.Restarts >= state.Policy.RestartsMax)
        {
            return Released(state, ExitCodes.Failed, ProblemCodes.TooManyRestarts,
                $"Gave up after {state.Restarts} restarts ({times - 1} for this cause; allowed are " +
                $"{state.Policy.RestartsPerCauseMax} per cause and {state.Policy.RestartsMax} in all): {failure.Cause}. " +
                "Sealed checkpoints are unharmed. Look into the rank's log, then launch again.");
        }

        state = state with
        {
            Phase = LaunchPhase.Asking,
            Restarts = state.Restarts + 1,
            RestartsByCause = state.RestartsByCause.SetItem(cause, times),
        };
        var damaged = state.RestorePoint is not null && state.Ranks.Values.Any(static r => r.Exit == ExitCodes.FoundDamage);
        return new LaunchStep(state, damaged
            ? [new AskAnotherChoice(state.Generation!.Value, state.Attempt + 1, failure.Cause)]
            : [new AskRecovery(state.Generation!.Value, failure, state.Reached)]);
    }

    static LaunchStep Stop(LaunchState state, DateTimeOffset now)
    {
        var again = state.StopAsked;
        state = state with { StopAsked = true };
        return state.Phase switch
        {
            LaunchPhase.Running => new LaunchStep(
                state with { Phase = LaunchPhase.Stopping, KillAt = now + state.Policy.DrainGrace }, [new Terminate([.. state.Living])]),
            LaunchPhase.Stopping or LaunchPhase.Ending when again =>
                new LaunchStep(state with { Killed = true }, [new Kill([.. state.Living])]),
            _ => state,
        };
    }

    static LaunchStep Tick(LaunchState state, DateTimeOffset now)
    {
        var effects = ImmutableArray<LaunchEffect>.Empty;
        if (state.RenewAt <= now && state.Generation is { } held && state.Phase != LaunchPhase.Asking)
        {
            effects = [new LaunchEffect.RenewLease(held)];
            state = state with { RenewAt = RenewAt(state.LeaseSeconds, now) };
        }

        var step = Overdue(state, now);
        return step with { Effects = effects.AddRange(step.Effects) };
    }

    static LaunchStep Overdue(LaunchState state, DateTimeOffset now)
    {
        if (state.Phase is LaunchPhase.Ending or LaunchPhase.Stopping && state.KillAt <= now)
            return new LaunchStep(state with { Killed = true, KillAt = now + state.Policy.KillGrace }, [new Kill([.. state.Living])]);
        if (state.Phase != LaunchPhase.Running) return state;
        var silent = state.Ranks.Where(r => r.Value.Lives && r.Value.LastHeard + state.Policy.Silence <= now)
            .OrderBy(static r => r.Value.LastHeard).ToArray();
        if (silent.Length == 0) return state;
        var rank = new Rank(silent[0].Key);
        var suspicion = $"rank {rank} said nothing for {(long)state.Policy.Silence.TotalSeconds} s";
        return Fail(state with { Silent = rank }, suspicion, state.Ranks, now);
    }

    static DateTimeOffset RenewAt(int leaseSeconds, DateTimeOffset now) => now + TimeSpan.FromSeconds(leaseSeconds) / 3;

    static LaunchStep Prefixed(LaunchEffect first, LaunchStep step) => step with { Effects = step.Effects.Insert(0, first) };

    static LaunchStep Released(LaunchState state, int exitCode, string code, string message)
    {
        var step = Finished(state, exitCode, code, message);
        return state.Generation is { } held ? Prefixed(new Release(held, code), step) : step;
    }

    static LaunchStep Finished(LaunchState state, int exitCode, string? code, string message)
    {
        var end = new LaunchEnd(exitCode, code, message);
        ImmutableArray<LaunchEffect> kill = state.AllExited ? [] : [new Kill([.. state.Living])];
        return new LaunchStep(state with { Phase = LaunchPhase.Finished, End = end }, kill.Add(new Finish(end)));
    }
}
