using System.Globalization;
using System.Text.RegularExpressions;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>A disk that fails, stalls or takes less than it was asked to, as one process sees it: its system calls are tampered
/// with.</summary>
static partial class SyscallHands
{
    const long StallMs = 2_000, StraggleMs = 150, RoomBytes = 8 << 10;

    /// <summary>One fsync of a shard that the rank writes says EIO, or one write where the amount is 1; the next one works.</summary>
    public static async Task<string?> FailOnceAsync(FilePlay play, ScheduledFault fault)
    {
        var call = fault.Amount == 1 ? "pwrite64" : "fsync";
        if (play.RankOf(fault) is not { } rank || BeingWritten(play, rank) is not { } shard) return null;
        var seen = await TamperAsync(play, fault, rank, [$"trace={call}", $"inject={call}:error=EIO:when=1"], "-P", shard);
        await FilePlay.ReleaseAsync(play, fault);
        return seen;
    }

    /// <summary>Every fsync takes so many milliseconds longer as the amount says, or two seconds.</summary>
    public static Task<string?> StallAsync(FilePlay play, ScheduledFault fault) => TamperAsync(
        play, fault, play.RankOf(fault), ["trace=fsync", $"inject=fsync:delay_enter={Micros(fault, StallMs)}"]);

    /// <summary>Every write and fsync of one rank takes so many milliseconds longer as the amount says.</summary>
    public static Task<string?> StraggleAsync(FilePlay play, ScheduledFault fault) => TamperAsync(
        play, fault, play.RankOf(fault), ["trace=pwrite64,fsync", $"inject=pwrite64,fsync:delay_enter={Micros(fault, StraggleMs)}"]);

    /// <summary>The keeper gets EIO for every byte of shards that it has not verified yet.</summary>
    public static Task<string?> FailReadsAsync(FilePlay play, ScheduledFault fault) =>
        TamperWithKeeperAsync(play, fault, ["trace=pread64,read,preadv", "inject=pread64,read,preadv:error=EIO"]);

    /// <summary>The keeper may not open shards that it has not verified yet: a mode would not stop root, so the call says EACCES.</summary>
    public static Task<string?> RefuseReadsAsync(FilePlay play, ScheduledFault fault) =>
        TamperWithKeeperAsync(play, fault, ["trace=openat", "inject=openat:error=EACCES"]);

    /// <summary>The file system has room for a part of what the rank writes next: the kernel takes so much and says so.</summary>
    public static async Task<string?> ShortWriteAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.RankOf(fault) is not { } rank) return null;
        var tracer = await AttachAsync(play, fault, rank, ["trace=pwrite64"]);
        await DiskHands.FillAsync(play, fault);
        DiskHands.LeaveRoom(play, fault.Amount > 0 ? fault.Amount : RoomBytes);
        var stop = play.Held[fault.Id];
        play.Held[fault.Id] = new Undo(async () =>
        {
            await stop.DisposeAsync();
            await DiskHands.EmptyAsync(play, fault);
        });
        play.LetGo(fault);
        string? seen = null;
        await play.Stage.UntilAsync("a write to be cut short", () => Task.FromResult(
            (seen = tracer.Lines().FirstOrDefault(IsShort)) is not null || !ProcessTable.Lives(rank)));
        await FilePlay.ReleaseAsync(play, fault);
        return seen is null ? null : $"a write was cut short: {Brief(seen)}";
    }

    /// <summary>The temporary file of a shard that this process has not finished; null if there is none.</summary>
    static string? BeingWritten(FilePlay play, int process) => !Directory.Exists(DiskHands.FolderOf(play)) ? null
        : Directory.EnumerateFiles(
            DiskHands.FolderOf(play), string.Create(CultureInfo.InvariantCulture, $".*.shard.{process}.tmp"), SearchOption.AllDirectories)
            .FirstOrDefault();

    static bool IsShort(string line) => Write().Match(line) is { Success: true } match
        && long.Parse(match.Groups["took"].Value, CultureInfo.InvariantCulture)
            < long.Parse(match.Groups["asked"].Value, CultureInfo.InvariantCulture);

    static async Task<string?> TamperWithKeeperAsync(FilePlay play, ScheduledFault fault, string[] expressions)
    {
        if (play.World.Keeper is not { HasExited: false } keeper) return null;
        var paths = (await play.Stage.CheckpointsAsync())
            .Where(static view => view.Phase is CheckpointPhase.Open or CheckpointPhase.Sealed)
            .SelectMany(static view => view.Shards).Where(static shard => shard.Stored is not null)
            .SelectMany(shard => new[] { "-P", Path.Combine(play.World.StoreDirectory, shard.Stored!.ObjectKey) }).ToArray();
        return paths.Length == 0 ? null : await TamperAsync(play, fault, keeper.Id, expressions, paths);
    }

    static async Task<string?> TamperAsync(
        FilePlay play, ScheduledFault fault, int? process, string[] expressions, params string[] more)
    {
        if (process is not { } victim) return null;
        var tracer = await AttachAsync(play, fault, victim, expressions, more);
        play.LetGo(fault);
        IReadOnlyList<string> seen = [];
        await play.Stage.UntilAsync("a system call to be tampered with", () => Task.FromResult(
            (seen = tracer.Tampered()).Count > 0 || !ProcessTable.Lives(victim) || IsOver(more)));
        return seen.Count == 0 ? null : $"process {victim}, {seen.Count} calls so far: {Brief(seen[0])}";
    }

    /// <summary>Whether none of the files is there any more that were to be tampered with.</summary>
    static bool IsOver(string[] more) => more.Length > 0 && !more.Any(File.Exists);

    static async Task<SyscallTracer> AttachAsync(
        FilePlay play, ScheduledFault fault, int process, string[] expressions, params string[] more)
    {
        var arguments = expressions.SelectMany(static one => new[] { "-e", one }).Concat(more).ToArray();
        var tracer = SyscallTracer.Attach(process, arguments, play.World.StateDirectory, play.Stage.Clock);
        play.Held[fault.Id] = tracer;
        await play.Stage.UntilAsync($"strace to hold process {process}", () => Task.FromResult(tracer.HoldsAll(process)));
        return tracer;
    }

    static string Micros(ScheduledFault fault, long otherwise) =>
        ((fault.Amount > 0 ? fault.Amount : otherwise) * 1_000).ToString(CultureInfo.InvariantCulture);

    /// <summary>Without the bytes.</summary>
    static string Brief(string line) => Bytes().Replace(line, "…");

    [GeneratedRegex(
        "pwrite64\\(.*, (?<asked>[0-9]+), [0-9]+\\) += (?<took>[0-9]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Write();

    [GeneratedRegex("\"([^\"\\\\]|\\\\.)*\"(\\.\\.\\.)?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Bytes();
}
