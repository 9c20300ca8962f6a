using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Format;

namespace Lineage.ChaosHarness.Reports;

/// <summary>What broke, in words, and the story that shows it: the harness' journal beside what the service recorded.</summary>
static class StorySections
{
    const int RowsMax = 600, BodyCharactersMax = 400;

    public static void Violations(Html page, ReportModel model)
    {
        var broken = model.Verdict.Invariants.Where(static one => one.Judgement == Judgement.Violated).ToList();
        if (broken.Count == 0) return;
        page.Raw("<h2>What broke</h2>\n");
        foreach (var one in broken)
        {
            page.Add($"<div class=\"card\"><span class=\"tag bad\">{one.Id}</span> <b>{one.Promise}</b>\n");
            foreach (var violation in one.Violations) Violation(page, violation);
            page.Raw("</div>\n");
        }
    }

    static void Violation(Html page, Violation violation)
    {
        var (context, expected, observed) = Parts(violation.What);
        page.Add($"<p>{context}</p>");
        if (expected.Length > 0)
        {
            page.Add($"<div class=\"pair\"><div class=\"good\"><h4>Expected</h4><p>{expected}</p></div>");
            page.Add($"<div class=\"bad\"><h4>Observed</h4><p>{(observed.Length > 0 ? observed : context)}</p></div></div>");
        }

        var entries = violation.Entries.Count > 0 ? $"journal {string.Join(", ", violation.Entries.Select(static one => $"#{one}"))}" : "";
        page.Add($"<p class=\"soft small\">{Summary.Where(violation).Trim()} {entries}</p>\n");
    }

    /// <summary>A violation says "… Expected A; observed: B"; the two halves are shown side by side.</summary>
    public static (string Context, string Expected, string Observed) Parts(string what)
    {
        var expected = what.IndexOf("Expected ", StringComparison.Ordinal);
        if (expected < 0) return (what, "", "");
        var observed = what.IndexOf("bserved", expected, StringComparison.Ordinal);
        var (context, rest) = (what[..expected].Trim(), what[(expected + "Expected ".Length)..]);
        if (observed < 0) return (context, rest.Trim(), "");
        var (left, right) = (what[(expected + "Expected ".Length)..(observed - 1)], what[(observed + "bserved".Length)..]);
        return (context, left.Trim(' ', ';', '.'), right.Trim(' ', ':'));
    }

    public static void History(Html page, ReportModel model, Evidence evidence)
    {
        var (entries, versions) = Hits(model.ShownVerdict ?? model.Verdict);
        var rows = Rows(evidence);
        var failing = entries.Count + versions.Count > 0;
        page.Add($"<h2>{(failing ? "The failing history, as small as it could be made" : "One history of this run")}</h2>\n")
            .Raw("<p class=\"soft\">Left what the harness saw and did, right what the service put on record, in the order of time. ")
            .Raw(failing ? "Marked rows are the evidence.</p>\n" : "</p>\n")
            .Add($"<details{(rows.Count <= 200 && failing ? " open" : "")}><summary>{rows.Count:N0} rows</summary><div ")
                .Add($"class=\"card\"><table>")
            .Raw("<tr><th class=\"n\">ms</th><th>the harness</th><th>on record</th></tr>\n");
        foreach (var row in rows.Take(RowsMax)) Row(page, row, entries, versions);
        page.Raw("</table>");
        if (rows.Count > RowsMax) page.Add($"<p class=\"soft\">{rows.Count - RowsMax:N0} rows more are in history.jsonl.</p>");
        page.Raw("</div></details>\n");
    }

    sealed record StoryRow(long AtMs, Entry? Entry, StreamEvidence? Stream, EventEvidence? Event);

    static List<StoryRow> Rows(Evidence evidence) =>
    [
        .. evidence.Journal.Select(static entry => new StoryRow(entry.AtMs, entry, null, null))
            .Concat(evidence.Streams.SelectMany(static stream => stream.Events.Select(e => new StoryRow(e.AtMs, null, stream, e))))
            .OrderBy(static row => row.AtMs),
    ];

    static (HashSet<long> Entries, HashSet<(string Stream, long Version)> Versions) Hits(Verdict verdict)
    {
        var violations = verdict.Invariants.SelectMany(static one => one.Violations).ToList();
        return (
            [.. violations.SelectMany(static one => one.Entries)],
            [.. violations.Where(static one => one is { Stream: not null, Version: not null }).Select(static one => (one.Stream!,
                one.Version!.Value))]);
    }

    static void Row(Html page, StoryRow row, HashSet<long> entries, HashSet<(string Stream, long Version)> versions)
    {
        var isHit = (row.Entry is { } entry && entries.Contains(entry.Index))
            || (row.Event is { } known && versions.Contains((row.Stream!.Key, known.Version)));
        var isFault = row.Entry is Entry.Injected or Entry.TookEffect or Entry.Healed;
        page.Add($"<tr class=\"{(isHit ? "hit" : isFault ? "fault" : "")}\"><td class=\"n\">{row.AtMs:N0}</td>");
        if (row.Entry is { } seen)
            page.Add($"<td><span class=\"soft\">#{seen.Index} {seen.Process}</span> {Told.Of(seen)}</td><td></td></tr>\n");
        else if (row.Event is { } e)
            page.Add($"<td></td><td><b>{e.Name}</b> <span class=\"soft\">{row.Stream!.Key} v{e.Version}</span>")
                .Add($"<br><code class=\"soft\">{Short(CanonicalJson.Write(e.Body, e.Body.GetType()))}</code></td></tr>\n");
    }

    static string Short(byte[] body)
    {
        var text = System.Text.Encoding.UTF8.GetString(body);
        return text.Length <= BodyCharactersMax ? text : $"{text.AsSpan(0, BodyCharactersMax)}…";
    }
}
