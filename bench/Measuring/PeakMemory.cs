using System.Globalization;

namespace Lineage.Bench.Measuring;

/// <summary>How far the resident memory of this process rises while it works (Linux only; NaN elsewhere).</summary>
static class PeakMemory
{
    const string Status = "/proc/self/status", Reset = "/proc/self/clear_refs";

    /// <returns>Bytes above what was resident before.</returns>
    public static async Task<double> OfAsync(Func<Task> work)
    {
        if (!File.Exists(Reset))
        {
            await work();
            return double.NaN;
        }

        GC.Collect();
        await File.WriteAllTextAsync(Reset, "5");   // the high-water mark counts anew (proc(5))
        var before = Read("VmRSS:");
        await work();
        return Read("VmHWM:") - before;
    }

    /// <summary>Bytes that were resident at most, since the start or the last reset.</summary>
    public static double OfProcess() => File.Exists(Status) ? Read("VmHWM:") : double.NaN;

    static double Read(string field)
    {
        var line = File.ReadLines(Status).First(line => line.StartsWith(field, StringComparison.Ordinal));
        return 1024 * double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
