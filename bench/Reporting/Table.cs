using System.Globalization;
using System.Text;

namespace Lineage.Bench.Reporting;

/// <summary>A table that reads the same on a terminal and as Markdown.</summary>
/// <param name="headers">A header that begins with '>' names a column that is flush right.</param>
sealed class Table(params string[] headers)
{
    readonly List<string[]> rows = [];

    public void Add(params string[] cells) => rows.Add(cells);

    public bool IsEmpty => rows.Count == 0;

    public string Text()
    {
        var right = headers.Select(static header => header.StartsWith('>')).ToArray();
        var names = headers.Select(static header => header.TrimStart('>')).ToArray();
        var widths = names.Select((name, column) => rows.Select(row => row[column].Length).Append(name.Length).Append(3).Max()).ToArray();
        var text = new StringBuilder();
        Row(text, names, widths, right);
        Row(text, [.. widths.Select((width, column) => new string('-', width - (right[column] ? 1 : 0)) + (right[column] ? ":" : ""))],
            widths, right);
        foreach (var row in rows) Row(text, row, widths, right);
        return text.ToString();
    }

    static void Row(StringBuilder text, string[] cells, int[] widths, bool[] right)
    {
        for (var column = 0; column < cells.Length; column++)
        {
            var cell = right[column] ? cells[column].PadLeft(widths[column]) : cells[column].PadRight(widths[column]);
            text.Append("| ").Append(cell).Append(' ');
        }

        text.Append("|\n");
    }

    /// <summary>A number with a fixed number of places, or a dash where there is none.</summary>
    public static string Number(double value, string format = "0.00") =>
        double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "–";

    /// <summary>A ratio as people write it: fewer places the larger it is.</summary>
    public static string Times(double value) =>
        double.IsFinite(value) ? Number(value, value < 10 ? "0.00" : value < 100 ? "0.0" : "#,0") + "x" : "–";
}
