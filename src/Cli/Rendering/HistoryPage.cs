using Lineage.Contracts.Api;
using Lineage.Contracts.Events;

namespace Lineage.Cli.Rendering;

/// <summary><c>lineage log --graph RUN</c>: lanes as a git client draws them, one line per checkpoint, newest first.</summary>
internal static class HistoryPage
{
    public static IReadOnlyList<Line> Draw(History history, Screen screen)
    {
        var rows = HistoryRows.Order(history);
        var lanes = LaneLayout.Place([.. rows.Select(static row => new LaneNode(row.Key, row.Parent))]);
        var graphWidth = lanes.Max(static row => row.Cells.Count) - 1;   // nothing joins to the right of the last lane
        var columns = Columns(history);
        var lines = new List<Line>(RunPage.Headline(history.Run, screen)) { Line.Empty };
        for (var i = 0; i < rows.Count; i++)
        {
            var graph = Graph(lanes[i], rows[i], graphWidth, screen.Glyphs);
            lines.Add(new Line([.. graph, .. Text(rows[i], columns, screen), .. MarksOf(rows[i], history.Run, screen)]).Fit(screen));
            if (rows[i] is HistoryRow.OfRecovery recovery)
            {
                var beside = i + 1 < rows.Count ? Beside(lanes[i], graphWidth, recovery.Parent is not null, screen.Glyphs) : new Piece("");
                lines.AddRange(RecoveryPage.Beneath(recovery.View, screen, withRejected: false)
                    .Select(line => new Line([beside, .. line.Pieces]).Fit(screen)));
            }
        }

        if (history.Hidden > 0) lines.Add(new Line((Hidden(history, screen), Tone.Dim)));
        lines.Add(Line.Empty);
        lines.Add(Legend(history, screen).Fit(screen));
        return lines;
    }

    static string Hidden(History history, Screen screen) =>
        $"{screen.Glyphs.More} {Units.Count(history.Hidden, "older checkpoint")} not shown; -n sets how many are";

    sealed record Widths(int Reference, int Generation, int Bytes, int Ratio, int Ranks);

    static Widths Columns(History history)
    {
        var views = history.Checkpoints;
        int Widest(Func<CheckpointView, string> text) => views.Count == 0 ? 0 : views.Max(view => text(view).Length);
        return new Widths(
            Widest(static view => Marks.Short(view.Checkpoint)), Widest(static view => $"g{view.Checkpoint.Generation}"),
            Widest(static view => Marks.Stored(view, Glyphs.Ascii)), Widest(static view => Marks.Ratio(view, Glyphs.Ascii)),
            Widest(Marks.Ranks));
    }

    static IEnumerable<Piece> Text(HistoryRow row, Widths widths, Screen screen) => row switch
    {
        HistoryRow.OfCheckpoint checkpoint => Checkpoint(checkpoint, widths, screen),
        HistoryRow.OfRewind { View: var rewind } =>
        [
            ($"rewound to {rewind.To}", Tone.Warn), ($" {screen.Glyphs.Dot} {rewind.Reason}", Tone.Plain),
            ($"  {Units.Age(rewind.At, screen.Now)}", Tone.Dim),
        ],
        HistoryRow.OfStart { View: { Origin: { } origin } fork } =>
            [($"forked from {origin}", Tone.Strong), ($" {Units.Age(fork.RegisteredAt, screen.Now)}", Tone.Dim)],
        HistoryRow.OfRecovery recovery => RecoveryPage.Headline(recovery.View, screen),
        HistoryRow.OfStart start => [($"registered {Units.Age(start.View.RegisteredAt, screen.Now)}", Tone.Dim)],
        HistoryRow.OfEnd end => End(end.View, screen),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    static IEnumerable<Piece> MarksOf(HistoryRow row, RunView run, Screen screen) => row is HistoryRow.OfCheckpoint { View: var view }
        ? MarkPage.Beside(view, TagItem.Of(run, view.Checkpoint), screen)
        : [];

    static IEnumerable<Piece> End(RunView run, Screen screen) =>
    [
        ($"completed at step {run.FinalStep}", Tone.Good),
        (run.StateDigest is { } digest ? $" {screen.Glyphs.Dot} state {digest.Short}" : "", Tone.Dim),
    ];

    static IEnumerable<Piece> Checkpoint(HistoryRow.OfCheckpoint row, Widths widths, Screen screen)
    {
        var view = row.View;
        var tone = row.Alive ? Tone.Plain : Tone.Dim;
        var mark = Marks.Of(view, screen.Glyphs);
        yield return (Marks.Short(view.Checkpoint).PadRight(widths.Reference), row.Alive ? Tone.Strong : Tone.Dim);
        yield return ($"  {$"g{view.Checkpoint.Generation}".PadRight(widths.Generation)}", Tone.Dim);
        yield return ($"  {Marks.Kind(view.Kind),-5}", tone);
        yield return ($"  {Marks.Stored(view, screen.Glyphs).PadLeft(widths.Bytes)}", tone);
        yield return ($" {Marks.Ratio(view, screen.Glyphs).PadLeft(widths.Ratio)}", Tone.Dim);
        yield return ($"  {Marks.Ranks(view).PadLeft(widths.Ranks)}", view.MissingRanks.Count == 0 ? tone : Tone.Warn);
        yield return ($"  {mark.Text,-13}", mark.Tone);
        yield return ($"  {Units.Age(view.OpenedAt, screen.Now),-10}", Tone.Dim);
        if (Marks.Cause(view) is { Length: > 0 } cause) yield return ($"  {cause}", mark.Tone);
    }

    static IEnumerable<Piece> Graph(LaneRow row, HistoryRow item, int width, Glyphs glyphs)
    {
        var tone = item.Alive ? Tone.Accent : Tone.Dim;
        for (var cell = 0; cell < width; cell++)
        {
            var kind = cell < row.Cells.Count ? row.Cells[cell] : LaneCell.Empty;
            yield return kind is LaneCell.Node ? Node(item, glyphs) : (Glyph(kind, glyphs), cell == 0 ? Tone.Accent : tone);
        }

        yield return " ";
    }

    static Piece Node(HistoryRow item, Glyphs glyphs) => item switch
    {
        HistoryRow.OfCheckpoint { View: { Phase: CheckpointPhase.Quarantined } view } => (Shape(view, glyphs), Tone.Bad),
        HistoryRow.OfCheckpoint { View: { Phase: CheckpointPhase.Abandoned } } => (glyphs.Abandoned, Tone.Warn),
        HistoryRow.OfCheckpoint { View: var view } => (Shape(view, glyphs), item.Alive ? Tone.Accent : Tone.Dim),
        HistoryRow.OfRecovery { View.Phase: RecoveryPhase.Failed } => (glyphs.Recovery, Tone.Bad),
        HistoryRow.OfRecovery or HistoryRow.OfRewind => (glyphs.Recovery, Tone.Warn),
        HistoryRow.OfStart => (glyphs.Start, Tone.Dim),
        _ => (glyphs.End, Tone.Good),
    };

    static string Shape(CheckpointView view, Glyphs glyphs) => view.Kind is CheckpointKind.Full ? glyphs.Full : glyphs.Delta;

    static string Glyph(LaneCell cell, Glyphs glyphs) => cell switch
    {
        LaneCell.Pass => glyphs.Pass,
        LaneCell.TeeRight => glyphs.TeeRight,
        LaneCell.TeeLeft => glyphs.TeeLeft,
        LaneCell.Cross => glyphs.Cross,
        LaneCell.Bridge => glyphs.Bridge,
        _ => " ",
    };

    /// <summary>The lanes go on beside the second line of a recovery.</summary>
    static Piece Beside(LaneRow row, int width, bool goesOn, Glyphs glyphs) => (string.Concat(Enumerable.Range(0, width).Select(cell =>
        cell >= row.Cells.Count ? " " : row.Cells[cell] switch
        {
            LaneCell.Pass or LaneCell.TeeRight or LaneCell.TeeLeft or LaneCell.Cross => glyphs.Pass,
            LaneCell.Node when goesOn && !row.Cells.Any(static other => other is LaneCell.TeeLeft or LaneCell.TeeRight) => glyphs.Pass,
            _ => " ",
        })) + " ", Tone.Accent);

    static Line Legend(History history, Screen screen)
    {
        var g = screen.Glyphs;
        var marked = (history.Checkpoints.Any(static view => view.Pin is not null) ? $"  {g.Pin} pinned" : "")
            + (history.Checkpoints.Any(static view => view.Holds is not null) ? $"  {g.Hold} held" : "");
        return new Line((
            $"{g.Full} full  {g.Delta} delta  {g.Abandoned} abandoned  {g.Recovery} recovery   " +
            $"{g.Verified} verified  {g.Bad} quarantined  {g.Pending} not verified yet{marked}",
            Tone.Dim));
    }
}
