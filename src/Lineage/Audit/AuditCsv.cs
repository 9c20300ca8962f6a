using System.Globalization;
using Lineage.Contracts.Api;

namespace Lineage.Audit;

/// <summary>
/// Events as comma-separated values (RFC 4180, lines end with CRLF). A cell that a spreadsheet would take for a formula begins with an
/// apostrophe, which spreadsheets do not show; the JSON form has every text as it is.
/// </summary>
public static class AuditCsv
{
    public const string Header =
        "sequence,at,stream,version,event,actor,correlation,causation,command,digest,link,summary,body\r\n";

    public static string Row(AuditEvent e) => string.Join(',', new[]
    {
        e.Sequence.ToString(CultureInfo.InvariantCulture), AuditHtml.Time(e.At), e.Stream, e.Version.ToString(CultureInfo.InvariantCulture),
        e.Name, e.Actor, e.Correlation, e.Causation, e.Command, e.Digest, e.Link, e.Summary, e.Body.GetRawText(),
    }.Select(static cell => Cell(cell ?? ""))) + "\r\n";

    static string Cell(string text)
    {
        if (text is ['=' or '+' or '-' or '@' or '\t' or '\r' or '\n', ..]) text = "'" + text;
        return text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
