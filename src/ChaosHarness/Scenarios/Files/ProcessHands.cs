using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>Processes that die or stand still. Only ones that the harness started, by their ids.</summary>
static class ProcessHands
{
    public static async Task<string?> KillRankAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.RankOf(fault) is not { } process || !ChildProcess.Send(process, Signal.Kill)) return null;
        await play.Stage.UntilAsync("the rank to be gone", () => Task.FromResult(!ProcessTable.Lives(process)));
        return string.Create(CultureInfo.InvariantCulture, $"process {process} of {fault.Target} is gone");
    }

    public static Task<string?> PauseRankAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.RankOf(fault) is not { } process || !ChildProcess.Send(process, Signal.Stop)) return Task.FromResult<string?>(null);
        play.Paused.Add(process);
        return Task.FromResult<string?>(string.Create(
            CultureInfo.InvariantCulture, $"process {process} of {fault.Target} stands still"));
    }

    /// <summary>Whoever stands still: the rank may have been replaced meanwhile.</summary>
    public static Task ResumeRankAsync(FilePlay play, ScheduledFault fault)
    {
        foreach (var process in play.Paused) ChildProcess.Send(process, Signal.Continue);
        play.Paused.Clear();
        return Task.CompletedTask;
    }

    public static async Task<string?> KillKeeperAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.World.Keeper is not { HasExited: false } keeper) return null;
        keeper.Send(Signal.Kill);
        await keeper.WaitAsync(play.Stage.Cancellation);
        play.World.StartKeeper();
        return "the keeper was killed, another one started";
    }

    public static async Task<string?> KillServerAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.World.Server is not { HasExited: false } server) return null;
        server.Send(Signal.Kill);
        await server.WaitAsync(play.Stage.Cancellation);
        return "the server is gone";
    }

    public static Task RestartServerAsync(FilePlay play, ScheduledFault fault) =>
        play.World.RestartServerAsync(play.Stage.Cancellation);

    public static Task<string?> PauseServerAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.World.Server is not { HasExited: false } server) return Task.FromResult<string?>(null);
        server.Send(Signal.Stop);
        play.Stage.Record.Paused += FilePlay.Lasting(fault);   // whoever commits stands still for so long
        return Task.FromResult<string?>("the server stands still");
    }

    public static Task ResumeServerAsync(FilePlay play, ScheduledFault fault)
    {
        play.World.Server?.Send(Signal.Continue);
        return Task.CompletedTask;
    }

    public static async Task<string?> KillBrokerAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.World.Broker is not { } broker) return null;
        await broker.KillAsync(play.Stage.Cancellation);
        return "the broker is gone";
    }

    public static Task RestartBrokerAsync(FilePlay play, ScheduledFault fault) =>
        play.World.Broker?.RestartAsync(play.Stage.Cancellation) ?? Task.CompletedTask;

    public static async Task<string?> KillPostgresAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.World.PostgresProcess is not { } before || !ChildProcess.Send(before, Signal.Kill)) return null;
        await play.Stage.UntilAsync("PostgreSQL to be started again", () =>
            Task.FromResult(play.World.PostgresProcess is { } now && now != before));
        return string.Create(CultureInfo.InvariantCulture, $"PostgreSQL, process {before}, is gone; the server started it again");
    }
}
