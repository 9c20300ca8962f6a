using System.Diagnostics;
using System.Globalization;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Chaos.Scenarios;

public sealed class FullDiskScenarios
{
    static readonly RunId Run = RunId.Parse("full-disk");

    [TmpfsFact]
    public async Task A_full_store_loses_the_saves_loudly_and_training_goes_on_to_its_end()
    {
        await using var world = await World.StartAsync("full-disk");
        var store = Path.Combine(world.Training.StateDirectory, "small-store");
        Directory.CreateDirectory(store);
        Assert.Equal(0, await TmpfsFactAttribute.RunAsync("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", store));
        try
        {
            var launcher = world.Launch(Run, ranks: 2, steps: 9, saveEvery: 3, "--store", store);

            var exitCode = await launcher.WaitAsync(world.Cancellation);

            Assert.True(exitCode == ExitCodes.Partial, launcher.Tail());
            Assert.Contains("No space left on device", await File.ReadAllTextAsync(launcher.OutputPath), StringComparison.Ordinal);
            var run = await world.RunAsync(Run);
            Assert.Equal((RunPhase.Completed, new Step(9), null), (run!.Phase, run.FinalStep, run.NewestSealed));
            var saves = await world.UntilAsync(
                "every save closed", () => world.CheckpointsAsync(Run), static all =>
                    all.All(static one => one.Phase != CheckpointPhase.Open));
            Assert.All(saves, static save => Assert.Equal(CheckpointPhase.Abandoned, save.Phase));
            Assert.Empty(Directory.GetFiles(store, "r*.shard", SearchOption.AllDirectories));   // no torn object under its name
        }
        finally
        {
            Assert.Equal(0, await TmpfsFactAttribute.RunAsync("umount", store));
        }
    }

    /// <summary>
    /// One rank of two cannot keep its reports: its outbox lies on a file system without room for another file, so what it says of its
    /// failure cannot go that way either. The peer used to wait for the deadline, and was then taken for dead.
    /// </summary>
    [TmpfsFact]
    public async Task One_rank_without_room_for_its_report_costs_saves_and_no_recovery()
    {
        await using var world = await World.StartAsync("full-outbox");
        var run = RunId.Parse("full-outbox");
        var outbox = Path.Combine(world.Training.StateDirectory, "runs", run.ToString(), "outbox-r0");
        Directory.CreateDirectory(outbox);
        Assert.Equal(0, await TmpfsFactAttribute.RunAsync("mount", "-t", "tmpfs", "-o", "nr_inodes=1", "tmpfs", outbox));
        try
        {
            var launcher = world.Launch(run, ranks: 2, steps: 6, saveEvery: 1);

            var exitCode = await launcher.WaitAsync(world.Cancellation);

            Assert.True(exitCode == ExitCodes.Partial, launcher.Tail());
            Assert.Equal(new Generation(1), (await world.RunAsync(run))!.Generation);
            var saves = await world.CheckpointsAsync(run);
            Assert.Equal(6, saves.Count);
            Assert.All(saves, static save =>
            {
                Assert.Equal(CheckpointPhase.Abandoned, save.Phase);
                Assert.StartsWith("rank 0 could not save its shard", save.Cause, StringComparison.Ordinal);
                Assert.EndsWith("[disk-full]", save.Cause, StringComparison.Ordinal);
                Assert.True(save.ClosedAt < save.Deadline, $"{save.Checkpoint} was closed at its deadline");
            });
        }
        finally
        {
            Assert.Equal(0, await TmpfsFactAttribute.RunAsync("umount", "--lazy", outbox));
        }
    }

    [TmpfsFact]
    public async Task Losses_that_have_no_room_leave_a_file_that_can_be_read_and_goes_on()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"lineage-losses-{Environment.ProcessId}");
        var folder = Path.Combine(Path.GetTempPath(), name);
        Directory.CreateDirectory(folder);
        Assert.Equal(0, await TmpfsFactAttribute.RunAsync("mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", folder));
        try
        {
            var path = Path.Combine(folder, "loss.jsonl");
            await File.WriteAllBytesAsync(Path.Combine(folder, "filler"), new byte[4_096]);
            var kept = 0;
            using (var series = LossSeries.Append(path))
            {
                Assert.Throws<IOException>(() =>
                {
                    for (; kept < 1_000; kept++) series.Add(Record(kept + 1));
                });
                Assert.Equal(kept, LossSeries.Surviving(path).Count);
                File.Delete(Path.Combine(folder, "filler"));
                series.Add(Record(kept + 1));
            }

            Assert.InRange(kept, 10, 999);
            Assert.Equal(kept + 1, LossSeries.Surviving(path).Count);
        }
        finally
        {
            Assert.Equal(0, await TmpfsFactAttribute.RunAsync("umount", folder));
            Directory.Delete(folder);
        }

        static LossRecord Record(long step) => LossRecord.Of(new Step(step), new Generation(1), 0.5);
    }
}

/// <summary>A test that mounts a file system of its own; where that is not allowed it is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TmpfsFactAttribute : FactAttribute
{
    const int CapabilitySysAdmin = 21;   // linux/capability.h

    public TmpfsFactAttribute() => Skip = MayMount() ? null : "mounting a small file system needs CAP_SYS_ADMIN";

    static bool MayMount() => File.ReadLines("/proc/self/status")
        .Where(static line => line.StartsWith("CapEff:", StringComparison.Ordinal))
        .Select(static line => ulong.Parse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
        .Any(static capabilities => (capabilities >> CapabilitySysAdmin & 1) == 1);

    public static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })!;
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }
}
