using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Reports;

/// <summary>A lane per process and one for what is on record; faults are bands across all of them.</summary>
static class TimelineSection
{
    const int Left = 130, Width = 1_200, LaneHeight = 26, Top = 62, MarksMax = 4_000, LanesMax = 40, LabelRows = 4, LabelHeight = 11;
    const double CharacterWidth = 6.1;

    public static void Draw(Html page, Evidence evidence)
    {
        var lanes = Lanes(evidence);
        if (lanes.Count == 0) return;
        var time = FoldedTime.Of(evidence);
        double X(long atMs) => Left + (time.Place(atMs) * (Width - Left - 20.0));
        var height = Top + (lanes.Count * LaneHeight) + 24;
        page.Raw("<h2>Who did what, when</h2>\n")
            .Raw(time.IsFolded ? "<p class=\"soft\">One history of this run. Quiet stretches are shortened; point at a dot to read "
                + "it.</p>\n" : "")
            .Raw("<div class=\"card\"><p class=\"small key\"><span class=\"c1\">● asked, captured, trained</span><span class=\"c2\">● "
                + "durable, on ")
            .Raw("record, restored</span><span class=\"c3\">● refused, abandoned, failed</span><span class=\"c4\">● read back, "
                + "offered</span>")
            .Raw("<span class=\"c5\">● fault</span></p>")
            .Add($"<svg viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"Timeline of {time.Last:N0} ms\">\n");
        Bands(page, evidence, X, time.Last, height);
        for (var i = 0; i < lanes.Count; i++)
        {
            var y = Top + (i * LaneHeight) + (LaneHeight / 2);
            page.Add($"<line class=\"lane\" x1=\"{Left}\" x2=\"{Width - 10}\" y1=\"{y}\" y2=\"{y}\"/><text x=\"0\" ")
                .Add($"y=\"{y + 4}\">{lanes[i]}</text>\n");
        }

        Marks(page, evidence, lanes, X);
        foreach (var at in Enumerable.Range(0, 9).Select(tick => time.At(tick / 8.0)).Distinct())
            page.Add($"<text x=\"{X(at):F0}\" y=\"{height - 6}\" text-anchor=\"{(at == time.Last ? "end" : "middle")}\">{at:N0} ms</text>");
        page.Raw("</svg></div>\n");
    }

    static List<string> Lanes(Evidence evidence)
    {
        var lanes = evidence.Journal.Select(static one => one.Process).Distinct(StringComparer.Ordinal)
            .OrderBy(static one => one.StartsWith("rank", StringComparison.Ordinal) ? 0 : one is "nemesis" ? 2 : 1)
            .ThenBy(static one => one, StringComparer.Ordinal).Take(LanesMax - 3).ToList();
        foreach (var kind in new[] { "run", "checkpoint", "recovery" })
            if (evidence.Streams.Any(stream => stream.Key.StartsWith(kind, StringComparison.Ordinal))) lanes.Add($"record: {kind}");
        return lanes;
    }

    static void Bands(Html page, Evidence evidence, Func<long, double> x, long last, int height)
    {
        var rows = new double[LabelRows];   // where the last label of each row ends
        foreach (var fault in evidence.Journal.OfType<Entry.Injected>())
        {
            var until = Until(evidence, fault, last);
            var label = $"{fault.Kind} on {fault.Target}, {fault.AtMs} to {until} ms";
            var (from, to) = (x(fault.AtMs), x(until));
            if (until > fault.AtMs)
                page.Add($"<rect class=\"band\" x=\"{from:F1}\" y=\"{Top - 6}\" width=\"{Math.Max(2, to - from):F1}\" ")
                    .Add($"height=\"{height - Top - 16}\"><title>{label}</title></rect>\n");
            page.Add($"<line class=\"cut\" x1=\"{from:F1}\" x2=\"{from:F1}\" y1=\"{Top - 6}\" y2=\"{height - 22}\"><title>{label}")
                .Raw("</title></line>");
            Label(page, fault, from, rows);
        }
    }

    /// <summary>In the first row that is free there; to the left of the line where the page ends.</summary>
    static void Label(Html page, Entry.Injected fault, double from, double[] rows)
    {
        var text = $"{fault.Kind} {fault.Target}";
        var isLeft = from + (text.Length * CharacterWidth) > Width;
        var begin = isLeft ? from - (text.Length * CharacterWidth) : from;
        var row = Math.Max(0, Array.FindIndex(rows, end => end <= begin));
        rows[row] = begin + (text.Length * CharacterWidth) + 8;
        page.Add($"<text class=\"c5\" x=\"{from + (isLeft ? -3 : 3):F1}\" y=\"{Top - 10 - ((LabelRows - 1 - row) * LabelHeight)}\" ")
            .Add($"text-anchor=\"{(isLeft ? "end" : "start")}\">{text}</text>\n");
    }

    static long Until(Evidence evidence, Entry.Injected fault, long last)
    {
        var scheduled = evidence.Schedule.Faults.FirstOrDefault(one => one.Id == fault.Fault);
        var healed = evidence.Journal.OfType<Entry.Healed>().FirstOrDefault(
            one => one.Index > fault.Index && (one.Fault == fault.Fault || (one.Fault is null && scheduled is not { Until: null })));
        return healed?.AtMs ?? (scheduled is { Until: not null } ? last : fault.AtMs);
    }

    static void Marks(Html page, Evidence evidence, List<string> lanes, Func<long, double> x)
    {
        var drawn = 0;
        foreach (var entry in evidence.Journal)
            if (lanes.IndexOf(entry.Process) is >= 0 and var lane && drawn++ < MarksMax)
                Mark(page, x(entry.AtMs), lane, Colour(entry), $"#{entry.Index} {entry.AtMs} ms: {Told.Of(entry)}");
        foreach (var stream in evidence.Streams)
            foreach (var e in stream.Events)
                if (lanes.IndexOf($"record: {stream.Key.Split('/')[0]}") is >= 0 and var lane && drawn++ < MarksMax)
                    Mark(page, x(e.AtMs), lane, Colour(e.Name), $"{e.AtMs} ms: {e.Name} in {stream.Key}, version {e.Version}");
    }

    static void Mark(Html page, double x, int lane, string colour, string label) => page.Add(
        $"<circle class=\"{colour}\" cx=\"{x:F1}\" cy=\"{Top + (lane * LaneHeight) + (LaneHeight / 2)}\" ")
        .Add($"r=\"4\"><title>{label}</title></circle>\n");

    static string Colour(Entry entry) => entry switch
    {
        Entry.Injected or Entry.TookEffect => "c5",
        Entry.Ended { Outcome: not Outcome.Ok } => "c3",
        Entry.Acknowledged or Entry.Durable or Entry.Restored or Entry.Ended or Entry.Healed => "c2",
        Entry.ReadBack or Entry.Offered => "c4",
        _ => "c1",
    };

    static string Colour(string name) =>
        name.Contains("abandoned", StringComparison.Ordinal) || name.Contains("failed", StringComparison.Ordinal)
        || name.Contains("refused", StringComparison.Ordinal) || name.Contains("quarantined", StringComparison.Ordinal) ? "c3" : "c2";
}
