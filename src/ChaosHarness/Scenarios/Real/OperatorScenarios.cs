using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>What people do to a run by mistake.</summary>
static class OperatorScenarios
{
    /// <summary>Somebody deletes the folder of the newest checkpoint, and then a rank dies.</summary>
    public static async Task NewestDeletedAsync(Stage stage)
    {
        var (launcher, rank) = await stage.LaunchStoppingAsync("closed", 4, "--full-every", "8");
        var newest = await StoreScenarios.SettledAsync(stage);
        var folder = Path.GetDirectoryName(Path.Combine(stage.World.StoreDirectory, newest.Shards[0].Stored!.ObjectKey))!;
        var fault = stage.Inject("newest-checkpoint-deleted", "store", $"the folder of {newest.Checkpoint} is removed");
        Directory.Delete(folder, recursive: true);
        stage.TookEffect(fault, "removed: " + string.Join(", ", newest.Shards.Select(static one => one.Stored!.ObjectKey)));
        ChildProcess.Send(rank, Signal.Kill);
        await stage.EndsAsync(launcher);
        var now = (await stage.CheckpointsAsync()).Single(one => one.Checkpoint == newest.Checkpoint);
        stage.Must(now.Phase == CheckpointPhase.Quarantined, $"{newest.Checkpoint} is gone and {now.Phase}");
        await stage.JudgeEndAsync();
    }

    /// <summary>Somebody tidies up, and takes a temporary file that a rank is writing.</summary>
    public static async Task StagingDeletedAsync(Stage stage)
    {
        var (launcher, rank) = await stage.LaunchStoppingAsync("partly-written", 3, "--save-deadline", "3");
        var staging = Directory.GetFiles(
            Path.Combine(stage.World.StoreDirectory, stage.Run.ToString()), "*.tmp",
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint });
        var fault = stage.Inject("staging-deleted", "store", string.Create(
            CultureInfo.InvariantCulture, $"{staging.Length} temporary files are removed while a rank writes"));
        foreach (var file in staging) File.Delete(file);
        ChildProcess.Send(rank, Signal.Continue);
        await stage.EndsAsync(launcher, ExitCodes.Partial);
        var lost = (await stage.CheckpointsAsync()).LastOrDefault(static one => one.Phase == CheckpointPhase.Abandoned);
        if (staging.Length > 0 && lost is not null) stage.TookEffect(fault, $"{lost.Checkpoint} was abandoned: {lost.Cause}");
        await stage.JudgeEndAsync();
    }

    /// <summary>
    /// A policy that keeps nothing is refused; one that keeps as little as is allowed lets everything go that the newest restore point does
    /// not need. What was let go of is not restored, and a rank that dies then finds what it needs.
    /// </summary>
    public static async Task RetentionZeroAsync(Stage stage)
    {
        var (launcher, rank) = await stage.LaunchStoppingAsync("closed", 4, "--full-every", "2");
        var newest = await StoreScenarios.SettledAsync(stage);
        var fault = stage.Inject("retention-zero", "store", "latest 0, verified-min 0, and then 1");
        var run = stage.Run.ToString();
        await RefusedAsync(stage, ProblemCodes.BadRequest, "retention", "set", run, "--latest", "0", "--verified-min", "0");
        await DoneAsync(stage, "retention", "set", run, "--latest", "0", "--verified-min", "1");
        await DoneAsync(stage, "retention", "apply", run, "--yes");
        var expired = (await stage.LogAsync()).Where(static one => one.Name == EventCatalog.Names[typeof(CheckpointExpired)])
            .Select(static one => one.Stream["checkpoint/".Length..]).ToList();
        if (expired.Count > 0) stage.TookEffect(fault, $"expired: {string.Join(", ", expired)}");
        stage.Must(!expired.Contains(newest.Checkpoint.ToString(), StringComparer.Ordinal), "the newest restore point expired");
        if (expired is [var gone, ..])
        {
            var restore = stage.Inject("restore-expired", "reader", $"restore {gone}");
            var refusal = await RefusedAsync(
                stage, ProblemCodes.NoRestorePoint, "restore", gone, "--to", Path.Combine(stage.World.StateDirectory, $"{run}-gone"));
            if (refusal.Length > 0) stage.TookEffect(restore, refusal);
        }

        ChildProcess.Send(rank, Signal.Kill);
        await stage.EndsAsync(launcher);
        await stage.JudgeEndAsync();
    }

    /// <summary>
    /// Somebody rewinds a run that trains: refused. Then its launcher stands still until the lease is over, and the rewind is taken; what
    /// the ranks save afterwards is off the history, and the run goes on from where the person said.
    /// </summary>
    public static async Task RewindUnderLoadAsync(Stage stage)
    {
        var launcher = stage.Launch(
            "stop rank=1 generation=1 at=closed occurrence=4;stop rank=1 generation=1 at=closed occurrence=5", "--lease", "3");
        await stage.UntilAsync("rank 1 standing still", () => Task.FromResult(Stage.IsStopped(stage.ProcessOf(1))));
        await StoreScenarios.SettledAsync(stage);
        var fault = stage.Inject("rewind-under-load", "launcher", "run rewind to step 10 while ranks save");
        string[] rewind = ["run", "rewind", $"{stage.Run}@10", "--reason", "by mistake"];
        await RefusedAsync(stage, ProblemCodes.RunLive, rewind);
        launcher.Send(Signal.Stop);
        await stage.UntilAsync("the lease to run out", async () => await stage.CountAsync<LeaseExpired>() > 0);
        await DoneAsync(stage, rewind);
        ChildProcess.Send(stage.ProcessOf(1)!.Value, Signal.Continue);
        CheckpointView? late = null;
        await stage.UntilAsync("a save of the old generation after the rewind", async () => (late = (await stage.CheckpointsAsync())
            .FirstOrDefault(static one => one.Checkpoint.Step.Value == 25 && one.ManifestHash is not null)) is not null);
        launcher.Send(Signal.Continue);
        await stage.EndsAsync(launcher);
        var chosen = (await stage.LogAsync()).LastOrDefault(static one => one.Name == EventCatalog.Names[typeof(RestorePointChosen)]);
        stage.Must(
            chosen is not null && chosen.Body.GetProperty("chosen").GetString() == $"{stage.Run}/1/10",
            $"after a rewind to step 10 the run went on from {chosen?.Body.GetProperty("chosen").GetString() ?? "nothing"}");
        stage.TookEffect(fault, $"refused while live, taken when the lease was over; {late!.Checkpoint} was sealed after it");
        await stage.JudgeEndAsync();
    }

    /// <summary>
    /// Somebody copies a run's folder under another name, and starts a run of that name. Nobody's bytes are written over or restored: its
    /// first saves are lost loudly, and the generation after a rank's death has names of its own.
    /// </summary>
    public static async Task RunCopiedAsync(Stage stage)
    {
        var from = Path.Combine(stage.World.StoreDirectory, RealTraining.Golden.ToString());
        var to = Path.Combine(stage.World.StoreDirectory, stage.Run.ToString());
        var files = Directory.GetFiles(from, "*", SearchOption.AllDirectories);
        List<string> keys = [];
        foreach (var file in files)
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
            keys.Add(Path.GetRelativePath(stage.World.StoreDirectory, copy));
        }

        var fault = stage.Inject("run-copied", "store", $"golden is copied to {stage.Run}");
        stage.TookEffect(fault, $"copied: {string.Join(", ", keys)}");
        var launcher = stage.Launch("kill rank=1 generation=1 at=opened occurrence=2");
        await stage.UntilAsync("the next generation", async () => await stage.CountAsync<RecoveryStarted>() > 0);
        await stage.EndsAsync(launcher);
        stage.Must(
            (await File.ReadAllTextAsync(launcher.OutputPath, stage.Cancellation)).Contains(
                $"[{ProblemCodes.ObjectExists}]", StringComparison.Ordinal),
            "a save met a foreign object under its name, and nobody said so");
        stage.Must(
            (await stage.CheckpointsAsync()).All(static one => one.Checkpoint.Generation.Value > 1 || one.ManifestHash is null),
            "a checkpoint was sealed over foreign objects");
        await stage.JudgeEndAsync();
    }

    static async Task DoneAsync(Stage stage, params string[] command)
    {
        var (exitCode, output) = await stage.World.CommandAsync(stage.Cancellation, command);
        if (exitCode != ExitCodes.Done)
            throw new WorldException($"lineage {string.Join(' ', command)} ended with {exitCode}: {output.Trim()}");
    }

    /// <returns>The refusal's first line; empty if it was none, which is an objection.</returns>
    static async Task<string> RefusedAsync(Stage stage, string code, params string[] command)
    {
        var operation = stage.Record.Ask("reader", OperationKind.Restore, string.Join(' ', command));
        var (exitCode, output) = await stage.World.CommandAsync(stage.Cancellation, command);
        var refused = exitCode != ExitCodes.Done && output.Contains($"[{code}]", StringComparison.Ordinal);
        stage.Record.Answer("reader", operation, refused ? Outcome.Failed : Outcome.Unknown, code, output.Trim());
        stage.Must(refused, $"lineage {string.Join(' ', command)} was to be refused ({code}); it ended with {exitCode}: {output.Trim()}");
        return refused ? output.Trim().Split('\n')[0] : "";
    }
}
