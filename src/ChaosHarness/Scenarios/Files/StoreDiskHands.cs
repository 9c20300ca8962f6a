using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Npgsql;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>The file system of PostgreSQL alone: small, and full.</summary>
static class StoreDiskHands
{
    const string Filler = ".filler";
    const int PieceBytes = 64 << 10, SegmentsMax = 12;

    static readonly string Size = string.Create(CultureInfo.InvariantCulture, $"size={DiskHands.MebiBytes}m,mode=0700");

    public static bool NeedsMount(Schedule schedule) => schedule.Faults.Any(static one => one.Kind is "store-disk-full");

    public static string FolderOf(string stateDirectory) => Path.Combine(stateDirectory, "postgres");

    public static async Task<IAsyncDisposable> MountAsync(string stateDirectory, CancellationToken ct)
    {
        var folder = Directory.CreateDirectory(FolderOf(stateDirectory)).FullName;
        await ProgramRun.MustAsync("mount", ["-t", "tmpfs", "-o", Size, "tmpfs", folder], ct);
        return new Undo(() => ProgramRun.MustAsync("umount", ["--lazy", folder], CancellationToken.None));
    }

    /// <summary>No room is left, and the write-ahead log is told to go on to its next file until it cannot.</summary>
    public static async Task<string?> FillAsync(FilePlay play, ScheduledFault fault)
    {
        var folder = FolderOf(play.World.StateDirectory);
        if (File.Exists(Path.Combine(folder, "moved-to")))
            throw new WorldException($"PostgreSQL of this world does not lie in {folder}; its disk cannot be filled.");
        var path = Path.Combine(folder, Filler);
        var written = 0L;
        play.Held[fault.Id] = new Undo(() =>
        {
            File.Delete(path);
            return Task.CompletedTask;
        });
        try
        {
            await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            for (var piece = new byte[PieceBytes]; ; written += piece.Length) await file.WriteAsync(piece, play.Stage.Cancellation);
        }
        catch (IOException full)
        {
            play.LetGo(fault);
            play.Stage.Record.Paused += FilePlay.Lasting(fault);
            return $"{written:N0} B were written until there was no room: {full.Message}; {await NextSegmentAsync(play)}";
        }
    }

    /// <summary>Until PostgreSQL itself says that it has no room.</summary>
    static async Task<string> NextSegmentAsync(FilePlay play)
    {
        for (var segment = 0; segment < SegmentsMax; segment++)
        {
            try
            {
                if (await PostgresHands.OpenAsync(play) is not { } connection) return "PostgreSQL takes no connection any more";
                await using var close = connection;
                await PostgresHands.RunAsync(
                    connection, "select pg_logical_emit_message(true, 'chaos', 'x'); select pg_switch_wal()", play.Stage.Cancellation);
            }
            catch (NpgsqlException refused)
            {
                return $"PostgreSQL said: {refused.Message}";
            }
        }

        throw new WorldException($"PostgreSQL went on through {SegmentsMax} files of its log although no room was left.");
    }
}
