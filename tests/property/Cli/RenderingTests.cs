using System.Text.Json;
using FsCheck.Xunit;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Cli;

public class RenderingTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "0.98 KiB")]
    [InlineData(1_048_576, "1.00 MiB")]
    [InlineData(10_485_760, "10.0 MiB")]
    [InlineData(1_047_527_424, "999 MiB")]
    [InlineData(long.MaxValue, "8.00 EiB")]
    public void Bytes_are_shown_in_binary_units_with_three_digits(long bytes, string expected) =>
        Assert.Equal(expected, Units.Bytes(bytes));

    [Theory]
    [InlineData("1", 1L)]
    [InlineData("512 B", 512L)]
    [InlineData("40GiB", 40L << 30)]
    [InlineData("1.5 mib", 3L << 19)]
    [InlineData("4PiB", 4L << 50)]
    public void Sizes_are_read_with_binary_units(string text, long bytes) => Assert.Equal(bytes, Units.ParseBytes(text));

    [Theory]
    [InlineData(""), InlineData("0"), InlineData("-1"), InlineData("GiB"), InlineData("1e3"), InlineData("0.3 B"), InlineData("8PiB")]
    [InlineData("40GB"), InlineData("99999999999999999999999 EiB"), InlineData("40 Gib s")]
    public void What_is_no_size_is_refused_by_name(string text) =>
        Assert.Contains($"\"{text}\"", Assert.Throws<FormatException>(() => Units.ParseBytes(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0.0000004, "0 us")]
    [InlineData(0.00083, "830 us")]
    [InlineData(0.0124, "12.4 ms")]
    [InlineData(3.4, "3.4 s")]
    [InlineData(700, "11 min 40 s")]
    [InlineData(90_000, "25 h 0 min")]
    public void Durations_keep_the_unit_that_needs_few_digits(double seconds, string expected) =>
        Assert.Equal(expected, Units.Seconds(seconds));

    [Theory]
    [InlineData(new[] { 2 }, "rank 2")]
    [InlineData(new[] { 3, 1 }, "ranks 1, 3")]
    [InlineData(new[] { 0, 1 }, "ranks 0, 1")]
    [InlineData(new[] { 7, 0, 1, 2, 3 }, "ranks 0-3, 7")]
    public void Ranks_are_named_in_order_with_ranges(int[] ranks, string expected) =>
        Assert.Equal(expected, Marks.Ranks([.. ranks.Select(static rank => new Rank(rank))]));

    [Property(MaxTest = 200)]
    public bool A_line_never_gets_wider_by_fitting_and_loses_nothing_when_it_fits(string?[] texts, byte width)
    {
        var line = new Line([.. texts.Select(static text => new Piece(text ?? ""))]);
        var screen = Sample.Wide with { Width = width + 1 };
        var fitted = line.Fit(screen);
        return fitted.Width <= screen.Width && (line.Width > screen.Width || ReferenceEquals(fitted, line));
    }

    [Fact]
    public void Colour_is_written_only_when_asked_for_and_never_around_blanks()
    {
        var line = new Line(("ok", Tone.Good), ("  ", Tone.Bad), "rest");
        Assert.Equal("ok  rest", Ansi.Write(line, colour: false));
        Assert.Equal("\x1b[32mok\x1b[0m  rest", Ansi.Write(line, colour: true));
    }

    [Theory]
    [InlineData("stauts", "status")]
    [InlineData("shwo", "show")]
    [InlineData("restor", "restore")]
    [InlineData("--sevrer", "--server")]
    [InlineData("xyz", null)]
    public void A_mistyped_word_gets_the_nearest_suggestion(string word, string? expected) =>
        Assert.Equal(expected, Suggestions.Nearest(word, ["status", "show", "restore", "restore-point", "log", "--server", "--state"]));

    [Property(MaxTest = 100)]
    public bool The_distance_of_words_is_symmetric_and_zero_only_for_equal_ones(string? a, string? b)
    {
        var (x, y) = (a ?? "", b ?? "");
        return Suggestions.Distance(x, y) == Suggestions.Distance(y, x)
            && (Suggestions.Distance(x, y) == 0) == string.Equals(x, y, StringComparison.Ordinal);
    }

    sealed record Thing(string Name, long Bytes, IReadOnlyList<int> Ranks, IReadOnlyList<object> Parts, Inner Inner);

    sealed record Inner(string? Text);

    static Answer Things() => Answer.Many(
        [new Thing("a,\"b\"", 3, [1, 2], [new { }], new Inner(null)), new Thing("c", 4, [], [], new Inner("x"))],
        static thing => thing.Name, static _ => [new Line("table")]);

    [Fact]
    public void An_answer_has_one_form_per_output_format()
    {
        Assert.Equal("table", Written(OutputFormat.Table));
        Assert.Equal("a,\"b\"\nc", Written(OutputFormat.Name));
        Assert.Equal("name,bytes,ranks,parts,inner.text\n\"a,\"\"b\"\"\",3,1 2,1,\nc,4,,,x", Written(OutputFormat.Csv));
    }

    static string Written(OutputFormat format) => string.Join('\n', Things().Write(format, Sample.Wide, colour: false));

    [Fact]
    public void Every_json_object_on_top_carries_the_schema_version()
    {
        var document = JsonDocument.Parse(Assert.Single(Things().Write(OutputFormat.Json, Sample.Wide, colour: false))).RootElement;
        Assert.Equal(Answer.Schema, document.GetProperty("schema").GetInt32());
        Assert.Equal(2, document.GetProperty("items").GetArrayLength());
        Assert.All(
            Things().Write(OutputFormat.Jsonl, Sample.Wide, colour: false),
            static line => Assert.Equal(Answer.Schema, JsonDocument.Parse(line).RootElement.GetProperty("schema").GetInt32()));
    }
}
