using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>Launchers that die, come twice, or stand still with their ranks until nobody waits for them any more.</summary>
static class LauncherHands
{
    /// <summary>Its ranks die with it; somebody starts it again, as often as its lease still refuses that.</summary>
    public static async Task<string?> KillAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.Launcher is not { HasExited: false } launcher) return null;
        launcher.Send(Signal.Kill);
        await launcher.WaitAsync(play.Stage.Cancellation);
        return "the launcher is gone, its ranks with it";
    }

    public static async Task<string?> DoubleAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.Launcher is not { HasExited: false }) return null;
        var second = play.Stage.Launch();
        await play.Stage.UntilAsync("the second launcher's end", () => Task.FromResult(second.HasExited));
        return second.Tail().Contains(ProblemCodes.LeaseHeld, StringComparison.Ordinal)
            ? $"the second launcher was refused: {ProblemCodes.LeaseHeld}" : null;
    }

    public static async Task<string?> ZombieAsync(FilePlay play, ScheduledFault fault)
    {
        var stage = play.Stage;
        if (play.Launcher is not { HasExited: false } first || play.RankOf(fault) is null) return null;
        var (granted, expired, refused) = (await stage.CountAsync<LeaseGranted>(), await stage.CountAsync<LeaseExpired>(),
            await stage.CountAsync<StaleGenerationRefused>());
        var ranks = play.RankProcesses();
        first.Send(Signal.Stop);
        foreach (var rank in ranks) ChildProcess.Send(rank, Signal.Stop);
        await stage.UntilAsync("the lease to run out", async () => await stage.CountAsync<LeaseExpired>() > expired);
        play.Launch();
        await stage.UntilAsync("the next generation to be granted", async () => await stage.CountAsync<LeaseGranted>() > granted);
        foreach (var rank in ranks) ChildProcess.Send(rank, Signal.Continue);
        first.Send(Signal.Continue);
        await stage.UntilAsync("the refusal on record", async () =>
            first.HasExited || await stage.CountAsync<StaleGenerationRefused>() > refused);
        return $"the old generation came back; {await stage.CountAsync<StaleGenerationRefused>() - refused} of its calls were refused";
    }
}
