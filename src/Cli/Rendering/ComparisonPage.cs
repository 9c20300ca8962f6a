using System.Globalization;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary><c>checkpoint compare A B</c>: what the record says of two, side by side.</summary>
internal static class ComparisonPage
{
    public static IReadOnlyList<Line> Draw(CheckpointComparison pair, Screen screen)
    {
        var lines = new List<Line>
        {
            new Line(
                (pair.A.Checkpoint.ToString(), Tone.Strong), $" {screen.Glyphs.Arrow} ", (pair.B.Checkpoint.ToString(), Tone.Strong),
                $" {screen.Glyphs.Dot} {Signed(pair.StepsBetween)} steps {screen.Glyphs.Dot} ",
                pair.SameLayout ? "same layout" : ("other layout", Tone.Warn), $" {screen.Glyphs.Dot} ",
                pair.SameWorld ? "same world" : ("other world", Tone.Warn)).Fit(screen),
            new Line("  ", (pair.Descent.Relation, Tone.Dim)),
            Line.Empty,
        };
        lines.AddRange(Sides(pair, screen));
        lines.AddRange(Settings("Labels that differ", pair.Labels, screen));
        lines.AddRange(Settings("Policy that differs", pair.Policy, screen));
        if (pair.Between.Count == 0) return lines;
        var table = new Table(new(""), new(""), new(""));
        foreach (var e in pair.Between) table.Add((Units.Moment(e.At), Tone.Dim), (e.Stream, Tone.Dim), e.Summary);
        lines.AddRange([Line.Empty, new Line(("What lies between", Tone.Strong)), .. table.Draw(screen, "  ", header: false)]);
        if (pair.BetweenMore) lines.Add(new Line(($"  {screen.Glyphs.More} and more; lineage log has them all.", Tone.Dim)));
        return lines;
    }

    static IReadOnlyList<Line> Sides(CheckpointComparison pair, Screen screen)
    {
        var (a, b, none) = (pair.A, pair.B, screen.Glyphs.None);
        var table = new Table(new(""), new("A"), new("B"), new("B - A", Right: true));
        void Row(string name, Piece left, Piece right, string delta = "") => table.Add((name, Tone.Dim), left, right, delta);
        Row("state", Marks.Of(a.Phase, screen.Glyphs), Marks.Of(b.Phase, screen.Glyphs));
        Row("generation", a.Checkpoint.Generation.ToString(), b.Checkpoint.Generation.ToString());
        Row("step", a.Checkpoint.Step.ToString(), b.Checkpoint.Step.ToString(), Signed(pair.StepsBetween));
        Row("samples", a.Samples?.ToString("N0", CultureInfo.InvariantCulture) ?? none,
            b.Samples?.ToString("N0", CultureInfo.InvariantCulture) ?? none, pair.SamplesBetween is { } s ? Signed(s) : none);
        Row("kind", $"{Marks.Kind(a.Kind)}, depth {a.ChainDepth}", $"{Marks.Kind(b.Kind)}, depth {b.ChainDepth}");
        Row("ranks", a.WorldSize.ToString(), b.WorldSize.ToString());
        Row("layout", a.LayoutDigest.Short, b.LayoutDigest.Short);
        Row("manifest", a.ManifestHash?.Short ?? none, b.ManifestHash?.Short ?? none, pair.SameContent ? "same" : "");
        Row("captured", Units.Bytes(a.RawBytes), Units.Bytes(b.RawBytes));
        Row("stored", Units.Bytes(a.StoredBytes), Units.Bytes(b.StoredBytes));
        Row("opened", Units.Moment(a.OpenedAt), Units.Moment(b.OpenedAt), Units.Duration(b.OpenedAt - a.OpenedAt));
        foreach (var metric in pair.Metrics)
            Row(metric.Name, Value(metric.InA, metric.A, none), Value(metric.InB, metric.B, none),
                metric.Delta is { } d ? Figure(d, "+") : none);
        return table.Draw(screen, "  ");
    }

    static IReadOnlyList<Line> Settings(string title, IReadOnlyList<SettingDifference> settings, Screen screen)
    {
        if (settings.Count == 0) return [];
        var table = new Table(new(""), new("A"), new("B"));
        foreach (var one in settings) table.Add((one.Name, Tone.Dim), one.A ?? screen.Glyphs.None, one.B ?? screen.Glyphs.None);
        return [Line.Empty, new Line((title, Tone.Strong)), .. table.Draw(screen, "  ")];
    }

    static Piece Value(bool isThere, double? value, string none) => !isThere ? none
        : value is { } v ? Figure(v, "") : ("not a number", Tone.Bad);

    static string Figure(double value, string plus) =>
        (value > 0 ? plus : "") + value.ToString(Math.Abs(value) >= 1e6 ? "N0" : "G6", CultureInfo.InvariantCulture);

    static string Signed(long value) => value.ToString("+#,0;-#,0;0", CultureInfo.InvariantCulture);
}
