using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Tests.Property.Cli;

public class HistoryPageTests
{
    [Fact]
    public void A_history_with_a_torn_save_and_a_damaged_one_is_drawn_as_lanes() =>
        GoldenPage.Check("history", HistoryPage.Draw(Sample.History(), Sample.Wide));

    [Fact]
    public void Without_unicode_the_same_lanes_are_drawn_in_ascii()
    {
        var lines = HistoryPage.Draw(Sample.History(RunPhase.Completed), Sample.Ascii);
        Assert.All(lines, static line => Assert.True(System.Text.Ascii.IsValid(line.Text), line.Text));
        GoldenPage.Check("history-ascii", lines);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(200)]
    public void No_line_is_wider_than_the_screen(int width) =>
        Assert.All(HistoryPage.Draw(Sample.History(), Sample.Wide with { Width = width }), line => Assert.InRange(line.Width, 0, width));

    [Fact]
    public void A_run_without_checkpoints_is_drawn_too() =>
        Assert.Contains("registered", HistoryPage.Draw(new History(Sample.View(1), [], []), Sample.Wide).Text(), StringComparison.Ordinal);

    [Fact]
    public void Older_checkpoints_that_are_not_shown_are_counted() => Assert.Contains(
        "3 older checkpoints not shown", HistoryPage.Draw(Sample.History() with { Hidden = 3 }, Sample.Wide).Text(),
        StringComparison.Ordinal);
}
