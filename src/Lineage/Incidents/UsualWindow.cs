namespace Lineage.Incidents;

/// <summary>The newest usual values, in order of coming and in order of size.</summary>
sealed class UsualWindow(int size)
{
    readonly Queue<double> coming = new();
    readonly List<double> sorted = [];
    double[] deviations = [];

    public int Count => sorted.Count;

    /// <summary>Values that are no numbers are passed over.</summary>
    public void Add(double? value)
    {
        if (value is not { } x || !double.IsFinite(x)) return;
        if (coming.Count == size) sorted.RemoveAt(sorted.BinarySearch(coming.Dequeue()));
        coming.Enqueue(x);
        var at = sorted.BinarySearch(x);
        sorted.Insert(at < 0 ? ~at : at, x);
    }

    public void Replace(IEnumerable<double?> values)
    {
        coming.Clear();
        sorted.Clear();
        foreach (var value in values) Add(value);
    }

    /// <summary>Median, median absolute deviation and mean absolute deviation from the median.</summary>
    public (double Median, double MedianDeviation, double MeanDeviation) Spread()
    {
        var median = Middle(sorted);
        if (deviations.Length != sorted.Count) deviations = new double[sorted.Count];
        for (var i = 0; i < deviations.Length; i++) deviations[i] = Math.Abs(sorted[i] - median);
        var mean = deviations.Sum() / deviations.Length;
        Array.Sort(deviations);
        return (median, Middle(deviations), mean);
    }

    static double Middle(IReadOnlyList<double> ordered)
    {
        var half = ordered.Count / 2;
        return ordered.Count % 2 == 1 ? ordered[half] : (ordered[half - 1] + ordered[half]) / 2;
    }
}
