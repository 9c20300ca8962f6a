using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>Ways for ranks to end other than SIGKILL to one of them, and a machine that sleeps. Only processes that the harness started,
/// by their ids.</summary>
static class RankEndHands
{
    const long GraceMs = 500;
    const int StartsMax = 8, StartsOtherwise = 3;

    /// <summary>By the signal that the amount names: 11 (SIGSEGV), which it is otherwise, or 6 (SIGABRT). The recovery has to name
    /// it.</summary>
    /// <remarks>A runtime that handles the signal puts the default back and expects the fault to come again; one that was sent does not, so
    /// it is sent until the process is gone.</remarks>
    public static async Task<string?> CrashAsync(FilePlay play, ScheduledFault fault)
    {
        var signal = fault.Amount == (int)Signal.Abort ? Signal.Abort : Signal.SegmentationFault;
        var recoveries = await play.Stage.CountAsync<RecoveryStarted>();
        if (play.RankOf(fault) is not { } process || !ChildProcess.Send(process, signal)) return null;
        play.LetGo(fault);   // who stands still takes no signal but SIGKILL
        await play.Stage.UntilAsync(
            $"process {process} to be gone", () => Task.FromResult(!ProcessTable.Lives(process) || !ChildProcess.Send(process, signal)));
        var cause = await CauseAsync(play, recoveries);
        play.Stage.Must(
            cause.Contains($"signal {(int)signal}", StringComparison.Ordinal),
            $"{fault.Target} got {signal}, the recovery names \"{cause}\"");
        return $"process {process} of {fault.Target} is gone: {cause}";
    }

    /// <summary>SIGTERM, a grace of so many milliseconds as the amount says, and SIGKILL for who is still there.</summary>
    public static async Task<string?> PreemptAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.RankOf(fault) is not { } process || !ChildProcess.Send(process, Signal.Terminate)) return null;
        play.LetGo(fault);
        var (stage, grace) = (play.Stage, TimeSpan.FromMilliseconds(fault.Amount > 0 ? fault.Amount : GraceMs));
        var since = stage.Clock.GetTimestamp();
        await stage.UntilAsync("the grace to be over", () => Task.FromResult(
            !ProcessTable.Lives(process) || stage.Clock.GetElapsedTime(since) > grace));
        var insisted = ProcessTable.Lives(process) && ChildProcess.Send(process, Signal.Kill);
        await GoneAsync(play, process);
        var took = stage.Clock.GetElapsedTime(since).TotalMilliseconds;
        var end = insisted ? "SIGKILL after its grace" : string.Create(CultureInfo.InvariantCulture, $"ended by itself after {took:N0} ms");
        return $"process {process} of {fault.Target} got SIGTERM and {end}";
    }

    /// <summary>A rank dies as soon as it is started, as often as the amount says, or three times.</summary>
    public static async Task<string?> LoopAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.RankOf(fault) is null) return null;
        var deaths = fault.Amount > 0 ? Math.Min(fault.Amount, StartsMax) : StartsOtherwise;
        HashSet<int> dead = [];
        while (dead.Count < deaths)
        {
            var process = 0;
            await play.Stage.UntilAsync($"start {dead.Count + 1} of {fault.Target}", () => Task.FromResult(
                play.RankOf(fault) is { } found && !dead.Contains(process = found)));
            ChildProcess.Send(process, Signal.Kill);
            await GoneAsync(play, process);
            dead.Add(process);
        }

        return $"{fault.Target} died {dead.Count} times, each time as it was started: processes {string.Join(", ", dead.Order())}";
    }

    /// <summary>Everything that trains on this machine; the launcher, elsewhere, has to notice.</summary>
    public static async Task<string?> KillNodeAsync(FilePlay play, ScheduledFault fault)
    {
        var ranks = play.RankProcesses();
        if (ranks.Count < play.Ranks) return null;
        foreach (var rank in ranks) ChildProcess.Send(rank, Signal.Kill);
        foreach (var rank in ranks) await GoneAsync(play, rank);
        return $"all {ranks.Count} ranks are gone: processes {string.Join(", ", ranks)}";
    }

    /// <summary>Everything stands still at once, as when a machine is put to sleep, and wakes together.</summary>
    public static async Task<string?> SuspendAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.Launcher is not { HasExited: false }) return null;
        play.LetGo(fault);
        var all = ProcessTable.WithDescendants(play.World.Processes).Where(static one => ProcessTable.Of(one) is { State: not 'T' })
            .ToList();
        play.Stage.Record.Paused += FilePlay.Lasting(fault);   // whoever commits stands still for so long
        foreach (var process in all) ChildProcess.Send(process, Signal.Stop);
        play.Held[fault.Id] = new Undo(() =>
        {
            foreach (var process in Enumerable.Reverse(all)) ChildProcess.Send(process, Signal.Continue);
            return Task.CompletedTask;
        });
        await play.Stage.UntilAsync("everything to stand still", () => Task.FromResult(
            all.TrueForAll(static one => ProcessTable.Of(one) is null or { State: 'T' or 'Z' })));
        return $"{all.Count} processes stood still";
    }

    static Task GoneAsync(FilePlay play, int process) =>
        play.Stage.UntilAsync($"process {process} to be gone", () => Task.FromResult(!ProcessTable.Lives(process)));

    /// <summary>What the next recovery names as its cause.</summary>
    static async Task<string> CauseAsync(FilePlay play, int recoveries)
    {
        var name = EventCatalog.Names[typeof(RecoveryStarted)];
        string? cause = null;
        await play.Stage.UntilAsync("a recovery to begin", async () =>
        {
            var begun = (await play.Stage.LogAsync()).Where(one => one.Name == name).OrderBy(static one => one.Sequence).ToList();
            cause = begun.Count > recoveries ? begun[recoveries].Body.GetProperty("cause").GetString() : null;
            return cause is not null;
        });
        return cause!;
    }
}
