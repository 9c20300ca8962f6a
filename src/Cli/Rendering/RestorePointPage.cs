using Lineage.Contracts.Api;
using Lineage.Contracts.Events;

namespace Lineage.Cli.Rendering;

/// <summary><c>lineage restore-point list|choose</c>: what can be restored, and in words why everything else cannot.</summary>
internal static class RestorePointPage
{
    public static IReadOnlyList<Line> List(RestorePoints points, bool explain, Screen screen)
    {
        var lines = new List<Line>();
        if (points.Usable.Count == 0) lines.Add(new Line(($"No point of {points.Run} can be restored.", Tone.Bad)));
        else
        {
            var table = new Table(
                new(""), new("RESTORE POINT"), new("KIND"), new("CHAIN", Right: true), new("READ", Right: true), new("RANKS", Right: true),
                new("SEALED"), new("VERIFIED"));
            foreach (var point in points.Usable)
            {
                var best = point.Checkpoint == points.Best?.Checkpoint;
                table.Add(
                    (best ? screen.Glyphs.Arrow : "", Tone.Good), (point.Checkpoint.ToString(), best ? Tone.Good : Tone.Plain),
                    Marks.Kind(point.Kind),
                    Units.Count(point.ChainDepth + 1, "link"), Units.Bytes(point.ReadBytes), point.WorldSize.ToString(),
                    (Units.Age(point.SealedAt, screen.Now), Tone.Dim), (Units.Age(point.VerifiedAt, screen.Now), Tone.Dim));
            }

            lines.AddRange(table.Draw(screen));
        }

        lines.Add(Line.Empty);
        lines.Add(Chosen(points, screen));
        if (explain) lines.AddRange(Rejected(points.Rejected, screen));
        else if (points.Rejected.Count > 0)
            lines.Add(new Line(($"{Units.Count(points.Rejected.Count, "candidate")} rejected; --explain says why.", Tone.Dim)));
        return lines;
    }

    public static IReadOnlyList<Line> Choose(RestorePoints points, Screen screen)
    {
        var lines = new List<Line> { Chosen(points, screen) };
        if (points.Best is { } best)
        {
            var newer = points.Rejected.Where(rejected => IsNewer(rejected, best)).ToArray();
            lines.AddRange(Rejected(newer, screen, "Newer points that were refused"));
        }
        else
        {
            lines.AddRange(Rejected(points.Rejected, screen));
        }

        return lines;
    }

    public static IReadOnlyList<Line> Rejected(IReadOnlyList<RejectedCandidate> rejected, Screen screen,
        string title = "Rejected candidates, newest first")
    {
        if (rejected.Count == 0) return [];
        var table = new Table(new Column(""), new Column("CANDIDATE"), new Column("BECAUSE"));
        foreach (var candidate in rejected)
            table.Add((screen.Glyphs.Bad, Tone.Bad), candidate.Checkpoint.ToString(), (Marks.Because(candidate), ToneOf(candidate.Reason)));
        return [Line.Empty, new Line((title, Tone.Strong)), .. table.Draw(screen, "  ", header: false)];
    }

    static Line Chosen(RestorePoints points, Screen screen) => points.Best is { } best
        ? new Line((best.Checkpoint.ToString(), Tone.Good), $"  {points.Why}").Fit(screen)
        : new Line((points.Why, Tone.Bad)).Fit(screen);

    static bool IsNewer(RejectedCandidate rejected, RestorePoint best) =>
        rejected.Checkpoint.Step > best.Checkpoint.Step || rejected.Checkpoint.Generation > best.Checkpoint.Generation;

    static Tone ToneOf(RejectionReason reason) => reason is RejectionReason.Quarantined or RejectionReason.ChainBroken ? Tone.Bad
        : Tone.Warn;
}
