using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Reports;

/// <summary>The tables of the report.</summary>
static class TableSections
{
    public static void Invariants(Html page, ReportModel model)
    {
        page.Raw("<h2>Invariants</h2>\n<div class=\"card\"><table><tr><th></th><th>what is promised</th><th>verdict</th><th "
            + "class=\"n\">triggered</th></tr>\n");
        foreach (var one in model.Verdict.Invariants)
        {
            var (style, word) = one.Judgement switch
            {
                Judgement.Valid => ("good", "valid"),
                Judgement.Violated => ("bad", "violated"),
                Judgement.Unknown => ("warn", "unknown"),
                _ => ("warn", "NEVER"),
            };
            page.Add($"<tr><td class=\"id\">{one.Id}</td><td>{one.Promise}</td><td><span class=\"tag {style}\">{word}</span></td>")
                .Add($"<td class=\"n\">{one.Triggered:N0}</td></tr>\n");
        }

        page.Raw("</table></div>\n");
    }

    public static void Scenarios(Html page, ReportModel model)
    {
        if (model.Scenarios is not { Count: > 0 } scenarios) return;
        page.Raw("<h2>Scenarios</h2>\n<div class=\"card\"><table><tr><th>scenario</th><th>verdict</th>")
            .Raw("<th class=\"n\">s</th><th></th></tr>\n");
        foreach (var one in scenarios)
        {
            var style = one.Verdict switch { "valid" => "good", "violated" => "bad", _ => "warn" };
            page.Add($"<tr><td class=\"id\">{one.Name}</td><td><span class=\"tag {style}\">{one.Verdict}</span></td>")
                .Add($"<td class=\"n\">{one.Seconds:F1}</td><td>{one.Why}</td></tr>\n");
        }

        page.Raw("</table></div>\n");
    }

    public static void Heat(Html page, ReportModel model)
    {
        var heat = model.Heat ?? HistoryFigures.Heat(model.Evidence);
        if (heat.Count == 0) return;
        var phases = HistoryFigures.Phases.Union(heat.Select(static one => one.Phase), StringComparer.Ordinal).ToList();
        var most = heat.Max(static one => one.Count);
        page.Raw("<h2>Fault × phase</h2>\n<p class=\"soft\">What each fault met; an empty cell was never tried.</p>")
            .Raw("<div class=\"card\"><table class=\"heat\"><tr><th>fault</th>");
        foreach (var phase in phases) page.Add($"<th>{phase}</th>");
        page.Raw("</tr>\n");
        foreach (var fault in heat.Select(static one => one.Fault).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            page.Add($"<tr><td>{fault}</td>");
            foreach (var phase in phases)
            {
                var count = heat.Where(one => string.Equals(one.Fault, fault, StringComparison.Ordinal)
                    && string.Equals(one.Phase, phase, StringComparison.Ordinal)).Sum(static one => one.Count);
                var share = 12 + (68 * Math.Log(1 + count) / Math.Log(1 + most));
                if (count == 0) page.Raw("<td><span class=\"cell none\">–</span></td>");
                else page.Add($"<td><span class=\"cell\" style=\"background:color-mix(in srgb,var(--accent) ")
                    .Add($"{share:F0}%,var(--card))\">{count:N0}</span></td>");
            }

            page.Raw("</tr>\n");
        }

        page.Raw("</table></div>\n");
    }

    public static void Mutants(Html page, ReportModel model)
    {
        if (model.Mutants is not { Count: > 0 } mutants) return;
        var intended = mutants.Count(static one => one.KilledBy.Contains(one.Intended, StringComparer.Ordinal));
        page.Add($"<h2>Mutants</h2>\n<p class=\"soft\">{mutants.Count} planted errors, ")
            .Add($"{mutants.Count(static one => one.KilledBy.Count > 0)} found, {intended} by the ")
            .Raw("invariant that was meant to.</p><div class=\"card\"><table><tr><th>error</th><th>meant for</th><th>found by</th>")
            .Raw("<th class=\"n\">operations + faults</th></tr>\n");
        foreach (var one in mutants)
        {
            var (style, word) = one.KilledBy.Count == 0 ? ("bad", "survived")
                : one.KilledBy.Contains(one.Intended, StringComparer.Ordinal) ? ("good", string.Join(" ", one.KilledBy))
                : ("warn", string.Join(" ", one.KilledBy));
            page.Add($"<tr><td>{one.Name}</td><td class=\"id\">{one.Intended}</td><td><span class=\"tag {style}\">{word}</span></td>")
                .Add($"<td class=\"n\">{(one.Operations is { } operations ? $"{operations} + {one.Faults}" : "–")}</td></tr>\n");
        }

        page.Raw("</table></div>\n");
    }

    public static void Recoveries(Html page, ReportModel model)
    {
        var recoveries = model.Recoveries ?? HistoryFigures.Recoveries(model.Evidence);
        if (recoveries.Count == 0) return;
        var sorted = recoveries.Select(static one => one.Milliseconds).Order().ToList();
        page.Raw("<h2>Recovery time and lost steps</h2>\n<div class=\"tiles\">")
            .Add($"<div class=\"tile\"><b>{recoveries.Count:N0}</b><span>completed recoveries</span></div>")
            .Add($"<div class=\"tile\"><b>{sorted[sorted.Count / 2]:N0} ms</b><span>median</span></div>")
            .Add($"<div class=\"tile\"><b>{sorted[(int)((sorted.Count - 1) * 0.99)]:N0} ms</b><span>99 %</span></div>");
        if (recoveries.Any(static one => one.LostSteps is not null))
            page.Add($"<div class=\"tile\"><b>{recoveries.Max(static one => one.LostSteps ?? 0):N0}</b><span>lost steps at ")
                .Add($"most</span></div>");
        page.Raw("</div><div class=\"card\"><table><tr><th>recovery</th><th>cause</th><th class=\"n\">ms</th><th class=\"n\">lost "
            + "steps</th></tr>\n");
        foreach (var one in recoveries.Take(50))
            page.Add($"<tr><td class=\"id\">{one.Recovery}</td><td>{one.Cause}</td><td class=\"n\">{one.Milliseconds:N0}</td>")
                .Add($"<td class=\"n\">{(one.LostSteps is { } lost ? lost : "unknown")}</td></tr>\n");
        page.Raw("</table></div>\n");
    }

    public static void Messages(Html page, ReportModel model)
    {
        var one = model.Messages ?? HistoryFigures.Messages(model.Evidence);
        if (one.Attempted + one.Acknowledged == 0) return;
        page.Raw("<h2>Messages</h2>\n<div class=\"tiles\">");
        foreach (var (count, what) in new[]
        {
            (one.Attempted, "sent"), (one.Acknowledged, "facts acknowledged"), (one.Lost, "never on record"), (one.Duplicated,
                "sent again"),
            (one.Recovered, "on record only thanks to a repeat"),
        })
            page.Add($"<div class=\"tile\"><b>{count:N0}</b><span>{what}</span></div>");
        page.Raw("</div>\n");
    }

    public static void Environment(Html page, ReportModel model)
    {
        if (model.Environment.Count == 0 && model.Throughput is null) return;
        page.Raw("<h2>Environment</h2>\n<div class=\"card\"><table>");
        foreach (var fact in model.Environment) page.Add($"<tr><td class=\"id\">{fact.Name}</td><td>{fact.Value}</td></tr>\n");
        if (model.Throughput is { } pace)
            page.Add($"<tr><td class=\"id\">seeds</td><td>{pace.Seeds}</td></tr>\n<tr><td class=\"id\">trace ")
                .Add($"hash</td><td><code>{pace.TraceHash}</code></td></tr>");
        page.Raw("</table></div>\n");
    }

    public static void Replay(Html page, ReportModel model)
    {
        if (model.Replay.Count == 0) return;
        page.Raw("<h2>See it again</h2>\n").Add($"<pre>{string.Join('\n', model.Replay)}</pre>\n");
    }
}
