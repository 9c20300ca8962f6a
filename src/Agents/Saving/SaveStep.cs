using Lineage.Agents.Client;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>How a save of one rank ended.</summary>
public enum SaveOutcome
{
    /// <summary>Every rank's shard is durable and the checkpoint is closed.</summary>
    Sealed,

    /// <summary>The service gave the checkpoint up; this rank's shard waits to be reclaimed.</summary>
    Abandoned,

    /// <summary>This rank could not store its shard or keep its report, and told the service, which abandons the checkpoint.</summary>
    Failed,

    /// <summary>The service could not be asked to open the checkpoint in time; nothing was stored.</summary>
    Unopened,

    /// <summary>The shard is durable and its report is in the outbox, but the service did not show the checkpoint closed in time.</summary>
    Unconfirmed,

    /// <summary>A newer generation writes the run; this process must stop.</summary>
    Fenced,
}

public abstract record SaveState
{
    SaveState() { }

    /// <param name="Attempts">Times the service was asked in vain.</param>
    /// <param name="Until">When asking ends.</param>
    public sealed record Opening(int Attempts, DateTimeOffset Until) : SaveState;

    public sealed record Storing(SavePlan Plan) : SaveState;

    public sealed record Reporting(SavePlan Plan) : SaveState;

    /// <param name="Plan">Null if the service refused to open for this rank what another one may have opened.</param>
    /// <param name="Tries">Times the service was told in vain.</param>
    /// <param name="Until">When telling ends; the service gives the checkpoint up by itself by then.</param>
    public sealed record Failing(SavePlan? Plan, Problem Problem, int Tries, DateTimeOffset Until) : SaveState;

    /// <param name="Looks">Times the service was asked whether the checkpoint is closed.</param>
    public sealed record Closing(SavePlan Plan, int Looks, DateTimeOffset Until) : SaveState;

    /// <param name="Problem">Why it did not end sealed; null if it did.</param>
    public sealed record Ended(SaveOutcome Outcome, SavePlan? Plan, ContentHash? ManifestHash, Problem? Problem) : SaveState;
}

public abstract record SaveInput
{
    SaveInput() { }

    public sealed record Opened(SavePlan Plan) : SaveInput;

    public sealed record OpenFailed(Problem Problem) : SaveInput;

    /// <summary>The asked-for wait is over.</summary>
    public sealed record Waited : SaveInput;

    /// <summary>The shard is durable in the tier.</summary>
    public sealed record Stored : SaveInput;

    /// <summary>The report is durable in the outbox and on its way.</summary>
    public sealed record Reported : SaveInput;

    public sealed record LocalFailure(Problem Problem) : SaveInput;

    public sealed record Seen(CheckpointView View) : SaveInput;

    public sealed record Unseen(Problem Problem) : SaveInput;

    /// <summary>The service knows that this rank's shard will not come.</summary>
    public sealed record Told : SaveInput;

    public sealed record Untold(Problem Problem) : SaveInput;
}

/// <summary>The one thing to do next.</summary>
public abstract record SaveEffect
{
    SaveEffect() { }

    public sealed record Open : SaveEffect;

    public sealed record Wait(TimeSpan Time) : SaveEffect;

    public sealed record Store(SavePlan Plan) : SaveEffect;

    public sealed record Report : SaveEffect;

    /// <summary>Read the checkpoint from the service.</summary>
    public sealed record Look : SaveEffect;

    /// <summary>Tell the service that this rank's shard will never be durable.</summary>
    public sealed record Tell(Problem Problem) : SaveEffect;

    public sealed record End : SaveEffect;
}

/// <param name="OpenPatience">How long an unreachable service is asked to open.</param>
/// <param name="ClosePatience">How long after opening the checkpoint may take to close; a little longer than the service's own
/// deadline.</param>
public sealed record SaveBounds(TimeSpan OpenPatience, TimeSpan ClosePatience);

/// <summary>
/// The protocol of one rank's save. Pure. It always ends, because each waiting state has a bound of its own on this process's clock; and
/// the report is only asked for after the shard is durable.
/// </summary>
public static class SaveStep
{
    static readonly TimeSpan LookMin = TimeSpan.FromMilliseconds(50), LookMax = TimeSpan.FromSeconds(1);

    public static (SaveState State, SaveEffect Effect) Begin(SaveBounds bounds, DateTimeOffset now) =>
        (new SaveState.Opening(Attempts: 0, now + bounds.OpenPatience), new SaveEffect.Open());

    public static (SaveState State, SaveEffect Effect) Next(SaveState state, SaveInput input, SaveBounds bounds, DateTimeOffset now) =>
        (state, input) switch
        {
            (SaveState.Opening, SaveInput.Waited) => (state, new SaveEffect.Open()),
            (SaveState.Opening, SaveInput.Opened opened) => Planned(opened.Plan),
            (SaveState.Opening opening, SaveInput.OpenFailed failed) => NotOpened(opening, failed.Problem, bounds, now),
            (SaveState.Storing storing, SaveInput.Stored) => (new SaveState.Reporting(storing.Plan), new SaveEffect.Report()),
            (SaveState.Storing storing, SaveInput.LocalFailure failed) => Failing(storing.Plan, failed.Problem, bounds, now),
            (SaveState.Reporting reporting, SaveInput.Reported) =>
                (new SaveState.Closing(reporting.Plan, Looks: 0, now + bounds.ClosePatience), new SaveEffect.Wait(LookMin)),
            (SaveState.Reporting reporting, SaveInput.LocalFailure failed) => Failing(reporting.Plan, failed.Problem, bounds, now),
            (SaveState.Failing failing, SaveInput.Waited) => (state, new SaveEffect.Tell(failing.Problem)),
            (SaveState.Failing failing, SaveInput.Told) => Ended(SaveOutcome.Failed, failing.Plan, failing.Problem),
            (SaveState.Failing failing, SaveInput.Untold untold) => NotTold(failing, untold.Problem, now),
            (SaveState.Closing, SaveInput.Waited) => (state, new SaveEffect.Look()),
            (SaveState.Closing closing, SaveInput.Seen { View.Phase: not CheckpointPhase.Open } seen) => Closed(closing.Plan, seen.View),
            (SaveState.Closing closing, SaveInput.Seen) => StillOpen(closing, StillOpenProblem(closing.Plan), now),
            (SaveState.Closing closing, SaveInput.Unseen unseen) => StillOpen(closing, unseen.Problem, now),
            _ => throw new InvalidOperationException($"A save in state {state} cannot be told {input}."),
        };

    static (SaveState, SaveEffect) Planned(SavePlan plan) => plan.Phase switch
    {
        CheckpointPhase.Open => (new SaveState.Storing(plan), new SaveEffect.Store(plan)),
        CheckpointPhase.Abandoned => Ended(SaveOutcome.Abandoned, plan, ClosedProblem(plan, "was abandoned before this rank opened it")),
        _ => Ended(SaveOutcome.Failed, plan, ClosedProblem(plan, "is closed already, and a closed checkpoint takes no shard")),
    };

    /// <summary>What is refused to one rank may be open for the others, who would wait for it.</summary>
    static (SaveState, SaveEffect) NotOpened(SaveState.Opening opening, Problem problem, SaveBounds bounds, DateTimeOffset now)
    {
        if (problem.Code == ProblemCodes.StaleGeneration) return Ended(SaveOutcome.Fenced, plan: null, problem);
        if (problem.Code == ProblemCodes.PlanMismatch) return Failing(plan: null, problem, bounds, now);
        if (!LineageClient.IsTransient(problem)) return Ended(SaveOutcome.Failed, plan: null, problem);
        if (now >= opening.Until) return Ended(SaveOutcome.Unopened, plan: null, problem);
        return (opening with { Attempts = opening.Attempts + 1 }, new SaveEffect.Wait(Backoff(opening.Attempts)));
    }

    static (SaveState, SaveEffect) Failing(SavePlan? plan, Problem problem, SaveBounds bounds, DateTimeOffset now) =>
        (new SaveState.Failing(plan, problem, Tries: 0, now + bounds.ClosePatience), new SaveEffect.Tell(problem));

    /// <summary>A refusal says that the checkpoint is closed already, or that there is none: either way nobody waits for this
    /// rank.</summary>
    static (SaveState, SaveEffect) NotTold(SaveState.Failing failing, Problem problem, DateTimeOffset now)
    {
        if (problem.Code == ProblemCodes.StaleGeneration) return Ended(SaveOutcome.Fenced, failing.Plan, problem);
        if (!LineageClient.IsTransient(problem) || now >= failing.Until) return Ended(SaveOutcome.Failed, failing.Plan, failing.Problem);
        return (failing with { Tries = failing.Tries + 1 }, new SaveEffect.Wait(Backoff(failing.Tries)));
    }

    static (SaveState, SaveEffect) StillOpen(SaveState.Closing closing, Problem problem, DateTimeOffset now) => now >= closing.Until
        ? Ended(SaveOutcome.Unconfirmed, closing.Plan, problem)
        : (closing with { Looks = closing.Looks + 1 }, new SaveEffect.Wait(Backoff(closing.Looks)));

    static (SaveState, SaveEffect) Closed(SavePlan plan, CheckpointView view) => view.Phase == CheckpointPhase.Abandoned
        ? Ended(SaveOutcome.Abandoned, plan, ClosedProblem(plan, $"was abandoned: {view.Cause}"))
        : (new SaveState.Ended(SaveOutcome.Sealed, plan, view.ManifestHash, Problem: null), new SaveEffect.End());

    static (SaveState, SaveEffect) Ended(SaveOutcome outcome, SavePlan? plan, Problem problem) =>
        (new SaveState.Ended(outcome, plan, ManifestHash: null, problem), new SaveEffect.End());

    static TimeSpan Backoff(int attempts) => TimeSpan.FromTicks(Math.Min(LookMax.Ticks, LookMin.Ticks << Math.Clamp(attempts, 0, 10)));

    static Problem ClosedProblem(SavePlan plan, string why) => Problem.Of(
        ProblemCodes.CheckpointClosed, 409, "Checkpoint closed",
        $"Checkpoint {plan.Checkpoint} {why}. Training goes on; the next save opens a new one.");

    static Problem StillOpenProblem(SavePlan plan) => Problem.Of(
        ProblemCodes.NotReady, 503, "Checkpoint still open",
        $"Checkpoint {plan.Checkpoint} was still open when this rank stopped waiting. Its shard is durable and its report in the outbox.");
}
