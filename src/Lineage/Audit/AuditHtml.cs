using System.Globalization;
using System.Net;
using System.Text;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using static Lineage.Narration.Quantities;

namespace Lineage.Audit;

/// <summary>What stands at the top of an export.</summary>
/// <param name="Lines">SHA-256 of the same events as lines of JSON, which anybody can compute again.</param>
public sealed record AuditHtmlFacts(
    AuditFilter Filter, DateTimeOffset At, ActorId Actor, long Events, ContentHash Lines, AuditSummary Summary,
    IReadOnlyList<AuditFinding> Findings);

/// <summary>
/// Part of the trail as one page that needs nothing else: no script, no picture, no address. Every text that came from outside is escaped,
/// and a policy in the page forbids everything but its own style.
/// </summary>
public static class AuditHtml
{
    const int FindingsMax = 200;

    public const string Foot = "</tbody></table></main></body></html>\n";

    const string Style = """
        :root{--ink:#1b2430;--soft:#5a6676;--line:#d8dee6;--good:#0b6b3a;--bad:#a4161a;--ground:#fff;--shade:#f5f7fa}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        main{max-width:1400px;margin:0 auto;padding:2rem 1.5rem 4rem}
        h1{font-size:1.5rem;margin:0 0 .25rem} h2{font-size:1.05rem;margin:2rem 0 .5rem}
        .by{color:var(--soft);margin:0 0 1.5rem}
        .verdict{border-left:6px solid;padding:.75rem 1rem;background:var(--shade);margin:0 0 1.5rem}
        .verdict b{display:block;font-size:1.1rem} .good{border-color:var(--good)} .good b{color:var(--good)}
        .bad{border-color:var(--bad)} .bad b{color:var(--bad)}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;margin:0}
        dt{color:var(--soft)} dd{margin:0;overflow-wrap:anywhere}
        code,pre{font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
        pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--shade);padding:.5rem .75rem;margin:.4rem 0 0}
        table{width:100%;border-collapse:collapse;margin-top:.5rem}
        th{text-align:left;font-weight:600;color:var(--soft);border-bottom:2px solid var(--line);padding:.35rem .6rem .35rem 0}
        td{vertical-align:top;border-bottom:1px solid var(--line);padding:.4rem .6rem .4rem 0;overflow-wrap:anywhere}
        td.n,th.n{text-align:right;white-space:nowrap} td.t{white-space:nowrap}
        .soft{color:var(--soft)} details summary{cursor:pointer;color:var(--soft);font-size:.85rem}
        @media print{main{max-width:none;padding:0} details summary{display:none} tr{break-inside:avoid}}
        """;

    public static string Head(AuditHtmlFacts facts)
    {
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<title>Lineage audit trail</title>\n<style>\n").Append(Style).Append("</style></head>\n<body><main>\n")
            .Append("<h1>Lineage audit trail</h1>\n")
            .Append("<p class=\"by\">Exported ").Append(Time(facts.At)).Append(" by ").Append(Text(facts.Actor.ToString()))
            .Append("</p>\n");
        Verdict(page, facts);
        page.Append("<h2>What is in this file</h2>\n<dl>\n");
        foreach (var (name, value) in Selection(facts.Filter)) Entry(page, name, Text(value));
        Entry(page, "Events", Number(facts.Events));
        Entry(page, "Digest of the events", $"<code>{facts.Lines}</code><br><span class=\"soft\">SHA-256 of the same events exported as "
            + "JSON lines. The digest of this file itself is in the event <code>audit-exported.v1</code> that the export left on "
            + "record.</span>");
        page.Append("</dl>\n<h2>Events</h2>\n<table><thead><tr><th class=\"n\">No.</th><th>When (UTC)</th><th>Who</th>")
            .Append("<th>What</th>").Append("<th>Where</th><th>Digest and link</th></tr></thead><tbody>\n");
        return page.ToString();
    }

    static void Verdict(StringBuilder page, AuditHtmlFacts facts)
    {
        var summary = facts.Summary;
        var scope = summary.Run is { } run ? $"run {run}" : "the whole store";
        page.Append("<div class=\"verdict ").Append(summary.IsIntact ? "good" : "bad").Append("\"><b>")
            .Append(summary.IsIntact ? "&#10003; The record holds"
                : $"&#10007; The record was changed in {Plural(summary.Findings, "stream")}")
            .Append("</b>\n").Append(Text(
                $"Checked {Time(summary.At)}: {Plural(summary.Events, "event")} in {Plural(summary.Streams, "stream")} of {scope}; every "
                + "digest and every link of the hash chains was computed again."));
        if (summary.Unlinked > 0)
            page.Append(' ').Append(Text($"{Plural(summary.Unlinked, "event")} in {Plural(summary.UnlinkedStreams, "stream")} "
                + "come from before there were chains: only their bodies could be checked."));
        page.Append(" <span class=\"soft\">The check is tamper-evident against whoever cannot also replace the heads that it compares ")
            .Append("with; what it cannot show is written in docs/AUDIT.md.</span></div>\n");
        if (facts.Findings.Count == 0) return;
        page.Append("<h2>Where it does not hold</h2>\n<table><thead><tr><th>Stream</th><th class=\"n\">Event</th><th>Most likely</th>")
            .Append("<th>Why</th></tr></thead><tbody>\n");
        foreach (var finding in facts.Findings.Take(FindingsMax))
            page.Append("<tr><td>").Append(Text(finding.Stream)).Append("</td><td class=\"n\">").Append(Number(finding.Version))
                .Append("</td><td>").Append(Text(finding.Damage)).Append("</td><td>").Append(Text(finding.Detail)).Append("</td></tr>\n");
        page.Append("</tbody></table>\n");
        if (summary.Findings > FindingsMax)
            page.Append("<p>").Append(Number(summary.Findings - FindingsMax)).Append(" more streams.</p>\n");
    }

    static IEnumerable<(string Name, string Value)> Selection(AuditFilter filter)
    {
        yield return ("Run", filter.Run?.ToString() ?? "every run");
        if (filter.Stream is { } stream) yield return ("Stream", stream);
        yield return ("Actor", filter.Actor?.ToString() ?? "everybody");
        yield return ("From", filter.Since is { } since ? Time(since) : "the beginning");
        yield return ("To", filter.Until is { } until ? $"before {Time(until)}" : "the time of the export");
        yield return ("Kinds", filter.Names is { Count: > 0 } names ? string.Join(", ", names) : "every kind of event");
        yield return ("Refusals only", filter.Refusals ? "yes" : "no");
    }

    public static string Row(AuditEvent e)
    {
        var row = new StringBuilder();
        row.Append("<tr><td class=\"n\">").Append(e.Sequence.ToString(CultureInfo.InvariantCulture))
            .Append("</td><td class=\"t\">").Append(Time(e.At))
            .Append("</td><td>").Append(Text(e.Actor ?? "unknown"))
            .Append("</td><td>").Append(Text(e.Summary)).Append("<br><code class=\"soft\">").Append(Text(e.Name)).Append("</code>")
            .Append("<details><summary>all of it</summary><pre>").Append(Text(e.Body.GetRawText())).Append("</pre>")
            .Append("<dl class=\"soft\">");
        if (e.Correlation is { } correlation) Entry(row, "Correlation", Text(correlation));
        if (e.Causation is { } causation) Entry(row, "Causation", Text(causation));
        if (e.Command is { } command) Entry(row, "Command", Text(command));
        row.Append("</dl></details></td><td>").Append(Text(e.Stream)).Append(" <span class=\"soft\">#")
            .Append(e.Version.ToString(CultureInfo.InvariantCulture)).Append("</span></td><td><code>").Append(Hash("digest", e.Digest))
            .Append("<br>").Append(Hash("link", e.Link)).Append("</code></td></tr>\n");
        return row.ToString();
    }

    static string Hash(string name, string? value)
    {
        if (value is null) return $"<span class=\"soft\">no {name}</span>";
        var shown = value.StartsWith("sha256:", StringComparison.Ordinal) && value.Length > 23 ? value[7..23] + "…" : value;
        return $"<span title=\"{name} {Text(value)}\">{Text(shown)}</span>";
    }

    static void Entry(StringBuilder page, string name, string html) =>
        page.Append("<dt>").Append(name).Append("</dt><dd>").Append(html).Append("</dd>\n");

    internal static string Time(DateTimeOffset at) =>
        at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    static string Text(string text) => WebUtility.HtmlEncode(text);
}
