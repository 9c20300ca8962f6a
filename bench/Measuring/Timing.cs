using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Lineage.Bench.Measuring;

/// <summary>One timed run, in seconds.</summary>
[StructLayout(LayoutKind.Auto)]
readonly record struct Lap(double Wall, double Processor)
{
    public static Lap operator +(Lap first, Lap second) => new(first.Wall + second.Wall, first.Processor + second.Processor);

    public static Lap Of(Action work)
    {
        var (wall, processor) = (Stopwatch.GetTimestamp(), ProcessorTime.OfProcess());
        work();
        return new Lap(Stopwatch.GetElapsedTime(wall).TotalSeconds, ProcessorTime.OfProcess() - processor);
    }

    public static async Task<Lap> OfAsync(Func<Task> work)
    {
        var (wall, processor) = (Stopwatch.GetTimestamp(), ProcessorTime.OfProcess());
        await work();
        return new Lap(Stopwatch.GetElapsedTime(wall).TotalSeconds, ProcessorTime.OfProcess() - processor);
    }

    /// <summary>For work that other processes do and this one waits for.</summary>
    public static Lap OfChildren(Action work)
    {
        var (wall, processor) = (Stopwatch.GetTimestamp(), ProcessorTime.OfChildren());
        work();
        return new Lap(Stopwatch.GetElapsedTime(wall).TotalSeconds, ProcessorTime.OfChildren() - processor);
    }
}

/// <summary>Several runs of the same work. Medians are reported: a best of few flatters, a mean takes every disturbance in.</summary>
sealed record Timing(IReadOnlyList<Lap> Laps)
{
    public double Processor => Median(Laps.Select(static lap => lap.Processor));

    public double Wall => Median(Laps.Select(static lap => lap.Wall));

    public double BestWall => Laps.Min(static lap => lap.Wall);

    /// <summary>Raw bytes per second of processor time, in 10^9.</summary>
    public double GigabytesPerCore(long bytes) => bytes / Processor / 1e9;

    public double Gigabytes(long bytes) => bytes / Wall / 1e9;

    public static Timing Of(int runs, Func<Action, Lap> lap, Action work) =>
        new([.. Enumerable.Range(0, runs).Select(_ => lap(work))]);

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
