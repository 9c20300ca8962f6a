using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>What becomes of the file system that the run's shards lie on.</summary>
static class DiskHands
{
    const string Filler = ".filler";

    /// <summary>Room of the small file system that stands in for a disk.</summary>
    public const int MebiBytes = 256;

    /// <summary>What is asked of the small file system: its room, and how many names it holds.</summary>
    public static string MountOptions { get; } = string.Create(CultureInfo.InvariantCulture, $"size={MebiBytes}m,nr_inodes=4096");

    public static bool NeedsMount(Schedule schedule) => schedule.Faults.Any(static one =>
        one.Kind is "disk-full" or "disk-read-only" or "disk-short-write" or "inodes-exhausted");

    public static bool NeedsDisk(Schedule schedule) => schedule.Faults.Any(static one =>
        !NeedsBrokerDisk(one) && RealInjectors.All[one.Kind].Needs.Contains(Capability.PowerLoss));

    /// <summary>Whether the broker's data lies on a disk of its own.</summary>
    public static bool NeedsBrokerDisk(ScheduledFault fault) => fault.Kind is "broker-power-loss";

    /// <summary>A small file system for the run's shards alone, until it is disposed.</summary>
    public static async Task<IAsyncDisposable> MountAsync(FilePlay play, CancellationToken ct)
    {
        var folder = Directory.CreateDirectory(FolderOf(play)).FullName;
        await ProgramRun.MustAsync("mount", ["-t", "tmpfs", "-o", MountOptions, "tmpfs", folder], ct);
        return new Undo(() => ProgramRun.MustAsync("umount", ["--lazy", folder], CancellationToken.None));
    }

    /// <summary>The folder that belongs to the run's shards alone.</summary>
    public static string FolderOf(FilePlay play) => Path.Combine(play.World.StoreDirectory, play.Stage.Run.ToString());

    /// <summary>A file takes all the room that is left.</summary>
    public static async Task<string?> FillAsync(FilePlay play, ScheduledFault fault)
    {
        const int pieceBytes = 4_096, largeBytes = 1 << 20;
        var path = Path.Combine(FolderOf(play), Filler);
        var large = await AppendAsync(path, largeBytes, play.Stage.Cancellation);
        var written = large.Bytes + (await AppendAsync(path, pieceBytes, play.Stage.Cancellation)).Bytes;   // the last pages too
        return large.Refusal is { } refusal ? $"{written:N0} B were written until there was no room: {refusal}" : null;
    }

    static async Task<(long Bytes, string? Refusal)> AppendAsync(string path, int pieceBytes, CancellationToken ct)
    {
        var (piece, written) = (new byte[pieceBytes], 0L);
        try
        {
            await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            for (; written <= (long)MebiBytes << 20; written += pieceBytes) await file.WriteAsync(piece, ct);
            return (written, null);
        }
        catch (IOException full)
        {
            return (written, full.Message);
        }
    }

    /// <summary>The filler gives so many bytes back.</summary>
    public static void LeaveRoom(FilePlay play, long bytes)
    {
        using var file = new FileStream(Path.Combine(FolderOf(play), Filler), FileMode.Open, FileAccess.Write);
        file.SetLength(Math.Max(0, file.Length - bytes));
    }

    /// <summary>Empty files take every name that is left, while bytes are free.</summary>
    public static Task<string?> ExhaustNamesAsync(FilePlay play, ScheduledFault fault)
    {
        const int namesMax = 100_000;
        var folder = Directory.CreateDirectory(Path.Combine(FolderOf(play), Filler)).FullName;
        for (var made = 0; made < namesMax; made++)
        {
            try
            {
                File.Create(Path.Combine(folder, made.ToString(CultureInfo.InvariantCulture))).Dispose();
            }
            catch (IOException full)
            {
                var free = new DriveInfo(FolderOf(play)).AvailableFreeSpace;
                return Task.FromResult<string?>(free > 0 ? $"{made:N0} names were taken, {free:N0} B are free: {full.Message}" : null);
            }
        }

        return Task.FromResult<string?>(null);
    }

    public static Task GiveNamesBackAsync(FilePlay play, ScheduledFault fault)
    {
        Directory.Delete(Path.Combine(FolderOf(play), Filler), recursive: true);
        return Task.CompletedTask;
    }

    public static Task EmptyAsync(FilePlay play, ScheduledFault fault)
    {
        File.Delete(Path.Combine(FolderOf(play), Filler));
        return Task.CompletedTask;
    }

    /// <summary>Refused while a file is open for writing; then it is tried again.</summary>
    public static async Task<string?> ProtectAsync(FilePlay play, ScheduledFault fault)
    {
        var (exitCode, _) = await ProgramRun.Async("mount", ["-o", "remount,ro", FolderOf(play)], play.Stage.Cancellation);
        if (exitCode != 0) return null;
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(FolderOf(play), Filler), [1], play.Stage.Cancellation);
            return null;
        }
        catch (IOException refused)
        {
            return $"a write is refused: {refused.Message}";
        }
    }

    public static Task UnprotectAsync(FilePlay play, ScheduledFault fault) =>
        ProgramRun.MustAsync("mount", ["-o", "remount,rw", FolderOf(play)], play.Stage.Cancellation);

    /// <summary>The power of the disk goes that database, shards and outboxes lie on; whoever comes up again finds what had reached
    /// it.</summary>
    public static async Task<string?> CutPowerAsync(FilePlay play, PowerCut how)
    {
        if (play.Disk is not { } disk || play.Launcher is not { HasExited: false }) return null;
        var told = await play.Stage.CheckpointsAsync();   // an answer was given: this must be there for ever
        await play.Stage.ReadRecordAsync();
        var postgres = play.World.PostgresProcess;
        disk.CutPower(how);
        await play.World.KillEverythingAsync(postgres, play.Stage.Cancellation);
        await play.World.DisposeAsync();
        disk.Unmount();
        disk.Mount();
        await play.StartAgainAsync();
        return $"the disk was cut off ({how}) with {told.Count} checkpoints on record and mounted again";
    }
}
