using FsCheck.Xunit;
using Lineage.Cli.Rendering;

namespace Lineage.Tests.Property.Cli;

public class LaneLayoutTests
{
    [Property(MaxTest = 300)]
    public bool Every_node_has_a_lane_of_its_own_row_and_no_two_lanes_wait_for_the_same_parent(int seed, byte size)
    {
        var nodes = History(new Random(seed), size % 40);
        var rows = LaneLayout.Place(nodes);
        return rows.Count == nodes.Length
            && rows.All(static row => row.Cells.Count(static cell => cell is LaneCell.Node) == 1
                && row.Cells[2 * row.Column] is LaneCell.Node);
    }

    /// <summary>Read back from the drawing alone: from a node down its lane, through joins, one arrives at its parent.</summary>
    [Property(MaxTest = 300)]
    public bool Following_the_lane_down_from_a_node_arrives_at_its_parent(int seed, byte size)
    {
        var nodes = History(new Random(seed), size % 40);
        var rows = LaneLayout.Place(nodes);
        return Enumerable.Range(0, nodes.Length).All(i => string.Equals(Below(nodes, rows, i), nodes[i].Parent, StringComparison.Ordinal));
    }

    static string? Below(LaneNode[] nodes, IReadOnlyList<LaneRow> rows, int from)
    {
        var lane = rows[from].Column;
        var join = rows[from].Cells.ToList().FindIndex(static cell => cell is LaneCell.TeeLeft or LaneCell.TeeRight);
        if (join >= 0) lane = join / 2;
        for (var i = from + 1; i < rows.Count; i++)
        {
            var cell = 2 * lane < rows[i].Cells.Count ? rows[i].Cells[2 * lane] : LaneCell.Empty;
            if (cell is LaneCell.Node) return nodes[i].Key;
            if (cell is LaneCell.Empty or LaneCell.Bridge) return null;
        }

        return null;
    }

    /// <summary>Children before parents; each node's parent is any older one, or none for the oldest.</summary>
    static LaneNode[] History(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new LaneNode($"n{i}", i == count - 1 ? null : $"n{random.Next(i + 1, count)}"))];

    [Fact]
    public void A_tip_that_nobody_descends_from_takes_one_row_and_no_join_row()
    {
        var rows = LaneLayout.Place([new("c", "a"), new("b", "a"), new("a", null)]);
        Assert.Equal([LaneCell.Node, LaneCell.Empty], rows[0].Cells);
        Assert.Equal([LaneCell.TeeRight, LaneCell.Bridge, LaneCell.Node, LaneCell.Empty], rows[1].Cells);
        Assert.Equal([LaneCell.Node, LaneCell.Empty], rows[2].Cells);
    }
}
