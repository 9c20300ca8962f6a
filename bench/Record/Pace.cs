using System.Diagnostics;

namespace Lineage.Bench.Record;

/// <summary>When the next request of one client is due.</summary>
/// <param name="period">Null: as soon as the one before is answered.</param>
/// <param name="phase">Where in the first period it begins, 0 to 1, so that clients do not ask in step.</param>
sealed class Pace(TimeSpan? period, double phase)
{
    readonly long begun = Stopwatch.GetTimestamp();
    int next;

    /// <returns>The timestamp that the request counts from: when it was due if its client was busy then, otherwise now.</returns>
    public async ValueTask<long> NextAsync()
    {
        if (period is not { } gap) return Stopwatch.GetTimestamp();
        var due = begun + (long)((next++ + phase) * gap.TotalSeconds * Stopwatch.Frequency);
        var early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
        if (early <= TimeSpan.Zero) return due;
        await Task.Delay(early, TimeProvider.System);
        return Stopwatch.GetTimestamp();
    }
}
