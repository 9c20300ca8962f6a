using Lineage.Contracts.Identity;

namespace Lineage.Agents.Launching;

/// <summary>Follows a restarted generation to its first step, at which the recovery is told by phase.</summary>
static class RecoveryProgress
{
    public static LaunchStep Observe(LaunchState state, DateTimeOffset now)
    {
        if (state.Recovery is not { Restarted: { } restarted } clock) return state;
        var ranks = state.Ranks.Values;
        if (clock.Joined is null && ranks.All(static r => r.Joined)) clock = clock with { Joined = now };
        if (clock.Ready is null && ranks.All(static r => r.Ready)) clock = clock with { Ready = now };
        state = state with { Recovery = clock };
        if (clock is not { Joined: { } joined, Ready: { } ready, Ended: { } ended }) return state;
        if (!ranks.All(static r => r.Reached is not null)) return state;

        var asked = restarted - ended;
        var verify = clock.Verify <= asked ? clock.Verify : asked;
        var from = state.RestorePoint?.Step.Value ?? Step.Min;
        var timing = new RecoveryTiming(
            state.Generation!.Value, state.RestorePoint, state.RecoveryCause ?? "unknown",
            clock.Noticed - clock.LastSign, ended - clock.Noticed, asked - verify, verify, joined - restarted, ready - joined, now - ready,
            Math.Max(0, (state.FailedAt?.Value ?? from) - from));
        return new LaunchStep(state with { Recovery = null, FailedAt = null }, [new LaunchEffect.ReportRecovery(timing)]);
    }
}
