using System.Globalization;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary><c>lineage restore-point latest|best|cheapest|ancestry</c>: the points found, and in words why nothing before them.</summary>
internal static class PointPage
{
    public static IReadOnlyList<Line> Draw(PointAnswer answer, Screen screen)
    {
        List<Line> lines = [];
        if (answer.Found.Count > 0) lines.AddRange([.. Points(answer, screen), Line.Empty]);
        lines.Add(new Line((answer.Why, answer.Best is null ? Tone.Bad : Tone.Plain)).Fit(screen));
        if (answer.Best?.Cost is { } cost)
        {
            lines.Add(new Line(($"estimate {cost.EstimateBasis}", Tone.Dim)).Fit(screen));
            lines.Add(new Line(($"risk: {cost.Risk.Why}", Tone.Dim)).Fit(screen));
        }

        if (answer.AsOf is { } at) lines.Add(new Line(($"as it could be known at {Units.Moment(at)}", Tone.Dim)));
        lines.AddRange(RestorePointPage.Rejected(answer.Rejected, screen, "Would come before, but was rejected"));
        var all = answer.Reasons.Sum(static reason => reason.Count);
        if (all > answer.Rejected.Count)
            lines.Add(new Line(($"{Units.Count(all, "candidate")} rejected in all: " + string.Join(", ", answer.Reasons.Select(
                static reason => $"{reason.Count.ToString("N0", CultureInfo.InvariantCulture)} {Marks.Reason(reason.Reason)}")), Tone.Dim))
                .Fit(screen));
        return lines;
    }

    static IReadOnlyList<Line> Points(PointAnswer answer, Screen screen)
    {
        var (hasMetric, hasCost) = (answer.Found.Any(static p => p.Metric is not null), answer.Found.Any(static p => p.Cost is not null));
        List<Column> columns = [new(""), new("RESTORE POINT"), new("KIND"), new("CHAIN", Right: true), new("READ", Right: true)];
        if (hasMetric) columns.Add(new("METRIC", Right: true));
        if (hasCost) columns.AddRange([new("TIME", Right: true), new("TIER"), new("OBJECTS", Right: true), new("OLDEST CHECK")]);
        columns.Add(new("VERIFIED"));
        var table = new Table(columns);
        foreach (var point in answer.Found)
        {
            var isBest = point.Checkpoint == answer.Best?.Checkpoint;
            List<Piece> cells =
            [
                (isBest ? screen.Glyphs.Arrow : "", Tone.Good), (point.Checkpoint.ToString(), isBest ? Tone.Good : Tone.Plain),
                Marks.Kind(point.Kind), Units.Count(point.ChainDepth + 1, "link"), Units.Bytes(point.ReadBytes),
            ];
            if (hasMetric) cells.Add(point.Metric?.ToString(CultureInfo.InvariantCulture) ?? screen.Glyphs.None);
            if (hasCost && point.Cost is { } cost)
                cells.AddRange(
                [
                    Units.Seconds(cost.EstimatedSeconds), string.Join(' ', cost.Tiers),
                    cost.Risk.Objects.ToString("N0", CultureInfo.InvariantCulture),
                    (cost.Risk.OldestCheck is { } check ? Units.Age(check, screen.Now) : screen.Glyphs.None, Tone.Dim),
                ]);
            cells.Add((Units.Age(point.VerifiedAt, screen.Now), Tone.Dim));
            table.Add([.. cells]);
        }

        return table.Draw(screen);
    }
}
