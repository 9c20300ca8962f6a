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
        var fault = stage.Inject("store-kill", "store", "SIGKILL to PostgreSQL while a report is being committed");
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
        };
        IReadOnlyList<CheckpointView> told;
        var fault = stage.Inject("power-loss", "store", $"PostgreSQL, shards and outboxes on one ext4; {how}");
        await using (var first = await TrainingWorld.StartAsync(options, stage.Clock, stage.Cancellation))
        {
            var before = stage.In(first);
            await before.LaunchStoppingAsync("outbox-dir-synced", 3, "--lease", "4");
            told = await before.CheckpointsAsync();   // an answer was given: this must be there for ever
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
        foreach (var objection in after.Objections) stage.Must(holds: false, objection);
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

    public static async Task DiskFullAsync(Stage stage)
    {
        var store = Path.Combine(stage.World.StateDirectory, "small-store");
        Directory.CreateDirectory(store);
        var fault = stage.Inject("disk-full", "store", "a file system of 256 KiB");
        await ProgramRun.MustAsync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", store], stage.Cancellation);
        try
        {
            var launcher = stage.Launch(fault: null, "--store", store);
            await stage.EndsAsync(launcher, ExitCodes.Partial);
            if ((await File.ReadAllTextAsync(launcher.OutputPath, stage.Cancellation)).Contains("No space left", StringComparison.Ordinal))
                stage.TookEffect(fault, "a save was refused: no space left on device");
            var whole = (await stage.CheckpointsAsync()).SelectMany(static one => one.Shards)
                .Where(static shard => shard.Stored is not null)
                .ToDictionary(
                    static shard => shard.Stored!.ObjectKey, static shard => shard.Stored!.StoredBytes, StringComparer.Ordinal);
            foreach (var file in Directory.EnumerateFiles(store, "r*.shard", SearchOption.AllDirectories))
                stage.Must(whole.TryGetValue(Path.GetRelativePath(store, file), out var bytes) && bytes == new FileInfo(file).Length,
                    $"{file} has its final name and is not what was promised");
        }
        finally
        {
            await ProgramRun.MustAsync("umount", [store], CancellationToken.None);
        }

        await stage.JudgeEndAsync();
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
        var fault = stage.Inject(kind.ToString(), $"{hurt.Checkpoint}", inBase ? "the base of the chain" : "the newest restore point");
        stage.Note("nemesis", "damage", StoredDamage.Apply(kind, shards[0], shards[1]));
        ChildProcess.Send(rank, Signal.Kill);
        await stage.EndsAsync(launcher);
        var now = (await stage.CheckpointsAsync()).Single(one => one.Checkpoint == hurt.Checkpoint);
        if (now.Phase == CheckpointPhase.Quarantined) stage.TookEffect(fault, $"{hurt.Checkpoint} was quarantined: {now.Cause}");
        stage.Must(now.Phase != CheckpointPhase.Verified, $"{hurt.Checkpoint} is damaged and still offered");
        await stage.JudgeEndAsync();
    }

    /// <summary>The newest restore point, a delta, once nothing newer can still become one: a rank stands still.</summary>
    static async Task<CheckpointView> SettledAsync(Stage stage)
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
