using System.Text.Json;
using Lineage.Audit;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Audit;

/// <summary>Files that leave the service are opened by programs that believe what they read.</summary>
public sealed class ExportTests
{
    static readonly DateTimeOffset At = new(2026, 11, 24, 12, 0, 0, 123, 456, TimeSpan.Zero);

    static readonly AuditEvent Hostile = new(
        7, "run/demo", 3, "tag-placed.v1", At, "person:eve", "=1+1", "@x", null, null, "not a hash <b>",
        "tag \"<script>alert(1)</script>\", a\r\nb",
        JsonElement.Parse("""{"tag":"</pre><img src=x onerror=alert(1)>"}"""));

    [Theory]
    [InlineData("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), InlineData("+1", "'+1"), InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)"), InlineData("say \"x\"", "\"say \"\"x\"\"\"")]
    [InlineData("\t=1", "'\t=1"), InlineData("\r=1", "\"'\r=1\""), InlineData("a,b", "\"a,b\"")]
    [InlineData("plain", "plain"), InlineData("", ""), InlineData("sha256:aa", "sha256:aa")]
    public void A_cell_is_quoted_by_the_rules_and_never_a_formula(string text, string cell)
    {
        var row = AuditCsv.Row(Hostile with
        {
            Stream = "s",
            Actor = text,
            Correlation = null,
            Causation = null,
            Summary = "x",
            Link = null,
        });
        Assert.Equal(
            $"7,2026-11-24T12:00:00.123456Z,s,3,tag-placed.v1,{cell},,,,,,x,", row[..row.IndexOf("\"{", StringComparison.Ordinal)]);
        Assert.EndsWith("}\"\r\n", row, StringComparison.Ordinal);
    }

    [Fact]
    public void The_header_has_as_many_columns_as_a_row() => Assert.Equal(
        AuditCsv.Header.Count(static c => c == ','),
        AuditCsv.Row(Hostile with { Summary = "x", Body = JsonElement.Parse("{}") }).Count(static c => c == ','));

    [Fact]
    public void The_page_needs_nothing_else_and_runs_nothing()
    {
        var page = Page(findings: []);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        foreach (var address in new[] { "http:", "https:", "src=", "href=", "url(", "@import" })
            Assert.DoesNotContain(address, page.Replace("src=x", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.Equal(Count(page, "<tr"), Count(page, "</tr>"));
        Assert.Equal(Count(page, "<td"), Count(page, "</td>"));
        Assert.Equal(Count(page, "<dl"), Count(page, "</dl>"));
    }

    [Fact]
    public void The_page_says_what_was_selected_whether_it_holds_and_where_it_does_not()
    {
        Assert.Contains("The record holds", Page([]), StringComparison.Ordinal);
        var damaged = Page([new AuditFinding("run/<demo>", 3, AuditDamage.Removed, "1 event missing", null, null, null, null, 0)]);
        Assert.Contains("The record was changed in 1 stream", damaged, StringComparison.Ordinal);
        Assert.Contains("run/&lt;demo&gt;", damaged, StringComparison.Ordinal);
        foreach (var text in new[] { "person:ada", "demo", "2026-11-24T12:00:00.123456Z", "tag-placed", ContentHash.Of("x"u8).ToString() })
            Assert.Contains(text, damaged, StringComparison.Ordinal);
    }

    [Fact]
    public void A_filter_survives_its_query_string()
    {
        Assert.Equal("", new AuditFilter().ToQuery());
        Assert.Equal(
            "run=demo&stream=run%2Fdemo&actor=person%3Aada&since=2026-11-24T12%3A00%3A00.123456Z&name=a&name=b&refusals=true",
            new AuditFilter(RunId.Parse("demo"), "run/demo", ActorId.Parse("person:ada"), At, null, ["a", "b"], true).ToQuery());
    }

    static string Page(IReadOnlyList<AuditFinding> findings) => AuditHtml.Head(new AuditHtmlFacts(
        new AuditFilter(RunId.Parse("demo"), Names: ["tag-placed"]), At, ActorId.Parse("person:ada"), 1, ContentHash.Of("x"u8),
        new AuditSummary(At, RunId.Parse("demo"), 3, 40, 2, 1, findings.Count, 0.5), findings)) + AuditHtml.Row(Hostile) + AuditHtml.Foot;

    static int Count(string page, string what) => page.Split(what).Length - 1;
}
