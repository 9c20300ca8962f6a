using System.Globalization;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>Ranks that run short of something: processor time, memory, file handles; or that the kernel freezes.</summary>
static class RankLimitHands
{
    const int PeriodMicros = 100_000, PercentOtherwise = 5, ThrottledMin = 3, MemoryBytes = 1 << 20;

    const string NoHandle = "Too many open files";

    /// <summary>So many hundredths of a processor as the amount says, or five.</summary>
    public static async Task<string?> StarveAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.RankOf(fault) is not { } rank) return null;
        var group = Into(play, fault, ControlGroup.Processor, rank);
        group.Write("cpu.cfs_period_us", PeriodMicros.ToString(CultureInfo.InvariantCulture));
        var micros = PeriodMicros / 100 * (fault.Amount > 0 ? fault.Amount : PercentOtherwise);
        group.Write("cpu.cfs_quota_us", micros.ToString(CultureInfo.InvariantCulture));
        play.LetGo(fault);
        await play.Stage.UntilAsync("the rank to be throttled", () => Task.FromResult(
            !ProcessTable.Lives(rank) || group.Number("cpu.stat", "nr_throttled") >= ThrottledMin));
        return group.Number("cpu.stat", "nr_throttled") is > 0 and var times
            ? $"process {rank} of {fault.Target} was throttled {times} times, {micros} of {PeriodMicros} microseconds were its own" : null;
    }

    /// <summary>By the kernel's freezer: unlike a stopped process it does not see that it was, and no signal reaches it.</summary>
    public static async Task<string?> FreezeAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.RankOf(fault) is not { } rank) return null;
        play.LetGo(fault);
        var group = Into(play, fault, ControlGroup.Freezer, rank);
        var thaw = play.Held[fault.Id];
        play.Held[fault.Id] = new Undo(async () =>
        {
            group.Write("freezer.state", "THAWED");
            await thaw.DisposeAsync();
        });
        group.Write("freezer.state", "FROZEN");
        await play.Stage.UntilAsync("the rank to be frozen", () => Task.FromResult(group.Read("freezer.state") == "FROZEN"));
        return $"process {rank} of {fault.Target} is frozen";
    }

    /// <summary>What it asks for from here on may not exceed a mebibyte; what it has stays its own.</summary>
    public static async Task<string?> StarveOfMemoryAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.RankOf(fault) is not { } rank) return null;
        var group = Into(play, fault, ControlGroup.Memory, rank);
        group.Write("memory.limit_in_bytes", (fault.Amount > 0 ? fault.Amount : MemoryBytes).ToString(CultureInfo.InvariantCulture));
        play.LetGo(fault);
        await play.Stage.UntilAsync("the kernel to kill the rank", () => Task.FromResult(
            !ProcessTable.Lives(rank) && group.Number("memory.oom_control", "oom_kill") > 0));
        return $"the kernel killed process {rank} of {fault.Target} for memory: oom_kill {group.Number("memory.oom_control", "oom_kill")}";
    }

    /// <summary>No file, connection or pipe can be opened any more; what is open stays so.</summary>
    public static async Task<string?> StarveOfHandlesAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.RankOf(fault) is not { } rank || play.Launcher is not { } launcher) return null;
        var (before, told) = (SoftLimitOf(rank), Count(launcher));
        await LimitAsync(rank, FirstFree(rank).ToString(CultureInfo.InvariantCulture), play.Stage.Cancellation);
        play.Held[fault.Id] = new Undo(() =>
            ProcessTable.Lives(rank) ? LimitAsync(rank, before, CancellationToken.None) : Task.CompletedTask);
        play.LetGo(fault);
        await play.Stage.UntilAsync("the rank to need a handle", () => Task.FromResult(
            !ProcessTable.Lives(rank) || Count(launcher) > told));
        return ProcessTable.Lives(rank) ? $"process {rank} of {fault.Target} was refused a handle and went on"
            : $"process {rank} of {fault.Target} was refused a handle and ended; {Count(launcher) - told} lines say \"{NoHandle}\"";
    }

    static ControlGroup Into(FilePlay play, ScheduledFault fault, string controller, int process)
    {
        var group = ControlGroup.Make(controller);
        play.Held[fault.Id] = new Undo(() =>
        {
            group.Dispose();
            return Task.CompletedTask;
        });
        group.Add(process);
        return group;
    }

    static int Count(ChildProcess launcher) => launcher.Tail(int.MaxValue).Split(NoHandle).Length - 1;

    /// <summary>The lowest number that no open file of the process has: where the limit has to be so that it gets no more.</summary>
    static int FirstFree(int process)
    {
        var folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd");
        var open = Directory.EnumerateFileSystemEntries(folder)
            .Select(static one => int.Parse(Path.GetFileName(one), NumberStyles.None, CultureInfo.InvariantCulture)).ToHashSet();
        var first = 0;
        while (open.Contains(first)) first++;
        return first;
    }

    static string SoftLimitOf(int process) =>
        File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/limits"))
            .Single(static line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];

    /// <summary>Only the soft limit; the hard one could not be given back.</summary>
    static Task LimitAsync(int process, string files, CancellationToken ct) => ProgramRun.MustAsync(
        "prlimit", ["--pid", process.ToString(CultureInfo.InvariantCulture), $"--nofile={files}:"], ct);
}
