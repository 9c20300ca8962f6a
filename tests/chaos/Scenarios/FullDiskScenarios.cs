using System.Diagnostics;
using System.Globalization;
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
