using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary><c>lineage log RUN</c>: one line per event, in the service's order.</summary>
internal static class LogPage
{
    const int StreamWidthMax = 28, ActorWidthMax = 24;

    public static IReadOnlyList<Line> Draw(IReadOnlyList<LogEntry> entries, Screen screen, bool withStream = true)
    {
        if (entries.Count == 0) return [new Line(("No event yet.", Tone.Dim))];
        var stream = withStream ? Math.Min(StreamWidthMax, entries.Max(static entry => entry.Stream.Length)) : 0;
        var actor = Math.Min(ActorWidthMax, entries.Max(static entry => entry.Actor.Length));
        return [.. entries.Select(entry => Entry(entry, stream, actor, screen))];
    }

    /// <summary>One line of a followed log, whose other lines are not known yet.</summary>
    public static Line Follow(LogEntry entry, Screen screen) => Entry(entry, StreamWidthMax - 4, ActorWidthMax - 6, screen);

    static Line Entry(LogEntry entry, int stream, int actor, Screen screen)
    {
        var pieces = new List<Piece> { (screen.Width == 0 ? Units.Moment(entry.At) : Units.Clock(entry.At), Tone.Dim), "  " };
        if (stream > 0) pieces.AddRange([(Cell(entry.Stream, stream, screen), Tone.Accent), "  "]);
        pieces.AddRange([(Cell(entry.Actor, actor, screen), Tone.Dim), "  ", (entry.Summary, ToneOf(entry.Name))]);
        return new Line(pieces).Fit(screen);
    }

    /// <summary>Shortened in front: the end of a stream or an actor is what tells it apart.</summary>
    static string Cell(string text, int width, Screen screen) =>
        screen.Width == 0 || text.Length <= width ? text.PadRight(width) : screen.Glyphs.More + text[^(width - 1)..];

    static Tone ToneOf(string name) => name.Split('.')[0] switch
    {
        "checkpoint-verified" or "recovery-completed" or "run-completed" => Tone.Good,
        "checkpoint-quarantined" or "recovery-failed" => Tone.Bad,
        "checkpoint-abandoned" or "lease-expired" or "stale-generation-refused" or "recovery-started" => Tone.Warn,
        "checkpoint-sealed" or "restore-point-chosen" or "lease-granted" => Tone.Strong,
        _ => Tone.Plain,
    };
}
