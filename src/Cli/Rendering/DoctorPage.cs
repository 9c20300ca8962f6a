namespace Lineage.Cli.Rendering;

internal enum CheckResult { Good, Note, Skipped, Damaged, Failed }

/// <summary>One thing that <c>lineage doctor</c> looked at, and the shape of its JSON.</summary>
/// <param name="Next">The command or act that mends it; null when nothing needs to be done.</param>
internal sealed record DoctorCheck(string Name, CheckResult Result, string Found, string? Next = null);

internal sealed record DoctorReport(bool Healthy, IReadOnlyList<DoctorCheck> Checks);

internal static class DoctorPage
{
    public static IReadOnlyList<Line> Draw(DoctorReport report, Screen screen)
    {
        var width = report.Checks.Max(static check => check.Name.Length);
        var lines = new List<Line>();
        foreach (var check in report.Checks)
        {
            var sign = Sign(check.Result, screen.Glyphs);
            lines.Add(new Line(sign, $" {check.Name.PadRight(width)}  ",
                (check.Found, check.Result is CheckResult.Skipped ? Tone.Dim : Tone.Plain)).Fit(screen));
            if (check.Next is { } next) lines.Add(new Line($"  {new string(' ', width)}  ", ("next: ", Tone.Dim), (next, Tone.Accent)));
        }

        var bad = report.Checks.Count(static check => check.Result is CheckResult.Failed or CheckResult.Damaged);
        lines.Add(Line.Empty);
        lines.Add(bad == 0
            ? new Line(("Everything that was looked at is in order.", Tone.Good))
            : new Line(($"{Units.Count(bad, "check")} of {report.Checks.Count} not in order.", Tone.Bad)));
        return lines;
    }

    static Piece Sign(CheckResult result, Glyphs glyphs) => result switch
    {
        CheckResult.Good => (glyphs.Verified, Tone.Good),
        CheckResult.Note => ("!", Tone.Warn),
        CheckResult.Skipped => (glyphs.None, Tone.Dim),
        _ => (glyphs.Bad, Tone.Bad),
    };
}
