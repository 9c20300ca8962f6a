using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Decisions;

namespace Lineage.Checkpoints;

/// <summary>Whether a checkpoint still is what people want to keep, name or go on from.</summary>
static class Standing
{
    /// <summary>Null while its bytes are all there and meant to stay.</summary>
    /// <param name="wanted">For people, as in <c>pin it</c>.</param>
    public static Decision.Refused? ForKeeping(Checkpoint state, string wanted) => state.Phase == CheckpointPhase.Expired
        ? Refusals.Of(
            ProblemCodes.CheckpointClosed, 409, "The checkpoint has expired",
            $"Checkpoint {state.Id} has expired ({state.Ending!.Expired!.Rule}) and its bytes are to be deleted after "
            + $"{Refusals.Time(state.Ending.Expired.ReclaimAfter)}; it is too late to {wanted}. Nothing was changed. "
            + "Undo the expiry first ('lineage retention undo'), then ask again.",
            ("phase", state.Phase))
        : ForSaying(state, wanted);

    /// <summary>Null once it is sealed and as long as it has bytes.</summary>
    public static Decision.Refused? ForSaying(Checkpoint state, string wanted) => state.Phase switch
    {
        CheckpointPhase.Open => Refusals.Of(
            ProblemCodes.NotReady, 409, "The checkpoint is not sealed",
            $"Checkpoint {state.Id} is still being saved, so it is too early to {wanted}. Nothing was changed. "
            + "Ask again once it is sealed.",
            ("phase", state.Phase)),
        CheckpointPhase.Abandoned => CheckpointDecider.Closed(state, wanted),
        CheckpointPhase.Reclaimed => Refusals.Of(
            ProblemCodes.Reclaimed, 409, "The bytes are gone",
            $"The bytes of checkpoint {state.Id} are deleted or being deleted; it is too late to {wanted}. Nothing was changed. "
            + $"'lineage log {state.Id.Run} --graph' shows what is left.",
            ("phase", state.Phase)),
        _ => null,
    };

    /// <summary>Null if training can go on from what that chain rebuilds; it need not be verified yet.</summary>
    public static string? WhyNotUsable(Chain chain) => chain.Target.Phase == CheckpointPhase.Expired
        ? $"it has expired ({chain.Target.Cause}); undo the expiry first"
        : chain.Broken;
}
