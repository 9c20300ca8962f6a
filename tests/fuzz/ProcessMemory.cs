using System.Globalization;

namespace Lineage.Fuzz;

/// <summary>Memory of the whole process as the system counts it, native allocations included.</summary>
static class ProcessMemory
{
    const string Status = "/proc/self/status", Peak = "VmHWM:";

    /// <summary>The most that was ever resident; null where the system does not say.</summary>
    public static long? PeakBytes()
    {
        if (!File.Exists(Status)) return null;
        var line = File.ReadLines(Status).FirstOrDefault(static text => text.StartsWith(Peak, StringComparison.Ordinal));
        return line is null ? null : long.Parse(line.AsSpan(Peak.Length).TrimEnd("kB ").Trim(), CultureInfo.InvariantCulture) * 1_024;
    }
}
