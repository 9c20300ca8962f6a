using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Decisions;

namespace Lineage.Runs;

/// <summary>A new run that goes on from another run's checkpoint. The other run is not touched and may go on writing.</summary>
/// <remarks>The event opens the stream of the new run: if the service dies before it is committed there is no new run, and after it the
/// run waits for its first launch, which restores the checkpoint.</remarks>
static class ForkDecider
{
    /// <param name="state">The run of the new name; null if there is none, as it should be.</param>
    public static Decision Decide(Run? state, RunChange.Fork c)
    {
        if (state is not null)
            return state.Origin == c.From && (c.Policy is null || c.Policy == state.Policy) ? Decision.Done : Exists(state, c);
        if (Wording.OfReason(c.Reason) is { } mute) return mute;
        if (c.Origin is not { } origin) return Refusals.NoSuchRun(c.From.Run);
        if (c.Policy?.Objection() is { } objection)
            return Refusals.BadRequest($"The save policy of run {c.Run} cannot be followed: {objection} There is no such run.");
        if (c.Chain is not { } chain) return Refusals.NoSuchCheckpoint(c.From);
        if (Standing.WhyNotUsable(chain) is { } why)
            return Refusals.Of(
                ProblemCodes.NoRestorePoint, 409, "Nothing to fork from",
                $"Run {c.Run} was to go on from {c.From}, which cannot be restored: {why}. Run {c.Run} was not created. "
                + $"'lineage restore-point list {c.From.Run} --explain' shows what can be.");
        var labels = new Dictionary<string, string>(origin.Labels, StringComparer.Ordinal);
        foreach (var (name, value) in c.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal)) labels[name] = value;
        return Decision.Accept(new RunForked(c.Run, c.From, c.Policy ?? origin.Policy, labels, c.Reason, c.At));
    }

    static Decision.Refused Exists(Run state, RunChange.Fork c) => Refusals.Of(
        ProblemCodes.RunExistsDifferently, 409, "The run exists already",
        $"Run {c.Run} {(state.Origin is { } origin ? $"was forked from {origin}" : "is a run of its own")}"
        + $"{(state.Origin == c.From ? " with another save policy" : $", asked for a fork of {c.From}")}. It is unchanged. "
        + "Choose another name for the fork.");
}
