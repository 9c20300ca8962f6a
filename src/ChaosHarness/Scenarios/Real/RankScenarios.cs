using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>Processes that die, stand still or come twice.</summary>
static class RankScenarios
{
    static readonly TimeSpan PauseTime = TimeSpan.FromSeconds(3);

    public static async Task KilledMidSaveAsync(Stage stage)
    {
        var fault = stage.Inject("rank-kill-mid-save", "rank:1", "SIGKILL to itself at partly-written of its 2nd save");
        var launcher = stage.Launch("kill rank=1 generation=1 at=partly-written occurrence=2");
        await stage.EndsAsync(launcher);
        var torn = (await stage.CheckpointsAsync()).Where(static one => one.Phase == CheckpointPhase.Abandoned).ToList();
        if (torn.Count > 0 && await stage.CountAsync<RecoveryStarted>() > 0)
            stage.TookEffect(fault, $"{torn[0].Checkpoint} was torn and abandoned, and a recovery began");
        stage.Must(torn.TrueForAll(static one => one.ManifestHash is null), "a torn checkpoint was sealed");
        await stage.JudgeEndAsync();
    }

    public static async Task ZombieAsync(Stage stage)
    {
        var (first, rank) = await stage.LaunchStoppingAsync("outbox-dir-synced", 2, "--lease", "2");
        var peer = stage.ProcessOf(0)!.Value;
        var fault = stage.Inject("zombie-rank", "rank:1", "SIGSTOP to launcher and ranks until the lease is over");
        first.Send(Signal.Stop);
        ChildProcess.Send(peer, Signal.Stop);
        await stage.UntilAsync("the lease to run out", async () => await stage.CountAsync<LeaseExpired>() > 0);
        var second = stage.Launch(fault: null, "--lease", "2");
        await stage.UntilAsync("the second generation to be granted", async () => await stage.CountAsync<LeaseGranted>() > 1);
        ChildProcess.Send(rank, Signal.Continue);
        ChildProcess.Send(peer, Signal.Continue);
        first.Send(Signal.Continue);
        stage.Healed(fault, "SIGCONT");
        await stage.UntilAsync("the refusal on record", async () => await stage.CountAsync<StaleGenerationRefused>() > 0);
        stage.TookEffect(fault, "the old generation came back and was refused");
        await stage.EndsAsync(second);
        await stage.UntilAsync("the zombie's end", () => Task.FromResult(first.HasExited));
        stage.Must(await first.WaitAsync(stage.Cancellation) != ExitCodes.Done, "the old generation's launcher ended as if all was well");
        await NothingOldWasSealedAsync(stage);
        await stage.JudgeEndAsync(losses: false);
    }

    static async Task NothingOldWasSealedAsync(Stage stage)
    {
        var log = await stage.LogAsync();
        var granted = log.Where(static entry => entry.Name == EventCatalog.Names[typeof(LeaseGranted)]).Max(static entry => entry.Sequence);
        stage.Must(!log.Any(entry => entry.Sequence > granted && entry.Name == EventCatalog.Names[typeof(CheckpointSealed)]
            && entry.Body.GetProperty("checkpoint").GetString()!.Contains("/1/", StringComparison.Ordinal)),
            "a checkpoint of the old generation was sealed after the new one had begun");
    }

    public static async Task TwoLaunchersAsync(Stage stage)
    {
        var (first, rank) = await stage.LaunchStoppingAsync("outbox-dir-synced", 1);
        var fault = stage.Inject("launcher-double", "launcher", "a second launcher for the same run");
        var second = stage.Launch();
        await stage.EndsAsync(second, ExitCodes.ConcurrentChange);
        if (second.Tail().Contains(ProblemCodes.LeaseHeld, StringComparison.Ordinal))
            stage.TookEffect(fault, $"the second was refused: {ProblemCodes.LeaseHeld}");
        stage.Must(stage.ProcessOf(1) == rank, "who was refused wiped out the record of the ranks that train");
        ChildProcess.Send(rank, Signal.Continue);
        await stage.EndsAsync(first);
        await stage.JudgeEndAsync();
    }

    public static async Task PausedServerAsync(Stage stage)
    {
        var (launcher, rank) = await stage.LaunchStoppingAsync("opened", 3);
        var server = stage.World.Server ?? throw new WorldException("There is no server.");
        var fault = stage.Inject("paused-server", "server:0", "SIGSTOP");
        stage.Record.Paused = PauseTime;
        server.Send(Signal.Stop);
        ChildProcess.Send(rank, Signal.Continue);
        await Task.Delay(PauseTime, stage.Clock, stage.Cancellation);
        if (Stage.IsStopped(server.Id) && !launcher.HasExited) stage.TookEffect(fault, "the server stood still and the run waited");
        server.Send(Signal.Continue);
        stage.Healed(fault, "SIGCONT");
        await stage.EndsAsync(launcher);
        await stage.JudgeEndAsync();
    }
}
