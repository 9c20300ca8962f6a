using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>Stores that die, lose power, fill up or rot.</summary>
static class StoreScenarios
{
    public static async Task PostgresKilledAsync(Stage stage)
    {
        var (launcher, rank) = await stage.LaunchStoppingAsync("outbox-dir-synced", 3);
        var before = stage.World.PostgresProcess ?? throw new WorldException("The server has no private PostgreSQL.");
        var fault = stage.Inject("postgres-kill-during-commit", "store", "SIGKILL to PostgreSQL while a report is being committed");
        ChildProcess.Send(rank, Signal.Continue);
        ChildProcess.Send(before, Signal.Kill);
        await stage.UntilAsync("PostgreSQL to be started again", () =>
            Task.FromResult(stage.World.PostgresProcess is { } now && now != before));
        stage.TookEffect(fault, $"process {before} is gone, {stage.World.PostgresProcess} took over its log");
        stage.Healed(fault, "started again by the server");
        await stage.EndsAsync(launcher);
        await stage.JudgeEndAsync();
    }

    /// <summary>PostgreSQL, shards and outboxes on one disk whose power goes in the middle of a save.</summary>
    public static async Task PowerLossAsync(Stage stage, string program, PowerCut how)
    {
        using var disk = LoopDisk.Create(512L << 20, stage.Clock);
        var options = new WorldOptions(program, Path.Combine(disk.Root, "state"), Broker: false)
        {
            Logs = Path.Combine(stage.World.StateDirectory, "logs", $"power-loss-{how}"),
            Watched = true,
        };
        IReadOnlyList<CheckpointView> told;
        var fault = stage.Inject(
            how == PowerCut.JournalFlushed ? "store-power-loss-journal" : "store-power-loss", "store",
            $"PostgreSQL, shards and outboxes on one ext4; {how}");
        await using (var first = await TrainingWorld.StartAsync(options, stage.Clock, stage.Cancellation))
        {
            var before = stage.In(first);
            await before.LaunchStoppingAsync("outbox-dir-synced", 3, "--lease", "4");
            told = await before.CheckpointsAsync();   // an answer was given: this must be there for ever
            await before.ReadRecordAsync();
            var postgres = first.PostgresProcess;
            disk.CutPower(how);
            await first.KillEverythingAsync(postgres, stage.Cancellation);
        }

        disk.Unmount();
        disk.Mount();
        stage.TookEffect(fault, $"the disk was cut off with {told.Count} checkpoints on record and mounted again");
        await using var second = await TrainingWorld.StartAsync(options, stage.Clock, stage.Cancellation);
        var after = stage.In(second);
        var found = (await after.CheckpointsAsync()).ToDictionary(static one => one.Checkpoint);
        JudgeAcknowledged(stage, second, told, found);
        await after.UntilAsync("the dead launcher's lease to end", async () => await after.CountAsync<LeaseExpired>() > 0);
        await after.EndsAsync(after.Launch(fault: null, "--lease", "4"));
        await after.JudgeEndAsync(losses: false);
    }

    /// <summary>Whatever an answer had named before the power went is on record, and its shards are there.</summary>
    static void JudgeAcknowledged(
        Stage stage, TrainingWorld world, IReadOnlyList<CheckpointView> told, Dictionary<CheckpointId, CheckpointView> found)
    {
        foreach (var one in told)
        {
            stage.Must(found.ContainsKey(one.Checkpoint), $"{one.Checkpoint} was on record before the power went and is not after");
            stage.Must(!found.TryGetValue(one.Checkpoint, out var now) || one.ManifestHash is null || now.ManifestHash == one.ManifestHash,
                $"{one.Checkpoint} was sealed before the power went and is not after");
            foreach (var shard in one.Shards.Where(static shard => shard.Stored is not null))
                stage.Must(new FileInfo(Path.Combine(world.StoreDirectory, shard.Stored!.ObjectKey)) is { Exists: true } file
                    && file.Length == shard.Stored.StoredBytes, $"{shard.Stored!.ObjectKey} was promised and is not there whole");
        }
    }

    /// <summary>
    /// The run's own folder of the store is a small file system with room for one checkpoint and a half, so that keeper and judge read
    /// what there was room for. The rank that has no room says so, and its save is given up for all, long before its deadline; nobody is
    /// taken for dead, so no generation follows.
    /// </summary>
    public static async Task DiskFullAsync(Stage stage)
    {
        var store = Path.Combine(stage.World.StoreDirectory, stage.Run.ToString());
        Directory.CreateDirectory(store);
        var fault = stage.Inject("disk-full", "store", "a file system of 2 MiB");
        await ProgramRun.MustAsync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", store], stage.Cancellation);
        try
        {
            var launcher = stage.Launch();
            await stage.EndsAsync(launcher, ExitCodes.Partial);
            if ((await File.ReadAllTextAsync(launcher.OutputPath, stage.Cancellation)).Contains("No space left", StringComparison.Ordinal))
                stage.TookEffect(fault, "a save was refused: no space left on device");
            await JudgeLossesAsync(stage);
            var whole = (await stage.CheckpointsAsync()).SelectMany(static one => one.Shards)
                .Where(static shard => shard.Stored is not null)
                .ToDictionary(
                    static shard => shard.Stored!.ObjectKey, static shard => shard.Stored!.StoredBytes, StringComparer.Ordinal);
            foreach (var file in Directory.EnumerateFiles(store, "r*.shard", SearchOption.AllDirectories))
                stage.Must(
                    whole.TryGetValue(Path.GetRelativePath(stage.World.StoreDirectory, file), out var bytes)
                        && bytes == new FileInfo(file).Length,
                    $"{file} has its final name and is not what was promised");
            await stage.JudgeEndAsync();
        }
        finally
        {
            await ProgramRun.MustAsync("umount", ["--lazy", store], CancellationToken.None);   // a keeper may be reading
        }
    }

    /// <summary>Saves were lost, each because a rank said so, and nothing else happened to the run.</summary>
    static async Task JudgeLossesAsync(Stage stage)
    {
        var log = await stage.LogAsync();
        var abandoned = log.Where(static entry => entry.Name == EventCatalog.Names[typeof(CheckpointAbandoned)]).ToList();
        stage.Must(abandoned.Count > 0, "no save was abandoned, although there is no room for all of them");
        foreach (var entry in abandoned)
            stage.Must(entry.Summary.Contains($"[{ProblemCodes.DiskFull}]", StringComparison.Ordinal), $"{entry.Stream}: {entry.Summary}");
        stage.Must(
            log.All(static entry => entry.Name != EventCatalog.Names[typeof(RecoveryStarted)]),
            "a recovery began although no rank died: a full disk must cost saves only");
    }

    /// <summary>Damages the newest restore point, or the full one below it, and kills a rank so that somebody has to choose.</summary>
    public static async Task RotAsync(Stage stage, DamageClass kind, bool inBase)
    {
        var (launcher, rank) = await stage.LaunchStoppingAsync("closed", 4, "--full-every", "8");
        var newest = await SettledAsync(stage);
        var all = (await stage.CheckpointsAsync()).ToDictionary(static one => one.Checkpoint);
        var hurt = newest;
        while (inBase && hurt.Base is { } link) hurt = all[link.Checkpoint];
        var shards = hurt.Shards.Select(shard => Path.Combine(stage.World.StoreDirectory, shard.Stored!.ObjectKey)).ToArray();
        var fault = stage.Inject(KindOf(kind, inBase), "shard:0", $"{hurt.Checkpoint}: " +
            (inBase ? "the base of the chain" : "the newest restore point"));
        stage.TookEffect(fault, StoredDamage.Apply(kind, shards[0], shards[1]));
        ChildProcess.Send(rank, Signal.Kill);
        await stage.EndsAsync(launcher);
        var now = (await stage.CheckpointsAsync()).Single(one => one.Checkpoint == hurt.Checkpoint);
        stage.Note("reader", "quarantine", $"{hurt.Checkpoint} is {now.Phase}: {now.Cause}");
        stage.Must(now.Phase == CheckpointPhase.Quarantined, $"{hurt.Checkpoint} is damaged and {now.Phase}");
        await stage.JudgeEndAsync();
    }

    /// <summary>As the fault catalogue calls it.</summary>
    static string KindOf(DamageClass kind, bool inBase) => kind switch
    {
        DamageClass.FlipInBody => inBase ? "bit-rot-in-base" : "bit-rot-in-delta",
        DamageClass.FlipInHeader => "bit-rot-in-header",
        DamageClass.FlipInIndex => "bit-rot-in-index",
        DamageClass.FlipInFooter => "bit-rot-in-footer",
        DamageClass.Truncated => "truncation",
        DamageClass.Emptied => "emptied",
        DamageClass.ZeroRun => "zero-run",
        DamageClass.TornBlock => "torn-block",
        DamageClass.ExtraTail => "extra-tail",
        DamageClass.Swapped => "swapped-shards",
        DamageClass.WrongRank => "wrong-rank",
        DamageClass.ReplayedOlder => "stale-shard",
        DamageClass.Missing => "object-deleted",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The newest restore point, a delta, once nothing newer can still become one: a rank stands still.</summary>
    public static async Task<CheckpointView> SettledAsync(Stage stage)
    {
        const int looks = 3;
        CheckpointView? newest = null;
        var same = 0;
        await stage.UntilAsync("every sealed checkpoint to be verified", async () =>
        {
            var all = await stage.CheckpointsAsync();
            var now = all.FirstOrDefault(static one => one.Phase == CheckpointPhase.Verified);
            var isQuiet = now is not null && all.All(static one => one.Phase != CheckpointPhase.Sealed);
            same = isQuiet && now!.Checkpoint == newest?.Checkpoint ? same + 1 : 0;
            newest = now;
            return same >= looks;
        });
        return newest is { Kind: CheckpointKind.Incremental } delta ? delta
            : throw new WorldException($"{newest?.Checkpoint} is no delta; there is no chain to damage.");
    }
}
