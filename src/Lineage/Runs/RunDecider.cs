using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Narration;

namespace Lineage.Runs;

/// <summary>
/// Who may write a run. A generation is granted only by an event on the run's stream, so the order of that stream, not a clock, says who is
/// the writer; time decides only how soon a silent holder may be replaced.
/// </summary>
/// <remarks>
/// A lease that ran out fences nobody: until the next grant its ranks go on and their saves count, because there is no other writer. That
/// keeps an outage of the service, or a skewed clock, from stopping training.
/// </remarks>
public static class RunDecider
{
    /// <param name="state">Null if the run was never registered.</param>
    public static Decision Decide(Run? state, RunCommand command) => (state, command) switch
    {
        (_, RunCommand.Register c) => Register(state, c),
        (null, _) => Refusals.NoSuchRun(command.Run),
        (_, RunCommand.TakeLease c) => TakeLease(state, c),
        (_, RunCommand.RenewLease c) => RenewLease(state, c),
        (_, RunCommand.ExpireLease c) => ExpireLease(state, c),
        (_, RunCommand.ReleaseLease c) => ReleaseLease(state, c),
        (_, RunCommand.JoinRank c) => JoinRank(state, c),
        (_, RunCommand.CompleteRun c) => CompleteRun(state, c),
        (_, RunCommand.GrantNext c) => GrantNext(state, c),
        (_, RunCommand.RefuseStale c) => RefuseStale(state, c),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "Not a command of a run."),
    };

    static Decision Register(Run? state, RunCommand.Register c)
    {
        if ((c.Policy ?? SavePolicy.Default).Objection() is { } objection)
            return Refusals.BadRequest($"The save policy of run {c.Run} cannot be followed: {objection}");
        if (state is null)
        {
            var labels = c.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal);
            return Decision.Accept(new RunRegistered(c.Run, c.Policy ?? SavePolicy.Default, labels, c.At));
        }

        return c.Policy is null || c.Policy == state.Policy
            ? Decision.Done
            : Refusals.Of(
                ProblemCodes.RunExistsDifferently, 409, "The run exists with another policy",
                $"Run {c.Run} was registered with {Describe(state.Policy)}, got {Describe(c.Policy)}. The run is unchanged. "
                + "Register without a policy to go on with it, or choose another run id.");
    }

    static Decision TakeLease(Run run, RunCommand.TakeLease c)
    {
        if (Refusals.TakesNoWriter(run) is { } over) return over;
        if (c.WorldSize.Value == 0)
            return Refusals.BadRequest($"A lease of run {run.Id} needs a world size of at least {WorldSize.Min}, got 0.");
        if (run is { Generation.Value: 0, Origin: null })
            return Decision.Accept(Granted(run, new Generation(1), c.Holder, c.WorldSize, c.At));
        if (run.Generation.Value == 1 && run.IsHeldBy(c.Holder) && run.WorldSize == c.WorldSize) return Decision.Done;
        if (IsLive(run, c.LeaseUntil, c.At) && run.Holder != c.Holder) return Held(run, c.LeaseUntil);
        return Refusals.Of(
            ProblemCodes.RecoveryNeeded, 409, "The run has a past",
            (run is { Generation.Value: 0, Origin: { } origin }
                ? $"Run {run.Id} was forked from {origin} and begins by restoring it. Nothing was changed. "
                : $"Run {run.Id} was started before (generation {run.Generation}). Nothing was changed. ")
            + $"Every start after the first is a recovery: POST /v1/runs/{run.Id}/recoveries grants the next generation and chooses what "
            + "to restore.",
            ("generation", run.Generation));
    }

    static Decision RenewLease(Run run, RunCommand.RenewLease c)
    {
        if (Refusals.Fence(run, c.Generation, c.Holder, rank: null, Attempts.RenewLease, checkpoint: null, c.At) is { } fenced)
            return fenced;
        if (run.Completed is not null) return Refusals.RunCompleted(run);
        return run.IsHeldBy(c.Holder) ? Decision.Done : NotTheHolder(run, c.Holder, "renew");
    }

    static Decision ExpireLease(Run run, RunCommand.ExpireLease c)
    {
        if (run.Lease != LeasePhase.Held || run.Generation != c.Generation) return Decision.Done;
        return IsLive(run, c.LeaseUntil, c.At)
            ? Held(run, c.LeaseUntil)
            : Decision.Accept(new LeaseExpired(run.Id, run.Generation, run.Holder!.Value, c.At));
    }

    static Decision ReleaseLease(Run run, RunCommand.ReleaseLease c)
    {
        if (Refusals.Fence(run, c.Generation, c.Holder, rank: null, Attempts.ReleaseLease, checkpoint: null, c.At) is { } fenced)
            return fenced;
        if (run.Holder != c.Holder) return NotTheHolder(run, c.Holder, "release");
        return run.Lease == LeasePhase.Held
            ? Decision.Accept(new LeaseReleased(run.Id, run.Generation, c.Holder, c.Reason, c.At))
            : Decision.Done;
    }

    static Decision JoinRank(Run run, RunCommand.JoinRank c)
    {
        if (Refusals.Fence(run, c.Generation, c.Actor, c.Rank, Attempts.Join, checkpoint: null, c.At) is { } fenced) return fenced;
        if (run.Completed is not null) return Refusals.RunCompleted(run);
        if (!run.WorldSize!.Value.Contains(c.Rank)) return Refusals.RankOutsideWorld(c.Rank, run.WorldSize.Value, $"run {run.Id}");
        return run.Joined.GetValueOrDefault(c.Rank) is { } joined
            && string.Equals(joined.Host, c.Host, StringComparison.Ordinal) && joined.ProcessId == c.ProcessId
                ? Decision.Done
                : Decision.Accept(new RankJoined(run.Id, run.Generation, c.Rank, c.Host, c.ProcessId, c.At));
    }

    static Decision CompleteRun(Run run, RunCommand.CompleteRun c)
    {
        if (run.Completed is { } done && done.Generation == c.Generation && done.FinalStep == c.FinalStep
            && done.StateDigest == c.StateDigest)
            return Decision.Done;
        if (Refusals.Fence(run, c.Generation, c.Actor, rank: null, Attempts.Complete, checkpoint: null, c.At) is { } fenced) return fenced;
        return run.Completed is not null
            ? Refusals.RunCompleted(run)
            : Decision.Accept(new RunCompleted(run.Id, run.Generation, c.FinalStep, c.StateDigest, c.At));
    }

    static Decision GrantNext(Run run, RunCommand.GrantNext c)
    {
        if (Refusals.TakesNoWriter(run) is { } over) return over;
        if (c.WorldSize.Value == 0)
            return Refusals.BadRequest($"A recovery of run {run.Id} needs a world size of at least {WorldSize.Min}, got 0.");
        if (run is { Generation.Value: 0, Origin: null })
            return Refusals.Of(
                ProblemCodes.NoLease, 409, "The run was never started",
                $"Run {run.Id} has no generation to recover from. Nothing was changed. Take its first lease: POST "
                + $"/v1/runs/{run.Id}/leases.");
        if (c.FailedGeneration is { } failed
            && Refusals.Fence(run, failed, c.Holder, rank: null, Attempts.StartRecovery, checkpoint: null, c.At) is { } fenced)
            return fenced;
        if (IsLive(run, c.LeaseUntil, c.At) && run.Holder != c.Holder) return Held(run, c.LeaseUntil);

        var granted = Granted(run, new Generation(run.Generation.Value + 1), c.Holder, c.WorldSize, c.At);
        return run.Lease == LeasePhase.Held && run.Holder != c.Holder
            ? Decision.Accept(new LeaseExpired(run.Id, run.Generation, run.Holder!.Value, c.At), granted)
            : Decision.Accept(granted);
    }

    static Decision RefuseStale(Run run, RunCommand.RefuseStale c) =>
        c.Presented >= run.Generation ? Decision.Done
        : StaleRefusals.Record(run, c.Presented, c.Actor, c.Rank, c.Attempt, c.Checkpoint, c.At) is { Count: > 0 } record
            ? new Decision.Accepted(record)
        : Decision.Done;

    /// <summary>Without a row a held lease counts as dead: the row is written with the grant and only goes with its lease.</summary>
    internal static bool IsLive(Run run, DateTimeOffset? leaseUntil, DateTimeOffset at) => run.Lease == LeasePhase.Held && leaseUntil > at;

    static LeaseGranted Granted(Run run, Generation generation, ActorId holder, WorldSize worldSize, DateTimeOffset at) =>
        new(run.Id, generation, holder, worldSize, run.Policy.LeaseSeconds, at);

    static Decision.Refused Held(Run run, DateTimeOffset? until) => Refusals.Of(
        ProblemCodes.LeaseHeld, 409, "Another launcher holds the lease",
        $"Run {run.Id} is written by {run.Holder} under generation {run.Generation} until {Refusals.Time(until!.Value)} unless renewed. "
        + "Nothing was changed. "
        + "Stop that launcher, or wait until its lease has run out.",
        ("holder", run.Holder), ("generation", run.Generation), ("until", until));

    static Decision.Refused NotTheHolder(Run run, ActorId holder, string what) => Refusals.Of(
        ProblemCodes.NoLease, 409, "The lease is not held",
        $"{holder} wanted to {what} the lease of run {run.Id}, generation {run.Generation}; that lease is "
        + $"{run.Lease.ToString().ToLowerInvariant()}, last held by {run.Holder}. "
        + "Nothing was changed. Start a recovery to write the run again.",
        ("holder", run.Holder), ("generation", run.Generation));

    static string Describe(SavePolicy policy) =>
        $"a full save every {Refusals.Number(policy.FullEvery)}, a deadline of {Refusals.Number(policy.SaveDeadlineSeconds)} s, "
        + $"{Refusals.Number(policy.Copies)} copies, leases of {Refusals.Number(policy.LeaseSeconds)} s, chains of at most "
        + $"{Quantities.Plural(policy.DepthMax, "delta")}"
        + (policy.RestoreBytesMax is { } budget ? $" and a restore budget of {Refusals.Number(budget)} bytes" : "");
}
