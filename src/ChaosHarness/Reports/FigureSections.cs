namespace Lineage.ChaosHarness.Reports;

/// <summary>Recovery times, lost steps, and what became of messages.</summary>
static class FigureSections
{
    const int BarsMax = 24;

    public static void Recoveries(Html page, RunFigures figures)
    {
        if (figures.Recoveries is not { } all) return;
        page.Raw("<h2>Recovery time and lost steps</h2>\n<p class=\"soft\">From the request for a recovery to every rank holding its "
            + "state ")
            .Raw("again, by the clock of the world that ran. Lost: steps that were trained and had to be trained again.</p>\n<div "
                + "class=\"tiles\">")
            .Add($"<div class=\"tile\"><b>{all.Count:N0}</b><span>completed recoveries</span></div>")
            .Add($"<div class=\"tile\"><b>{all.MedianMs:N0} ms</b><span>median</span></div>")
            .Add($"<div class=\"tile\"><b>{all.P99Ms:N0} ms</b><span>99 %</span></div>")
            .Add($"<div class=\"tile\"><b>{all.MaxMs:N0} ms</b><span>slowest</span></div></div>\n");
        Lost(page, all);
        page.Add($"<details><summary>The slowest {all.Slowest.Count}</summary><div class=\"card\"><table>")
            .Raw("<tr><th>recovery</th><th>cause</th><th class=\"n\">ms</th><th class=\"n\">lost steps</th></tr>\n");
        foreach (var one in all.Slowest)
            page.Add($"<tr><td class=\"id\">{one.Recovery}</td><td>{one.Cause}</td><td class=\"n\">{one.Milliseconds:N0}</td>")
                .Add($"<td class=\"n\">{(one.LostSteps is { } lost ? lost : "unknown")}</td></tr>\n");
        page.Raw("</table></div></details>\n");
    }

    static void Lost(Html page, RecoverySummary all)
    {
        if (all.LostSteps.Count == 0) return;
        var most = all.LostSteps.Values.Max();
        page.Raw("<div class=\"card\"><table class=\"bars\"><tr><th class=\"n\">lost steps</th><th "
            + "class=\"n\">recoveries</th><th></th></tr>\n");
        foreach (var (steps, count) in all.LostSteps.OrderBy(static one => one.Key).Take(BarsMax)) Bar(page, $"{steps}", count, most);
        var rest = all.LostSteps.OrderBy(static one => one.Key).Skip(BarsMax).Sum(static one => one.Value);
        if (rest > 0) Bar(page, "more", rest, most);
        if (all.LostUnknown > 0) Bar(page, "not told", all.LostUnknown, most);
        page.Raw("</table></div>\n");
    }

    static void Bar(Html page, string steps, long count, long most)
    {
        page.Add($"<tr><td class=\"n\">{steps}</td><td class=\"n\">{count:N0}</td><td class=\"wide\">")
            .Add($"<span class=\"bar\" style=\"width:{Math.Max(0.5, Math.Min(100, 100.0 * count / most)):F1}%\"></span></td></tr>\n");
    }

    public static void Messages(Html page, RunFigures figures)
    {
        var one = figures.Messages;
        if (one.Attempted + one.Acknowledged == 0) return;
        page.Raw("<h2>Messages</h2>\n<div class=\"tiles\">");
        foreach (var (count, what) in new (long? Count, string What)[]
        {
            (one.Attempted, "sent"), (one.Confirmed, "confirmed by the broker"), (one.Redelivered, "delivered again by the broker"),
            (one.Duplicated, "sent again by a rank"), (one.Recovered, "on record, and sent more than once"),
            (one.Acknowledged, "facts told to be on record"), (one.Lost, "never on record: their save ended without them"),
            (one.Dead, "dead letters"),
        })
            if (count is { } known) page.Add($"<div class=\"tile\"><b>{known:N0}</b><span>{what}</span></div>");
        page.Raw("</div>\n");
    }
}
