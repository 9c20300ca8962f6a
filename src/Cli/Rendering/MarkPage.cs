using System.Globalization;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary>Tags, pins, holds, metrics, and the decisions about a run.</summary>
internal static class MarkPage
{
    /// <summary>More columns of metrics do not fit on a screen; JSON has them all.</summary>
    const int MetricColumnsMax = 8;

    public static IReadOnlyList<Line> Tags(RunView run, Screen screen)
    {
        var tags = TagItem.Of(run);
        if (tags.Count == 0) return [new Line(($"{run.Run} has no tags.", Tone.Dim))];
        var table = new Table(new("TAG"), new("CHECKPOINT"));
        foreach (var tag in tags) table.Add((tag.Tag, Tone.Strong), tag.Checkpoint.ToString());
        return table.Draw(screen);
    }

    public static IReadOnlyList<Line> Holds(IReadOnlyList<HoldItem> holds, Screen screen)
    {
        if (holds.Count == 0) return [new Line(("No hold lies on any checkpoint.", Tone.Dim))];
        var table = new Table(new("HOLD"), new("CHECKPOINT"), new("PLACED"), new("BY"), new("REASON"));
        foreach (var hold in holds)
        {
            table.Add(
                (hold.Hold, Tone.Strong), hold.Checkpoint.ToString(), (Units.Age(hold.At, screen.Now), Tone.Dim), hold.By.ToString(),
                hold.Reason);
        }

        return table.Draw(screen);
    }

    public static IReadOnlyList<Line> Metrics(IReadOnlyList<MetricsItem> items, Screen screen)
    {
        var names = items.SelectMany(static item => item.Metrics.Keys).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal).ToArray();
        if (names.Length == 0) return [new Line(("No metrics were recorded yet.", Tone.Dim))];
        var shown = names.Take(MetricColumnsMax).ToArray();
        var table = new Table([new("CHECKPOINT"), .. shown.Select(static name => new Column(name, Right: true))]);
        foreach (var item in items)
        {
            table.Add([(item.Checkpoint.ToString(), Tone.Strong), .. shown.Select(name =>
                item.Metrics.TryGetValue(name, out var value) ? Value(value) : new Piece(screen.Glyphs.None, Tone.Dim))]);
        }

        return names.Length == shown.Length ? table.Draw(screen)
            : [.. table.Draw(screen), new Line(($"{Units.Count(names.Length - shown.Length, "more metric")} with -o json", Tone.Dim))];
    }

    /// <summary>What is said of a checkpoint, after something was.</summary>
    public static IReadOnlyList<Line> Of(CheckpointView view, Screen screen)
    {
        var facts = new FactList();
        AddTo(facts, view, tags: [], screen);
        var lines = facts.Draw(screen);
        return [
            new Line((Marks.Short(view.Checkpoint), Tone.Strong), $" {screen.Glyphs.Dot} ", Marks.Of(view, screen.Glyphs)).Fit(screen),
            .. lines.Count > 0 ? lines : [new Line(("  no marks", Tone.Dim))],
        ];
    }

    /// <summary>One line for each mark that there is.</summary>
    public static void AddTo(FactList facts, CheckpointView view, IReadOnlyList<string> tags, Screen screen)
    {
        if (tags.Count > 0) facts.Add(tags.Count == 1 ? "tag" : "tags", (string.Join(", ", tags), Tone.Accent));
        if (view.Pin is { } pin)
        {
            facts.Add("pin", (screen.Glyphs.Pin, IsOver(view, screen) ? Tone.Dim : Tone.Accent),
                $" by {pin.By} {Units.Age(pin.At, screen.Now)}{Until(pin, screen)}: {pin.Reason}");
        }

        foreach (var hold in view.Holds ?? [])
            facts.Add("hold", (screen.Glyphs.Hold, Tone.Warn),
                $" {hold.Hold} by {hold.By} {Units.Age(hold.At, screen.Now)}: {hold.Reason}");
        if (view.Metrics is { } metrics)
        {
            facts.Add("metrics", string.Join(", ", metrics.OrderBy(static m => m.Key, StringComparer.Ordinal)
                .Select(static m => $"{m.Key} {Value(m.Value).Text}")));
        }

        foreach (var export in view.Exports ?? [])
            facts.Add("exported", $"{export.Format} to {export.Target}, {Units.Bytes(export.Bytes)}, by {export.By} "
                + Units.Age(export.At, screen.Now));
    }

    /// <summary>As it stands in a line of the graph: empty when nothing was said of it.</summary>
    public static IEnumerable<Piece> Beside(CheckpointView view, IReadOnlyList<string> tags, Screen screen)
    {
        if (view.Pin is not null && !IsOver(view, screen)) yield return ($" {screen.Glyphs.Pin}", Tone.Accent);
        if (view.Holds is { Count: > 0 }) yield return ($" {screen.Glyphs.Hold}", Tone.Warn);
        if (tags.Count > 0) yield return ($" [{string.Join(", ", tags)}]", Tone.Accent);
        if (view.Metrics is { } metrics && Foremost(metrics) is { } name)
            yield return ($" {name} {Value(metrics[name]).Text}", metrics[name] is null ? Tone.Bad : Tone.Dim);
    }

    /// <summary>What was decided about a run.</summary>
    public static IReadOnlyList<Line> Of(RunView run, Screen screen)
    {
        var facts = new FactList();
        if (run.Origin is { } origin) facts.Add("forked from", origin.ToString());
        foreach (var rewind in run.Rewound ?? [])
            facts.Add("rewound to", $"{rewind.To} {Units.Age(rewind.At, screen.Now)}: {rewind.Reason}");
        if (run.Archived is { } archived) facts.Add("archived", $"{Units.Age(archived.At, screen.Now)}: {archived.Reason}");
        if (run.Tags is { } tags) facts.Add("tags", (string.Join(", ", tags.Keys.Order(StringComparer.Ordinal)), Tone.Accent));
        facts.Add("saves", $"full every {Units.Count(run.Policy.FullEvery, "save")}, chains of at most "
            + $"{Units.Count(run.Policy.DepthMax, "delta")}, deadline {run.Policy.SaveDeadlineSeconds} s, lease {run.Policy.LeaseSeconds} s"
            + (run.Policy.RestoreBytesMax is { } budget ? $", restores of at most {Units.Bytes(budget)}" : ""));
        facts.Add("keeps", Kept(run.Retention));
        return [.. RunPage.Headline(run, screen), .. facts.Draw(screen)];
    }

    static string Kept(RetentionPolicy? policy)
    {
        if (policy is null) return "everything";
        List<string> rules = [];
        if (policy.Latest > 0) rules.Add($"the latest {policy.Latest}");
        if (policy.Best > 0) rules.Add($"the best {policy.Best} by {policy.BestBy}");
        if (policy.Daily > 0) rules.Add($"the last of {Units.Count(policy.Daily, "day")}");
        if (policy.Weekly > 0) rules.Add($"the last of {Units.Count(policy.Weekly, "week")}");
        return $"{(rules.Count > 0 ? string.Join(", ", rules) : "nothing by a rule")}; never fewer than {policy.VerifiedMin} verified; "
            + $"{Units.Duration(TimeSpan.FromSeconds(policy.GraceSeconds))} of grace";
    }

    static string? Foremost(IReadOnlyDictionary<string, double?> metrics) =>
        metrics.ContainsKey("loss") ? "loss" : metrics.Keys.Order(StringComparer.Ordinal).FirstOrDefault();

    static bool IsOver(CheckpointView view, Screen screen) => view.Pin?.Until <= screen.Now;

    static string Until(PinView pin, Screen screen) =>
        pin.Until is { } until ? $", {(until <= screen.Now ? "ended" : "until")} {Units.Moment(until)}" : "";

    static Piece Value(double? value) => value is { } number
        ? number.ToString("G6", CultureInfo.InvariantCulture)
        : ("not a number", Tone.Bad);
}
