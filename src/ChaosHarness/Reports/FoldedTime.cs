using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Reports;

/// <summary>
/// Time along a line on which long quiet stretches are shortened, so that a save of ten milliseconds can be seen beside a wait of four
/// seconds. Order is kept, and between two moments it is linear.
/// </summary>
sealed class FoldedTime
{
    const double ShareMax = 1 / 30.0;

    readonly List<long> moments;
    readonly List<double> places = [];

    /// <param name="moments">All at which something happened.</param>
    public FoldedTime(IEnumerable<long> moments)
    {
        this.moments = [.. moments.Append(0).Distinct().Order()];
        var longest = Math.Max(4, (long)((this.moments[^1] - this.moments[0]) * ShareMax));
        var place = 0.0;
        for (var i = 0; i < this.moments.Count; i++)
        {
            var gap = i == 0 ? 0 : this.moments[i] - this.moments[i - 1];
            place += gap <= longest ? gap : longest + (2 * Math.Log2((double)gap / longest));
            places.Add(place);
            IsFolded |= gap > longest;
        }
    }

    public static FoldedTime Of(Evidence evidence) => new(
        evidence.Journal.Where(static one => one is not Entry.Trained).Select(static one => one.AtMs)
            .Concat(evidence.Streams.SelectMany(static stream => stream.Events).Select(static e => e.AtMs)));

    public bool IsFolded { get; private set; }

    public long Last => moments[^1];

    /// <returns>From 0, the first moment, to 1, the last.</returns>
    public double Place(long at)
    {
        if (places[^1] <= 0) return 0;
        var found = moments.BinarySearch(at);
        if (found >= 0) return places[found] / places[^1];
        var after = ~found;
        if (after == 0) return 0;
        if (after == moments.Count) return 1;
        var part = (double)(at - moments[after - 1]) / (moments[after] - moments[after - 1]);
        return (places[after - 1] + ((places[after] - places[after - 1]) * part)) / places[^1];
    }

    /// <summary>The moment that lies nearest to a share of the line.</summary>
    public long At(double share) => moments[Math.Min(moments.Count - 1, NextTo(share * places[^1]))];

    int NextTo(double place)
    {
        var found = places.BinarySearch(place);
        return found >= 0 ? found : Math.Min(~found, places.Count - 1);
    }
}
