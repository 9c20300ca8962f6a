using System.Globalization;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary>Times, metrics and labels as people type them.</summary>
internal static class MarkText
{
    /// <summary>A day, a moment, or a time from now on: <c>2026-12-31</c>, <c>2026-12-31T18:00Z</c>, <c>36h</c>, <c>30d</c>.</summary>
    /// <exception cref="LineageProblemException">bad-request: it is none of them.</exception>
    public static DateTimeOffset Moment(string text, DateTimeOffset now)
    {
        if (text is [.., var unit] && unit is 'd' or 'h' or 'm'
            && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 100_000)
        {
            return now + unit switch
            {
                'd' => TimeSpan.FromDays(count),
                'h' => TimeSpan.FromHours(count),
                _ => TimeSpan.FromMinutes(count),
            };
        }

        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, utc, out var moment) ? moment : throw Bad(
            "Not a time", $"\"{text}\" is no time: expected 2026-12-31, 2026-12-31T18:00Z, or from now on 30m, 36h, 30d.");
    }

    /// <summary><c>name=value</c>, as often as there are; <c>nan</c> and <c>inf</c> are values too.</summary>
    /// <exception cref="LineageProblemException">bad-request: one is none, or a name comes twice.</exception>
    public static IReadOnlyDictionary<string, double?> Metrics(IEnumerable<string> texts)
    {
        var metrics = new Dictionary<string, double?>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var cut = text.LastIndexOf('=');
            if (cut < 1 || !TryNumber(text[(cut + 1)..], out var value))
                throw Bad("Not a metric", $"\"{text}\" is no metric: expected NAME=VALUE, for example val_loss=1.25.");
            if (!metrics.TryAdd(text[..cut], double.IsFinite(value) ? value : null))
                throw Bad("A metric twice", $"{text[..cut]} is given twice; one value is recorded of each.");
        }

        return metrics;
    }

    /// <exception cref="LineageProblemException">bad-request: one is no <c>name=value</c>.</exception>
    public static IReadOnlyDictionary<string, string> Labels(IEnumerable<string> texts)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var cut = text.IndexOf('=', StringComparison.Ordinal);
            if (cut < 1) throw Bad("Not a label", $"\"{text}\" is no label: expected NAME=VALUE, for example lr=0.001.");
            labels[text[..cut]] = text[(cut + 1)..];
        }

        return labels;
    }

    static bool TryNumber(string text, out double value)
    {
        value = text.ToLowerInvariant() switch { "nan" => double.NaN, "inf" or "-inf" => double.PositiveInfinity, _ => 0 };
        return !double.IsFinite(value) || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    static LineageProblemException Bad(string title, string detail) =>
        new(Problem.Of(ProblemCodes.BadRequest, 400, title, $"{detail} Nothing was changed."));
}
