using System.Globalization;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>
/// Wall clocks that are wrong, through the clock that every process is given (<see cref="FaultyClock"/>): PostgreSQL and the broker keep
/// the machine's. Time may cost a run saves and waiting; it must never decide who writes, or what is restored.
/// </summary>
static class ClockScenarios
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>The server is an hour ahead of the machine and the ranks an hour behind, from the first request to the last; a rank
    /// dies.</summary>
    public static async Task SkewAsync(Stage stage)
    {
        var ranks = Path.Combine(stage.World.StateDirectory, "clock-ranks");
        FaultyClock.Set(ranks, new ClockSetting(-Hour, null));
        stage.RankClock = ranks;
        await WrongAsync(stage, "clock-skew", new ClockSetting(Hour, null), async fault =>
        {
            var kill = stage.Inject("rank-kill-mid-save", "rank:1", "SIGKILL to itself at partly-written of its 2nd save");
            await stage.EndsAsync(stage.Launch("kill rank=1 generation=1 at=partly-written occurrence=2"));
            if (await stage.CountAsync<RecoveryStarted>() > 0) stage.TookEffect(kill, "a recovery began");
            var off = Off(stage, (await stage.LogAsync())[^1]);
            if (off > Hour / 2 && SaidByRanks(stage) < -Hour / 2)
                stage.TookEffect(fault, $"the server's newest event is dated {Text(off)}, what ranks say {Text(SaidByRanks(stage))}");
        });
        await stage.JudgeEndAsync();
    }

    /// <summary>The machine's clock jumps over a lease and a deadline while a save is open: that save is lost, and the launcher asks for
    /// the run anew.</summary>
    public static async Task JumpAsync(Stage stage)
    {
        stage.RankClock = stage.World.ServerClock;
        var (launcher, _) = await stage.LaunchStoppingAsync("opened", 3, "--lease", "6");
        launcher.Send(Signal.Stop);   // its next renewal would come between the jump and the server's look at leases, now and then
        await WrongAsync(stage, "clock-jump", new ClockSetting(Hour, null), async fault =>
        {
            await stage.UntilAsync("the lease to run out", async () => await stage.CountAsync<LeaseExpired>() > 0);
            stage.TookEffect(fault, "a lease that was renewed a moment ago ran out on record");
            launcher.Send(Signal.Continue);
            await stage.UntilAsync("the launcher to ask anew", async () => await stage.CountAsync<RecoveryStarted>() > 0);
            await stage.EndsAsync(launcher);
            await NobodyIsSilentAsync(stage);
        });
        await stage.JudgeEndAsync();
    }

    /// <summary>The machine's clock goes back, and once more when the launcher dies: its lease holds too long, which is safe; once the
    /// clock is right, another takes over.</summary>
    public static async Task BackwardsAsync(Stage stage)
    {
        stage.RankClock = stage.World.ServerClock;
        var (launcher, rank) = await stage.LaunchStoppingAsync("outbox-dir-synced", 3, "--lease", "4");
        await WrongAsync(stage, "clock-backwards", new ClockSetting(-Hour, null), async fault =>
        {
            ChildProcess.Send(rank, Signal.Continue);
            LogEntry? sealedThen = null;
            await stage.UntilAsync("a save to be sealed an hour ago", async () => (sealedThen = (await stage.LogAsync()).LastOrDefault(
                one => one.Name == EventCatalog.Names[typeof(CheckpointSealed)] && Off(stage, one) < -Hour / 2)) is not null);
            stage.TookEffect(fault, $"a save was sealed, dated {Text(Off(stage, sealedThen!))}");
            var kill = stage.Inject("launcher-kill", "launcher", "SIGKILL");
            launcher.Send(Signal.Kill);
            stage.SetServerClock(new ClockSetting(-2 * Hour, null));   // before the lease, renewed by the first wrong time, is over
            await stage.UntilAsync("the launcher's end", () => Task.FromResult(launcher.HasExited));
            stage.TookEffect(kill, "the launcher is gone, its ranks with it");
            var early = stage.Launch(fault: null, "--lease", "4");
            await stage.EndsAsync(early, ExitCodes.ConcurrentChange);
            stage.Must(await stage.CountAsync<LeaseGranted>() == 1, "somebody was let in while a lease was live by the service's clock");
        });
        await stage.UntilAsync("the lease to run out", async () => await stage.CountAsync<LeaseExpired>() > 0);
        await stage.EndsAsync(stage.Launch(fault: null, "--lease", "4"));
        await stage.JudgeEndAsync(losses: false);
    }

    /// <summary>The machine's clock stands still: no deadline passes, no lease ends, and training goes on to its end.</summary>
    public static async Task FrozenAsync(Stage stage)
    {
        stage.RankClock = stage.World.ServerClock;
        var (launcher, rank) = await stage.LaunchStoppingAsync("opened", 3);
        var at = DateTimeOffset.FromUnixTimeMilliseconds(stage.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        await WrongAsync(stage, "clock-frozen", new ClockSetting(TimeSpan.Zero, at), async fault =>
        {
            ChildProcess.Send(rank, Signal.Continue);
            await stage.EndsAsync(launcher);
            var seals = (await stage.LogAsync()).Count(one => one.Name == EventCatalog.Names[typeof(CheckpointSealed)] && At(one) == at);
            if (seals > 1) stage.TookEffect(fault, $"{seals} saves were sealed in the same millisecond");
        });
        await stage.JudgeEndAsync();
    }

    /// <summary>The clock is true again however that ends: other scenarios share the server.</summary>
    static async Task WrongAsync(Stage stage, string kind, ClockSetting setting, Func<int, Task> meanwhile)
    {
        var fault = stage.Inject(kind, "server:0", setting.ToString());
        stage.SetServerClock(setting);
        try
        {
            await meanwhile(fault);
        }
        finally
        {
            stage.SetServerClock(ClockSetting.True);
        }

        stage.Healed(fault, "the clock is true again");
    }

    /// <summary>A launcher that measures silence by a wall clock would kill ranks that spoke a moment ago.</summary>
    static async Task NobodyIsSilentAsync(Stage stage)
    {
        foreach (var one in (await stage.LogAsync()).Where(static one => one.Name == EventCatalog.Names[typeof(RecoveryStarted)]))
            stage.Must(
                !one.Body.GetProperty("cause").GetString()!.Contains("said nothing", StringComparison.Ordinal),
                $"a rank was taken for silent because a clock jumped: {one.Body.GetProperty("cause")}");
    }

    static DateTimeOffset At(LogEntry one) => one.At;

    static TimeSpan Off(Stage stage, LogEntry one) => At(one) - stage.Clock.GetUtcNow();

    /// <summary>How far the newest line of a rank's log is from now.</summary>
    static TimeSpan SaidByRanks(Stage stage)
    {
        var line = File.ReadLines(Path.Combine(stage.World.StateDirectory, "runs", stage.Run.ToString(), "logs", "r0.log")).Last();
        return DateTimeOffset.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture) - stage.Clock.GetUtcNow();
    }

    static string Text(TimeSpan off) => string.Create(CultureInfo.InvariantCulture, $"{off.TotalMinutes:+0;-0} min from now");
}
