using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Reports;

/// <summary>The plain tables of the report.</summary>
static class TableSections
{
    public static void Invariants(Html page, ReportModel model)
    {
        if (model.Verdict.Invariants.Count == 0) return;
        page.Raw("<h2>Promises</h2>\n<p class=\"soft\">Triggered: how often there was something to judge. NEVER is not good news: "
            + "nothing put ")
            .Raw("the promise to the test.</p>\n<div class=\"card\"><table><tr><th></th><th>what is promised</th><th>verdict</th><th ")
            .Raw("class=\"n\">triggered</th></tr>\n");
        foreach (var one in model.Verdict.Invariants)
        {
            var (style, word) = Words(model, one);
            page.Add($"<tr><td class=\"id\">{one.Id}</td><td>{one.Promise}</td><td><span class=\"tag {style}\">{word}</span></td>")
                .Add($"<td class=\"n\">{one.Triggered:N0}</td></tr>\n");
        }

        page.Raw("</table></div>\n");
    }

    static (string Style, string Word) Words(ReportModel model, InvariantVerdict one) => one.Judgement switch
    {
        Judgement.Valid => ("good", "valid"),
        Judgement.Violated => ("bad", "violated"),
        Judgement.Unknown => ("warn", "unknown"),
        _ when model.Untried?.Contains(one.Id, StringComparer.Ordinal) == false => ("none", "not of this level"),
        _ => ("warn", "NEVER"),
    };

    public static void Scenarios(Html page, ReportModel model)
    {
        if (model.Scenarios is not { Count: > 0 } scenarios) return;
        page.Raw("<h2>What was played</h2>\n<div class=\"card\"><table><tr><th></th><th>verdict</th>")
            .Raw("<th class=\"n\">s</th><th></th></tr>\n");
        foreach (var one in scenarios)
        {
            var style = one.Verdict switch { "valid" => "good", "violated" => "bad", _ => "warn" };
            page.Raw("<tr><td class=\"id\">");
            if (one.Link is { } link) page.Add($"<a href=\"{link}\">{one.Name}</a>");
            else page.Add($"{one.Name}");
            page.Add($"</td><td><span class=\"tag {style}\">{one.Verdict}</span></td>")
                .Add($"<td class=\"n\">{one.Seconds:F1}</td><td>{one.Why}</td></tr>\n");
        }

        page.Raw("</table></div>\n");
    }

    public static void Environment(Html page, ReportModel model)
    {
        if (model.Environment.Count == 0 && model.Throughput is null) return;
        page.Raw("<h2>Environment</h2>\n<div class=\"card\"><table>");
        foreach (var fact in model.Environment) page.Add($"<tr><td class=\"id\">{fact.Name}</td><td>{fact.Value}</td></tr>\n");
        if (model.Throughput is { } pace)
            page.Add($"<tr><td class=\"id\">seeds</td><td>{pace.Seeds}</td></tr>\n");
        if (model.Throughput is { TraceHash: { } hash })
            page.Add($"<tr><td class=\"id\">trace hash</td><td><code>{hash}</code></td></tr>\n");
        if (model.Throughput is { RanTwice: { } twice })
            page.Add($"<tr><td class=\"id\">run twice</td><td>{twice:N0} histories, by a second process, ")
                .Raw("compared line by line</td></tr>\n");
        page.Raw("</table></div>\n");
    }

    public static void Replay(Html page, ReportModel model)
    {
        if (model.Replay.Count == 0) return;
        page.Raw("<h2>See it again</h2>\n").Add($"<pre>{string.Join('\n', model.Replay)}</pre>\n");
    }
}
