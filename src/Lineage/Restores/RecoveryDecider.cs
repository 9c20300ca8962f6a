using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Runs;

namespace Lineage.Restores;

/// <summary>
/// A recovery begins the next generation, chooses one point for all ranks, and is over when all of them hold it. The grant and the choice
/// are one decision: there is no generation without a known beginning, and nothing of the older one is accepted after it.
/// </summary>
/// <remarks>Commit these events only while the run's stream is still at the version that the run was read at.</remarks>
public static class RecoveryDecider
{
    /// <param name="run">Null if there is no such run.</param>
    /// <param name="current">Recovery of the run's current generation; null if that began with the first lease.</param>
    /// <param name="history">Of the generation to begin: <see cref="History.ForRestoring"/> with the run's generation + 1.</param>
    /// <returns>
    /// Accepted: Events open the stream <c>recovery/{run}/{generation + 1}</c>; Elsewhere has the grant for the run's stream and, if one is
    /// overtaken, the end of the current recovery. AlreadyDone: a repeat; <paramref name="current"/> is the answer.
    /// </returns>
    public static Decision Start(Run? run, Recovery? current, History history, RecoveryCommand.Start c)
    {
        if (run is null) return Refusals.NoSuchRun(c.Run);
        if (current is not null && IsRepeat(run, current, c)) return Decision.Done;
        var grant = RunDecider.Decide(run, new RunCommand.GrantNext(run.Id, c.Holder, c.WorldSize, c.FailedGeneration, c.LeaseUntil, c.At));
        if (grant is not Decision.Accepted granted) return grant;

        var recovery = new RecoveryId(run.Id, new Generation(run.Generation.Value + 1));
        var started = new RecoveryStarted(recovery, c.FailedGeneration, c.Cause, c.FailedRanks, c.ReachedStep, c.WorldSize, c.At);
        var choice = Choose(recovery, attempt: 1, RestorePointChooser.Survey(history, new RestoreFilter(c.WorldSize)), c.At);
        List<Addressed> elsewhere = [.. granted.Events.Select(e => new Addressed(run.Id.StreamKey, e))];
        if (choice is RecoveryFailed failed) elsewhere.Add(Release(recovery, c.Holder, failed));
        if (current is { Phase: RecoveryPhase.Restoring })
            elsewhere.Add(new Addressed(
                current.Id.StreamKey,
                new RecoveryFailed(current.Id, $"overtaken: generation {recovery.Generation} began before all had restored", [], c.At)));
        return new Decision.Accepted([started, choice]) { Elsewhere = elsewhere };
    }

    /// <param name="state">Null if there is no such recovery.</param>
    /// <param name="history">As for the start (<see cref="History.ForRestoring"/> with this recovery's generation), read again.</param>
    public static Decision ChooseAgain(Run? run, Recovery? state, History history, RecoveryCommand.ChooseAgain c)
    {
        if (run is null) return Refusals.NoSuchRun(c.Recovery.Run);
        if (Refusals.Fence(run, c.Recovery.Generation, c.Holder, rank: null, Attempts.ChooseAgain, checkpoint: null, c.At) is { } fenced)
            return fenced;
        if (state is null) return NoSuchRecovery(c.Recovery);
        if (run.Holder != c.Holder) return NotTheHolder(run, c);
        if (c.Attempt == state.Attempt - 1 || (c.Attempt == state.Attempt && state.Phase == RecoveryPhase.Failed)) return Decision.Done;
        if (state.Phase != RecoveryPhase.Restoring) return Closed(state, "choose again");
        if (c.Attempt != state.Attempt)
            return Mismatch(c.Recovery, $"is at attempt {state.Attempt}, got attempt {c.Attempt}",
                "Ask for the recovery and go on from its newest attempt.");

        var survey = RestorePointChooser.Survey(history, new RestoreFilter(state.Started.WorldSize));
        if (state.Chosen is not { } chosen)
            return Mismatch(c.Recovery, "begins from the initial state, which has no stored bytes to be damaged",
                "Look at the rank's own log for why it could not begin.");
        if (survey.Usable.Any(chain => chain.Target.Id == chosen))
            return Refusals.Of(
                ProblemCodes.NotReady, 409, "The chosen point is still good",
                $"Recovery {c.Recovery} restores {chosen}, and no damage of its chain is on record. The choice stands. "
                + "Report what was found (a shard verification), wait until it is on record, then ask again.",
                ("chosen", chosen));
        var choice = Choose(c.Recovery, checked(state.Attempt + 1), survey, c.At);
        var released = choice is RecoveryFailed failed && run.Lease == LeasePhase.Held ? Release(c.Recovery, c.Holder, failed) : null;
        return new Decision.Accepted([choice]) { Elsewhere = released is null ? [] : [released] };
    }

    /// <param name="state">Null if there is no such recovery.</param>
    public static Decision ReportRankRestored(Run? run, Recovery? state, RecoveryCommand.ReportRankRestored c)
    {
        if (run is null) return Refusals.NoSuchRun(c.Recovery.Run);
        var known = state?.Restored.GetValueOrDefault(c.Rank);
        if (known is not null && known.Checkpoint == c.Checkpoint && known.StateDigest == c.StateDigest) return Decision.Done;
        if (Refusals.Fence(run, c.Recovery.Generation, c.Actor, c.Rank, Attempts.RankRestored, c.Checkpoint, c.At) is { } fenced)
            return fenced;
        if (state is null) return NoSuchRecovery(c.Recovery);
        if (!state.Started.WorldSize.Contains(c.Rank))
            return Refusals.RankOutsideWorld(c.Rank, state.Started.WorldSize, $"recovery {c.Recovery}");
        if (state.Phase == RecoveryPhase.Failed) return Closed(state, $"record that rank {c.Rank} restored");
        if (c.Checkpoint != state.Chosen)
            return Mismatch(c.Recovery, $"restores {Point(state.Chosen)}, but rank {c.Rank} restored {Point(c.Checkpoint)}",
                "Restart the rank from the chosen point.");
        if (known is not null)
            return Mismatch(
                c.Recovery, $"has rank {c.Rank} on record with state {known.StateDigest.Short}, got "
                + $"{(c.StateDigest.IsNone ? "none" : c.StateDigest.Short)}",
                "One point gives one state: restart the recovery and look at the rank's log.");
        if (c.StateDigest.IsNone || c.ReadBytes < 0 || c.Milliseconds < 0)
            return Refusals.BadRequest($"Rank {c.Rank} of recovery {c.Recovery} reported no state digest, or negative figures. "
                + "Nothing was recorded.");

        var restored = new RankRestored(c.Recovery, c.Rank, c.Checkpoint, c.ReadBytes, c.Tier, c.StateDigest, c.Milliseconds, c.At);
        var after = Recovery.Fold(state, restored)!;
        return after.Restored.Count == after.Started.WorldSize.Value
            ? Decision.Accept(restored, Complete(after, c.At))
            : Decision.Accept(restored);
    }

    /// <summary>A repeat of the start that made <paramref name="current"/>: the same launcher says the same, and nothing has gone on
    /// since: no rank restored, and nobody rewound the run.</summary>
    static bool IsRepeat(Run run, Recovery current, RecoveryCommand.Start c)
    {
        var started = current.Started;
        var same = run.Holder == c.Holder && started.FailedGeneration == c.FailedGeneration && started.WorldSize == c.WorldSize
            && started.ReachedStep == c.ReachedStep && string.Equals(started.Cause, c.Cause, StringComparison.Ordinal)
            && started.FailedRanks.SequenceEqual(c.FailedRanks)
            && run.Rewound?.Exists(rewind => rewind.Generation >= run.Generation) is not true;
        return same && (current.Phase switch
        {
            RecoveryPhase.Restoring => run.Lease == LeasePhase.Held && current is { Attempt: 1, Restored.Count: 0 },
            RecoveryPhase.Failed => c.FailedGeneration is not null,
            _ => false,
        });
    }

    static object Choose(RecoveryId recovery, int attempt, Survey survey, DateTimeOffset at) =>
        survey.Best is not null || !survey.EverSealed
            ? new RestorePointChosen(recovery, attempt, survey.Best?.Target.Id, survey.Why, survey.NewerRejected, at)
            : new RecoveryFailed(recovery, survey.Why, survey.Rejected, at);

    /// <summary>A failed recovery gives its lease back, so that the next try need not wait for it to run out.</summary>
    static Addressed Release(RecoveryId recovery, ActorId holder, RecoveryFailed failed) => new(
        recovery.Run.StreamKey,
        new LeaseReleased(recovery.Run, recovery.Generation, holder, $"recovery {recovery} failed: {failed.Reason}", failed.At));

    static RecoveryCompleted Complete(Recovery after, DateTimeOffset at)
    {
        var step = after.Chosen?.Step ?? default;
        long? lost = after.Started.ReachedStep is { } reached ? Math.Max(0, reached.Value - step.Value) : null;
        return new RecoveryCompleted(after.Id, step, lost, at);
    }

    static string Point(CheckpointId? checkpoint) => checkpoint?.ToString() ?? "the initial state";

    static Decision.Refused NoSuchRecovery(RecoveryId recovery) => Refusals.Of(
        ProblemCodes.NoSuchRecovery, 404, "No such recovery",
        $"There is no recovery {recovery}: that generation began with the run's first lease or not at all. Start one with POST "
        + $"/v1/runs/{recovery.Run}/recoveries.");

    static Decision.Refused Closed(Recovery state, string wanted) => Refusals.Of(
        ProblemCodes.RecoveryClosed, 409, "The recovery is over",
        $"Recovery {state.Id} "
        + $"{(state.Failed is { } failed ? $"failed ({failed.Reason})" : "is completed")}; it is too late to {wanted}. "
        + "Nothing was changed. "
        + "Start the next recovery.", ("phase", state.Phase));

    static Decision.Refused Mismatch(RecoveryId recovery, string what, string next) => Refusals.Of(
        ProblemCodes.RestoreMismatch, 409, "The report does not fit the recovery",
        $"Recovery {recovery} {what}. Nothing was changed. {next}");

    static Decision.Refused NotTheHolder(Run run, RecoveryCommand.ChooseAgain c) => Refusals.Of(
        ProblemCodes.NoLease, 409, "The lease is not held",
        $"{c.Holder} wanted recovery {c.Recovery} to choose again, but generation {run.Generation} was granted to {run.Holder}. "
        + "Nothing was changed.",
        ("holder", run.Holder));
}
