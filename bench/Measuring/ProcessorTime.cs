using System.Runtime.InteropServices;

namespace Lineage.Bench.Measuring;

/// <summary>Processor seconds, user and kernel together. A busy neighbour lengthens the wall time of a run, hardly this.</summary>
static partial class ProcessorTime
{
    const int ProcessClock = 2;          // CLOCK_PROCESS_CPUTIME_ID of Linux
    const int Children = -1;             // RUSAGE_CHILDREN

    /// <summary>All threads of this process: whoever uses several threads pays for each of them.</summary>
    public static double OfProcess()
    {
        if (!OperatingSystem.IsLinux()) return Environment.CpuUsage.TotalTime.TotalSeconds;
        return GetTime(ProcessClock, out var time) == 0 ? time.Seconds + (time.Nanoseconds * 1e-9) : double.NaN;
    }

    /// <summary>All child processes that have ended and were waited for.</summary>
    public static double OfChildren() => OperatingSystem.IsLinux() && GetUsage(Children, out var usage) == 0
        ? usage.User.Seconds + usage.Kernel.Seconds + ((usage.User.Microseconds + usage.Kernel.Microseconds) * 1e-6)
        : double.NaN;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, out Usage usage);

    [StructLayout(LayoutKind.Sequential)]
    struct TimeSpec
    {
        public long Seconds, Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct TimeValue
    {
        public long Seconds, Microseconds;
    }

    /// <summary>The two times at the front of <c>struct rusage</c> and room for its 14 counters.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 144)]
    struct Usage
    {
        public TimeValue User, Kernel;
    }
}
