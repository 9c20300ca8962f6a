namespace Lineage.Cli.Rendering;

/// <summary>One row of a history, newest first.</summary>
/// <param name="Parent">Key of the row it descends from; null for a root.</param>
internal sealed record LaneNode(string Key, string? Parent);

/// <summary>One cell of the drawing.</summary>
internal enum LaneCell { Empty, Pass, Node, TeeRight, TeeLeft, Cross, Bridge }

/// <summary>The cells of one row: one per lane at the even places, what joins two lanes at the odd ones.</summary>
internal sealed record LaneRow(IReadOnlyList<LaneCell> Cells, int Column);

/// <summary>
/// Gives every row of a history its lane, one output row per node. A lane waits for the parent of the node above it; a node whose parent
/// another lane already waits for joins that lane in its own row, so a key is never awaited twice and no rows are spent on joins.
/// </summary>
internal static class LaneLayout
{
    /// <param name="nodes">Every child before its parent. Parents that never come leave their lane open to the end.</param>
    public static IReadOnlyList<LaneRow> Place(IReadOnlyList<LaneNode> nodes)
    {
        var lanes = new List<string?>();
        var rows = new List<LaneRow>(nodes.Count);
        foreach (var node in nodes)
        {
            var awaiting = node.Parent is null ? -1 : lanes.IndexOf(node.Parent);
            var column = lanes.IndexOf(node.Key);
            if (column < 0) column = FirstFree(lanes, after: awaiting);
            while (lanes.Count <= column) lanes.Add(null);

            rows.Add(new LaneRow(Draw(lanes, column, awaiting), column));

            lanes[column] = awaiting >= 0 ? null : node.Parent;
            while (lanes.Count > 0 && lanes[^1] is null) lanes.RemoveAt(lanes.Count - 1);
        }

        return rows;
    }

    static int FirstFree(List<string?> lanes, int after)
    {
        var free = lanes.FindIndex(after + 1, static lane => lane is null);
        return free < 0 ? lanes.Count : free;
    }

    static LaneCell[] Draw(List<string?> lanes, int column, int awaiting)
    {
        var cells = new LaneCell[2 * lanes.Count];
        for (var lane = 0; lane < lanes.Count; lane++) cells[2 * lane] = lanes[lane] is null ? LaneCell.Empty : LaneCell.Pass;
        cells[2 * column] = LaneCell.Node;
        if (awaiting < 0) return cells;

        int left = Math.Min(column, awaiting), right = Math.Max(column, awaiting);
        for (var cell = (2 * left) + 1; cell < 2 * right; cell++) cells[cell] = cells[cell] is LaneCell.Pass ? LaneCell.Cross
            : LaneCell.Bridge;
        cells[2 * awaiting] = awaiting < column ? LaneCell.TeeRight : LaneCell.TeeLeft;
        return cells;
    }
}
