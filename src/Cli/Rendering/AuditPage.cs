using System.Globalization;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Rendering;

/// <summary>What a verification of the record found, and the shape of its JSON.</summary>
/// <param name="Against">Null when it was not compared with a heads file.</param>
internal sealed record AuditReport(AuditSummary Summary, HeadsReport? Against, IReadOnlyList<AuditFinding> Findings);

internal sealed record HeadsReport(string File, DateTimeOffset At, long Heads, ContentHash Digest, long Findings);

internal sealed record ExportedTrail(string File, string Format, long Events, long Bytes, ContentHash Digest);

/// <summary>The record of who did what.</summary>
internal static class AuditPage
{
    const int PlaceWidthMax = 34, ActorWidthMax = 24;

    public static string Place(AuditEvent e) => Place(e.Stream, e.Version);

    public static string Place(string stream, long version) => string.Create(CultureInfo.InvariantCulture, $"{stream}@{version}");

    /// <param name="refusals">Records of access are shown request by request, only the refused ones.</param>
    public static IReadOnlyList<Line> List(IReadOnlyList<AuditEvent> events, bool refusals, Screen screen)
    {
        if (events.Count == 0) return [new Line(("Nothing on record for that.", Tone.Dim))];
        Row[] rows = [.. events.SelectMany(e => refusals && Access(e) is { } access
            ? access.Entries.Where(static entry => entry.Code is not null).Select(entry => Refusal(entry, e))
            : [new Row(e.At, Place(e), e.Actor ?? "unknown", e.Summary)])];
        var place = Math.Min(PlaceWidthMax, rows.Max(static row => row.Place.Length));
        var actor = Math.Min(ActorWidthMax, rows.Max(static row => row.Actor.Length));
        return [.. rows.Select(row => new Line(
            (Units.Moment(row.At), Tone.Dim), "  ", (Cell(row.Place, place, screen), Tone.Accent), "  ",
            (Cell(row.Actor, actor, screen), Tone.Dim), "  ", row.What).Fit(screen))];
    }

    sealed record Row(DateTimeOffset At, string Place, string Actor, Piece What);

    static Row Refusal(AccessEntry entry, AuditEvent e) => new(
        entry.At, Place(e), entry.Actor.ToString(),
        ($"{entry.Code} ({entry.Status}): {entry.Operation} {entry.Target}{(entry.Count is { } count ? $", {count} times" : "")}",
            Tone.Warn));

    /// <summary>Shortened in front: the end of a stream or an actor is what tells it apart.</summary>
    static string Cell(string text, int width, Screen screen) =>
        screen.Width == 0 || text.Length <= width ? text.PadRight(width) : screen.Glyphs.More + text[^(width - 1)..];

    static AccessRecorded? Access(AuditEvent e)
    {
        if (!e.Name.StartsWith("access-recorded.", StringComparison.Ordinal)) return null;
        try
        {
            return e.Body.Deserialize<AccessRecorded>(CanonicalJson.Options);
        }
        catch (Exception unreadable) when (unreadable is JsonException or FormatException)
        {
            return null;
        }
    }

    public static IReadOnlyList<Line> Event(AuditEvent e, Screen screen)
    {
        var lines = new List<Line> { new((Place(e), Tone.Strong), ("  " + e.Name, Tone.Dim)), new("  " + e.Summary), Line.Empty };
        Add("when", Units.Moment(e.At));
        Add("who", e.Actor ?? "unknown");
        Add("sequence", e.Sequence.ToString(CultureInfo.InvariantCulture));
        Add("correlation", e.Correlation);
        Add("causation", e.Causation);
        Add("command", e.Command);
        Add("digest", e.Digest ?? "none: from before digests");
        Add("link", e.Link ?? "none: from before the hash chain");
        lines.Add(Line.Empty);
        lines.AddRange(JsonSerializer.Serialize(e.Body, Indented).Split('\n').Select(static line => new Line("  " + line)));
        return [.. lines.Select(line => line.Fit(screen))];

        void Add(string name, string? value)
        {
            if (value is not null) lines.Add(new Line(("  " + name.PadRight(13), Tone.Dim), value));
        }
    }

    static readonly JsonSerializerOptions Indented = Indent();

    static JsonSerializerOptions Indent()
    {
        var options = ContractJson.Create();
        options.WriteIndented = true;
        return options;
    }

    public static IReadOnlyList<Line> Report(AuditReport report, Screen screen)
    {
        var (lines, sum) = (new List<Line>(), report.Summary);
        if (report.Findings.Count > 0)
        {
            var table = new Table(new("EVENT"), new("MOST LIKELY"), new("WHY"));
            foreach (var finding in report.Findings)
                table.Add(
                    (Place(finding.Stream, finding.Version), Tone.Accent), (finding.Damage, Tone.Bad),
                    finding.Detail + (finding.Further > 0 ? $" (and {Units.Count(finding.Further, "later place")})" : ""));
            lines.AddRange(table.Draw(screen));
            lines.Add(Line.Empty);
        }

        var beyond = sum.Findings + (report.Against?.Findings ?? 0) - report.Findings.Count;
        if (beyond > 0) lines.Add(new Line(($"{Units.Count(beyond, "more stream")} with damage not listed", Tone.Warn)));
        if (sum.Unlinked > 0)
            lines.Add(new Line(($"{Units.Count(sum.Unlinked, "event")} in {Units.Count(sum.UnlinkedStreams, "stream")} from before the "
                + "hash chain: only their bodies were checked", Tone.Warn)).Fit(screen));
        if (report.Against is { } heads)
            lines.Add(new Line(
                ($"{(heads.Findings == 0 ? screen.Glyphs.Verified : screen.Glyphs.Bad)} {Units.Count(heads.Heads, "head")} of "
                    + $"{Units.Moment(heads.At)}: ", heads.Findings == 0 ? Tone.Good : Tone.Bad),
                heads.Findings == 0 ? "nothing before them was replaced" : $"{Units.Count(heads.Findings, "stream")} replaced or cut off")
                .Fit(screen));
        lines.Add(new Line(
            sum.IsIntact
                ? ($"{screen.Glyphs.Verified} {Scope(sum)}: every digest and every link holds", Tone.Good)
                : ($"{screen.Glyphs.Bad} {Scope(sum)}: {Units.Count(sum.Findings, "stream")} of {sum.Streams:N0} not as written", Tone.Bad),
            (string.Create(CultureInfo.InvariantCulture,
                $"; {sum.Events:N0} events in {Units.Seconds(sum.Seconds)}, {sum.EventsPerSecond:N0}/s"), Tone.Dim)).Fit(screen));
        return lines;
    }

    static string Scope(AuditSummary sum) => sum.Run?.ToString() ?? "the whole record";

    public static IReadOnlyList<Line> HeadsWritten(HeadsReport view, Screen screen) =>
    [
        new Line(($"{Units.Count(view.Heads, "stream head")} written to {view.File}", Tone.Strong)).Fit(screen),
        new Line(("  digest ", Tone.Dim), view.Digest.ToString()),
        new Line(("  Keep both where the keeper of the database cannot write; then: lineage audit verify --against FILE", Tone.Dim))
            .Fit(screen),
    ];

    public static IReadOnlyList<Line> Exported(ExportedTrail view, Screen screen) =>
    [
        new Line(
            ($"{Units.Count(view.Events, "event")} written to {view.File}", Tone.Strong),
            ($"  {view.Format}, {Units.Bytes(view.Bytes)}", Tone.Dim)).Fit(screen),
        new Line(("  digest ", Tone.Dim), view.Digest.ToString()),
    ];
}
