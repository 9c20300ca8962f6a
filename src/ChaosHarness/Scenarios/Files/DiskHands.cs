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

    public static bool NeedsMount(Schedule schedule) =>
        schedule.Faults.Any(static one => one.Kind is "disk-full" or "disk-read-only");

    public static bool NeedsDisk(Schedule schedule) =>
        schedule.Faults.Any(static one => RealInjectors.All[one.Kind].Needs.Contains(Capability.PowerLoss));

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
