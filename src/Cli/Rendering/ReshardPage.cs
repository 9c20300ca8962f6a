using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;

namespace Lineage.Cli.Rendering;

/// <summary><c>restore-point compatible</c> and <c>checkpoint reshard</c>: part by part, what can be had on another world.</summary>
internal static class ReshardPage
{
    public static IReadOnlyList<Line> Compatible(CompatiblePoints points, Screen screen)
    {
        var lines = new List<Line>();
        foreach (var point in points.Points)
        {
            lines.Add(new Line(
                (point.Point.Checkpoint == points.Best ? $"{screen.Glyphs.Arrow} " : "  ", Tone.Good),
                (point.Point.Checkpoint.ToString(), point.Usable ? Tone.Strong : Tone.Bad), $"  {point.Why}").Fit(screen));
            if (point.Components.Count > 0) lines.AddRange(Components(point.Components).Draw(screen, "    "));
        }

        if (points.Best is null)
            lines.Add(new Line(($"No point of {points.Run} can be restored on {Units.Count(points.World.Value, "rank")}.", Tone.Bad)));
        lines.AddRange(RestorePointPage.Rejected(points.Rejected, screen));
        return lines;
    }

    public static IReadOnlyList<Line> Draw(ReshardView view, Screen screen) =>
    [
        new Line(
            ($"On {Units.Count(view.To.Value, "rank")} instead of {view.From}: ", Tone.Strong),
            (view.Why, view.Usable ? Tone.Plain : Tone.Bad)).Fit(screen),
        .. Components(view.Components).Draw(screen, "  "),
        new Line(($"  {Units.Count(view.Pieces, "piece")}, {Units.Bytes(view.Bytes)} decoded in all; the rank that reads most reads "
            + Units.Bytes(view.RankBytesMax), Tone.Dim)).Fit(screen),
    ];

    /// <param name="layout">Names of the tensors; null when no pieces were asked for.</param>
    public static IReadOnlyList<Line> Pieces(ReshardView view, TensorLayout? layout, Screen screen)
    {
        if (view.RankPieces is not { } pieces || layout is null) return [];
        var table = new Table(
            new("TENSOR"), new("FROM RANK", Right: true), new("ROWS", Right: true), new("FIRST", Right: true), new("BYTES", Right: true));
        foreach (var piece in pieces)
            table.Add(
                layout.Tensors[piece.Tensor].Name, Number(piece.From), Number(piece.Rows), Number(piece.FirstRow),
                Units.Bytes(piece.Bytes));
        return [Line.Empty, new Line(($"What rank {view.Rank} reads", Tone.Strong)), .. table.Draw(screen, "  ")];
    }

    static Table Components(IReadOnlyList<ComponentUse> components)
    {
        var table = new Table(new("PART"), new("VERDICT"), new("TENSORS", Right: true), new("BYTES", Right: true), new("WHY"));
        foreach (var part in components)
            table.Add(
                Word(part.Component),
                (part.Verdict.ToString().ToLowerInvariant(), part.Verdict == ComponentVerdict.Lost ? Tone.Warn : Tone.Good),
                Number(part.Tensors), Units.Bytes(part.Bytes), part.Why);
        return table;
    }

    static string Word(StateComponent component) => component switch
    {
        StateComponent.Rng => "random state",
        StateComponent.DataCursor => "place in the data",
        _ => component.ToString().ToLowerInvariant(),
    };

    static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
