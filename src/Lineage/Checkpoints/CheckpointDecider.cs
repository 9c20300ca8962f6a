using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Runs;
using Lineage.Verification;

namespace Lineage.Checkpoints;

/// <summary>
/// The life of a checkpoint: opened with a plan, shards arriving in any order, sealed by the decision that sees the last one, or abandoned.
/// A writer is fenced by the run's generation; a verification is not, because anybody may read old bytes.
/// </summary>
/// <remarks>
/// The fence holds only if the commit does: append these events only while the run's stream is still at the version that the run was read
/// at (or under a shared lock on it), so that no seal of an older generation lands after the next grant.
/// </remarks>
public static class CheckpointDecider
{
    /// <param name="state">Null if it was never opened.</param>
    /// <param name="run">The run as it is now; null if there is no such run.</param>
    public static Decision Decide(Checkpoint? state, Run? run, CheckpointCommand command) => (run, command) switch
    {
        (null, _) => Refusals.NoSuchRun(command.Checkpoint.Run),
        (_, CheckpointCommand.Open c) => Open(state, run, c),
        (_, CheckpointCommand.Abandon c) => Abandon(state, run, c),
        (_, CheckpointCommand.Fail c) => RankFailures.Decide(state, run, c),
        (_, CheckpointCommand.Report { Message: ShardDiffReported m } c) => ShardReports.Diff(state, run, m, c.At),
        (_, CheckpointCommand.Report { Message: ShardStoreReported m } c) => ShardReports.Store(state, run, m, c.At),
        (_, CheckpointCommand.Report { Message: ShardVerificationReported m } c) => VerificationDecider.Decide(state, m, c.At),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "Not a command of a checkpoint."),
    };

    /// <summary>Folds many messages of one checkpoint into one append: each is decided on the state that the ones before it
    /// leave.</summary>
    /// <exception cref="ArgumentException">A message belongs to another checkpoint than <paramref name="checkpoint"/>.</exception>
    public static BatchDecision DecideAll(
        CheckpointId checkpoint, Checkpoint? state, Run? run, IEnumerable<FactMessage> messages, DateTimeOffset at)
    {
        List<object> events = [], runEvents = [];
        List<MessageOutcome> outcomes = [];
        foreach (var message in messages)
        {
            if (message.Checkpoint != checkpoint)
                throw new ArgumentException($"A batch of {checkpoint} holds a message of {message.Checkpoint}.", nameof(messages));
            var decision = Decide(state, run, new CheckpointCommand.Report(message, at));
            outcomes.Add(new MessageOutcome(message, decision));
            foreach (var e in decision is Decision.Accepted accepted ? accepted.Events : [])
            {
                state = Checkpoint.Fold(state, e);
                events.Add(e);
            }

            foreach (var e in decision is Decision.Refused refused ? refused.Record : [])
            {
                run = Run.Fold(run, e);
                runEvents.Add(e);
            }
        }

        return new BatchDecision(events, runEvents, outcomes);
    }

    static Decision Open(Checkpoint? state, Run run, CheckpointCommand.Open c)
    {
        if (Refusals.Fence(run, c.Checkpoint.Generation, c.Actor, c.Rank, Attempts.OpenCheckpoint, c.Checkpoint, c.At) is { } fenced)
            return fenced;
        if (state is not null)
            return state.Opened.WorldSize == c.WorldSize && state.Opened.LayoutDigest == c.LayoutDigest
                ? Decision.Done
                : PlanMismatch(
                    c.Checkpoint, $"is open with world size {state.Opened.WorldSize} and layout {state.Opened.LayoutDigest.Short}",
                    $"world size {c.WorldSize} and layout {(c.LayoutDigest.IsNone ? "none" : c.LayoutDigest.Short)}");
        if (Refusals.TakesNoWriter(run) is { } over) return over;
        if (c.LayoutDigest.IsNone) return Refusals.BadRequest($"Opening {c.Checkpoint} needs the digest of the tensor layout.");
        if (c.WorldSize != run.WorldSize)
            return PlanMismatch(c.Checkpoint, $"belongs to a lease for world size {run.WorldSize}", $"world size {c.WorldSize}");
        if (c.History.RestorePoint is { } point && c.Checkpoint.Step < point.Step)
            return PlanMismatch(c.Checkpoint, $"belongs to a generation that began at step {Refusals.Number(point.Step.Value)}",
                $"step {Refusals.Number(c.Checkpoint.Step.Value)}");

        var basis = BasePolicy.Plan(run.Policy, c.History, c.Checkpoint, c.WorldSize, c.LayoutDigest);
        return Decision.Accept(new CheckpointOpened(
            c.Checkpoint, basis.Parent, basis.Kind, basis.Base, c.WorldSize, c.LayoutDigest, run.Policy.Copies, c.At,
            c.At.AddSeconds(run.Policy.SaveDeadlineSeconds), basis.Why, basis.BaseChainBytes));
    }

    static Decision Abandon(Checkpoint? state, Run run, CheckpointCommand.Abandon c)
    {
        if (state is null) return Refusals.NoSuchCheckpoint(c.Checkpoint);
        if (state.Phase == CheckpointPhase.Abandoned) return Decision.Done;
        if (state.Phase != CheckpointPhase.Open)
            return Closed(state, "abandon it");
        if (Premature(state, run, c) is { } why)
            return Refusals.Of(
                ProblemCodes.NotReady, 409, "The save still runs",
                $"Checkpoint {c.Checkpoint} is not to be abandoned for that cause: {why}. It stays open.");
        return Decision.Accept(new CheckpointAbandoned(c.Checkpoint, c.Cause, state.MissingRanks(), c.Reason, c.At));
    }

    static string? Premature(Checkpoint state, Run run, CheckpointCommand.Abandon c) => c.Cause switch
    {
        AbandonCause.DeadlinePassed when c.At < state.Opened.Deadline => $"its deadline is {Refusals.Time(state.Opened.Deadline)}",
        AbandonCause.NewerGeneration when run.Generation <= c.Checkpoint.Generation => $"generation {run.Generation} is the run's newest",
        AbandonCause.RunCompleted when run.Completed is null => "the run is not completed",
        _ => null,
    };

    internal static Decision.Refused Closed(Checkpoint state, string wanted)
    {
        var left = state.Phase == CheckpointPhase.Abandoned
            ? $"was abandoned ({state.Abandoned!.Reason})"
            : $"is {state.Phase.ToString().ToLowerInvariant()} and immutable";
        return Refusals.Of(
            ProblemCodes.CheckpointClosed, 409, "The checkpoint is closed",
            $"Checkpoint {state.Id} {left}; it is too late to {wanted}. Nothing was changed. The next save starts a new checkpoint.",
            ("phase", state.Phase));
    }

    static Decision.Refused PlanMismatch(CheckpointId checkpoint, string expected, string got) => Refusals.Of(
        ProblemCodes.PlanMismatch, 409, "The save does not fit its plan",
        $"Checkpoint {checkpoint} {expected}, got {got}. Nothing was changed. All ranks of a generation must save the same step with the "
        + "same world and layout.");
}
