namespace Lineage.Cli.Rendering;

/// <summary>One column of a table.</summary>
/// <param name="Right">Numbers line up at their end.</param>
internal sealed record Column(string Header, bool Right = false);

/// <summary>Cells under headers, each column as wide as its widest cell; the line is cut at the screen's edge.</summary>
internal sealed class Table(params IReadOnlyList<Column> columns)
{
    const string Gap = "  ";
    readonly List<IReadOnlyList<Piece>> rows = [];

    public void Add(params IReadOnlyList<Piece> cells) => rows.Add(cells);

    public IReadOnlyList<Line> Draw(Screen screen, string indent = "", bool header = true)
    {
        var widths = columns.Select((column, i) => Math.Max(
            header ? column.Header.Length : 0, rows.Count == 0 ? 0 : rows.Max(row => i < row.Count ? row[i].Text.Length : 0))).ToArray();
        var lines = new List<Line>();
        if (header) lines.Add(DrawRow([.. columns.Select(static column => new Piece(column.Header, Tone.Dim))], widths, indent)
            .Fit(screen));
        lines.AddRange(rows.Select(row => DrawRow(row, widths, indent).Fit(screen)));
        return lines;
    }

    Line DrawRow(IReadOnlyList<Piece> cells, int[] widths, string indent)
    {
        var pieces = new List<Piece> { indent };
        for (var i = 0; i < cells.Count; i++)
        {
            if (i > 0) pieces.Add(Gap);
            var fill = new string(' ', widths[i] - cells[i].Text.Length);
            if (columns[i].Right) pieces.Add(fill);
            pieces.Add(cells[i]);
            if (!columns[i].Right && i < cells.Count - 1) pieces.Add(fill);
        }

        return new Line(pieces);
    }
}
