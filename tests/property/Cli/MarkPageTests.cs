using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Cli;

/// <summary>What people said of checkpoints and decided about runs, as it is drawn and as it is typed.</summary>
public sealed class MarkPageTests
{
    static readonly ActorId Ada = ActorId.Parse("person:ada");

    static History Marked()
    {
        var history = Sample.History();
        CheckpointView Mark(CheckpointView view) => view.Checkpoint switch
        {
            { Generation.Value: 1, Step.Value: 20 } => view with
            {
                Pin = new PinView(Ada, "baseline", Until: null, Sample.Ago(50)),
                Holds = [new HoldView("case-7", Ada, "incident review", Sample.Ago(40))],
                Metrics = Metrics(1.23456789),
            },
            { Generation.Value: 1, Step.Value: 10 } => view with
            {
                Pin = new PinView(Ada, "until yesterday", Sample.Ago(86_400), Sample.Ago(90_000)),
                Metrics = Metrics(null),
            },
            _ => view,
        };
        return history with
        {
            Checkpoints = [.. history.Checkpoints.Select(Mark)],
            Run = history.Run with
            {
                Tags = new Dictionary<string, CheckpointId>(StringComparer.Ordinal) { ["paper"] = Sample.Id(1, 20) },
                Rewound = [new RewindView(Sample.Id(1, 20), new Generation(3), "the loss spiked", Sample.Ago(10))],
            },
        };
    }

    static Dictionary<string, double?> Metrics(double? loss) => new(StringComparer.Ordinal) { ["loss"] = loss, ["acc"] = 0.5 };

    [Fact]
    public void Pins_holds_tags_metrics_and_rewinds_stand_in_the_graph() =>
        GoldenPage.Check("history-marked", HistoryPage.Draw(Marked(), Sample.Wide with { Width = 140 }));

    [Fact]
    public void What_lies_behind_a_rewind_is_not_on_the_line_that_the_run_goes_on_from()
    {
        var alive = HistoryRows.Order(Marked()).Where(static row => row.Alive).OfType<HistoryRow.OfCheckpoint>()
            .Select(static row => row.View.Checkpoint);
        Assert.Equal([Sample.Id(1, 20), Sample.Id(1, 10)], alive);
    }

    [Fact]
    public void Marks_of_a_checkpoint_are_told_one_by_one()
    {
        var marked = Marked().Checkpoints.Single(static view => view.Checkpoint == Sample.Id(1, 20));
        var page = CheckpointPage.Draw(marked, [], Sample.Wide, ["paper"]).Text();
        foreach (var said in new[] { "tag       paper", "⚑ by person:ada 50 s ago: baseline", "§ case-7 by person:ada",
            "acc 0.5, loss 1.23457" })
            Assert.Contains(said, page, StringComparison.Ordinal);
        Assert.Contains("no marks", MarkPage.Of(Sample.History().Checkpoints[0], Sample.Wide).Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2h", 7_200), InlineData("30m", 1_800), InlineData("1d", 86_400), InlineData("2026-11-25", 43_200),
     InlineData("2026-11-24T13:00Z", 3_600), InlineData("2026-11-24T13:00+01:00", 0)]
    public void A_time_is_a_day_a_moment_or_from_now_on(string text, double seconds) =>
        Assert.Equal(Sample.Now.AddSeconds(seconds), MarkText.Moment(text, Sample.Now));

    [Theory]
    [InlineData("soon"), InlineData("d"), InlineData("-1d"), InlineData("1x"), InlineData("")]
    public void Anything_else_is_no_time(string text) =>
        Assert.Equal(ProblemCodes.BadRequest, Assert.Throws<LineageProblemException>(() => MarkText.Moment(text, Sample.Now)).Code);

    [Fact]
    public void Metrics_are_typed_as_names_and_values()
    {
        var metrics = MarkText.Metrics(["loss=1.5", "a=b=2e-3", "x=nan", "y=-inf"]);
        Assert.Equal((1.5, 0.002, null, null), (metrics["loss"], metrics["a=b"], metrics["x"], metrics["y"]));
        foreach (var texts in new[] { new[] { "loss" }, ["=1"], ["loss=one"], ["loss=1", "loss=2"] })
            Assert.Equal(ProblemCodes.BadRequest, Assert.Throws<LineageProblemException>(() => MarkText.Metrics(texts)).Code);
    }
}
