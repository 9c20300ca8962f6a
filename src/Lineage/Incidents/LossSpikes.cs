using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Narration;

namespace Lineage.Incidents;

/// <summary>One measured value.</summary>
/// <param name="Value">Null: not a number or infinite.</param>
public sealed record MeasuredPoint(Generation Generation, Step Step, double? Value);

/// <summary>When a point counts as above what is usual.</summary>
/// <param name="Window">Usual points before it that it is compared with.</param>
/// <param name="WarmUp">Usual points that are needed before anything is judged.</param>
/// <param name="Threshold">Of the modified z-score.</param>
/// <param name="PointsMin">A shorter excursion is noise; one that holds a value that is no number counts at once.</param>
public sealed record SpikeRule(int Window, int WarmUp, double Threshold, int PointsMin)
{
    /// <summary>3.5 is what Iglewicz and Hoaglin recommend; 16 points make a median absolute deviation steady enough to be one.</summary>
    public static SpikeRule Default { get; } = new(Window: 64, WarmUp: 16, Threshold: 3.5, PointsMin: 2);

    /// <summary>Saves are few: one of them is enough, after fewer of them.</summary>
    public static SpikeRule OfSaves { get; } = new(Window: 32, WarmUp: 5, Threshold: 3.5, PointsMin: 1);

    public string? Objection() => this switch
    {
        { Window: < 4 or > 10_000 } => $"window is {Window}; allowed are 4-10,000 points.",
        _ when WarmUp < 3 || WarmUp > Window => $"warm-up is {WarmUp}; allowed are 3-{Window} points.",
        { Threshold: not (> 0 and < 1_000_000) } => "threshold is out of range; allowed are numbers above 0 and below 1,000,000.",
        _ when PointsMin < 1 || PointsMin > Window => $"min is {PointsMin}; allowed are 1-{Window} points.",
        _ => null,
    };
}

/// <summary>
/// Finds where a loss left what was usual: the modified z-score 0.6745 (x - median) / MAD over a window of the usual points before x
/// (Boris Iglewicz and David Hoaglin, "How to Detect and Handle Outliers", ASQC 1993), one-sided, because a loss that falls fast is no
/// incident. Where more than half of the window is one value, so that the MAD is 0, the mean absolute deviation takes its place.
/// </summary>
/// <remarks>
/// A spike is the interval from the first point above the threshold to the last one before the series is back below it. Its points do not
/// enter the window: what is usual is not learned from what is not. An excursion as long as the window is a new level: it ends there, and
/// what follows is judged by it. A falling trend makes the test milder, never harsher: the median lies above the newest point then.
/// The score does not change when the series is multiplied by a positive number or moved.
/// </remarks>
public static class LossSpikes
{
    /// <summary>0.75 quantile of the normal distribution: makes the MAD of one comparable to its standard deviation.</summary>
    const double Quartile = 0.6745;

    /// <summary>√(π/2), likewise for the mean absolute deviation.</summary>
    const double MeanFactor = 1.253314;

    /// <summary>The history that survived: a generation discards what older ones measured at or after its own first step.</summary>
    public static IReadOnlyList<MeasuredPoint> Surviving(IEnumerable<MeasuredPoint> points)
    {
        var kept = new List<MeasuredPoint>();
        foreach (var generation in points.GroupBy(static p => p.Generation).OrderBy(static g => g.Key))
        {
            var own = generation.OrderBy(static p => p.Step).ToList();
            while (kept is [.., var last] && last.Step >= own[0].Step) kept.RemoveAt(kept.Count - 1);
            kept.AddRange(own);
        }

        return kept;
    }

    /// <param name="points">Of the surviving history, by step.</param>
    /// <returns>Oldest first.</returns>
    public static IReadOnlyList<LossSpike> Find(IReadOnlyList<MeasuredPoint> points, SpikeRule rule)
    {
        var found = new List<LossSpike>();
        var usual = new UsualWindow(rule.Window);
        var spike = new List<(MeasuredPoint Point, double Score)>();
        foreach (var point in points)
        {
            var score = Score(point.Value, usual, rule);
            if (score > rule.Threshold)
            {
                spike.Add((point, score));
                if (spike.Count < rule.Window) continue;
                Close(found, spike, usual, rule, returned: false);
                usual.Replace(spike.Select(static s => s.Point.Value));
                spike.Clear();
                continue;
            }

            if (!Close(found, spike, usual, rule, returned: true))
                foreach (var (noise, _) in spike) usual.Add(noise.Value);
            spike.Clear();
            usual.Add(point.Value);
        }

        Close(found, spike, usual, rule, returned: false);
        return found;
    }

    public static SpikeReport Report(
        RunId run, string metric, string source, IReadOnlyList<MeasuredPoint> points, bool isCut, SpikeRule rule)
    {
        var used = string.Equals(source, "checkpoints", StringComparison.Ordinal) && rule == SpikeRule.Default ? SpikeRule.OfSaves : rule;
        var surviving = Surviving(points);
        var spikes = Find(surviving, used);
        var basis = source switch
        {
            "series" => $"{Quantities.Plural(surviving.Count, "point")} of the series \"{metric}\" on the surviving history",
            "checkpoints" => $"no series \"{metric}\" was sent; {Quantities.Plural(surviving.Count, "save")} with that metric",
            _ => $"neither a series \"{metric}\" nor a save with that metric is on record: a spike would not be seen",
        };
        var threshold = used.Threshold.ToString("0.###", CultureInfo.InvariantCulture);
        return new SpikeReport(run, metric, source, surviving.Count, spikes,
            $"{basis}; a spike is at least {Quantities.Plural(used.PointsMin, "point")} with a modified z-score above {threshold} over "
            + $"the {used.Window} usual points before, or any value that is no number; nothing is judged before {used.WarmUp} points"
            + (isCut ? $"; only the first {Quantities.Number(points.Count)} points were looked at" : ""));
    }

    /// <summary>Infinite for a value that is no number; negative infinity while nothing can be judged.</summary>
    static double Score(double? value, UsualWindow usual, SpikeRule rule)
    {
        if (value is not { } x || !double.IsFinite(x)) return double.PositiveInfinity;
        if (usual.Count < rule.WarmUp) return double.NegativeInfinity;
        var (median, deviation, mean) = usual.Spread();
        if (x <= median) return double.NegativeInfinity;
        return deviation > 0 ? Quartile * (x - median) / deviation
            : mean > 0 ? (x - median) / (MeanFactor * mean)
            : double.PositiveInfinity;
    }

    /// <returns>Whether it was a spike; too short an excursion is none.</returns>
    static bool Close(
        List<LossSpike> found, List<(MeasuredPoint Point, double Score)> spike, UsualWindow usual, SpikeRule rule, bool returned)
    {
        if (spike.Count == 0) return false;
        var notFinite = spike.Count(static s => s.Point.Value is not { } v || !double.IsFinite(v));
        if (spike.Count < rule.PointsMin && notFinite == 0) return false;
        var finite = spike.Where(static s => s.Point.Value is { } v && double.IsFinite(v)).ToList();
        var score = spike.Max(static s => s.Score);
        found.Add(new LossSpike(
            spike[0].Point.Step, spike[^1].Point.Step, spike.Count, returned,
            finite.Count > 0 ? finite.Max(static s => s.Point.Value!.Value) : null, double.IsFinite(score) ? score : null, notFinite,
            usual.Count > 0 ? usual.Spread().Median : 0));
        return true;
    }
}
