using System.Globalization;
using Lineage.Attesting;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary><c>evidence -o json</c>.</summary>
internal sealed record EvidenceView(string File, long Bytes, bool Whole, EvidenceVerdict Verdict);

/// <summary><c>run continuity|spikes|findings|exposure</c> and <c>evidence</c>.</summary>
internal static class AssurancePage
{
    public static IReadOnlyList<Line> Continuity(DataContinuity continuity, Screen screen)
    {
        var lines = new List<Line>
        {
            new Line((continuity.Run.ToString(), Tone.Strong), $" {screen.Glyphs.Dot} ", Verdict(continuity.Verdict, screen.Glyphs)),
            new Line("  ", (continuity.Why, Tone.Dim)),
        };
        if (continuity.Restarts.Count > 0)
        {
            var table = new Table(
                new("RESTART"), new("FROM"), new("REACHED", Right: true), new("REDONE", Right: true), new("SAMPLES READ TWICE"),
                new("VERDICT"), new("DETAIL"));
            foreach (var one in continuity.Restarts)
            {
                table.Add(
                    (one.Recovery.ToString(), Tone.Strong), one.Restored is { } id ? Marks.Short(id) : "initial state",
                    one.Reached?.ToString() ?? screen.Glyphs.None,
                    one.RedoneSteps is { } steps ? Units.Count(steps, "step") : screen.Glyphs.None,
                    one.Redone is { } range ? $"{Range(range)}{(one.RedoneIsExact ? "" : " (reckoned)")}" : screen.Glyphs.None,
                    Verdict(one.Verdict, screen.Glyphs), (one.Detail, Tone.Dim));
            }

            lines.AddRange([Line.Empty, .. table.Draw(screen)]);
        }

        foreach (var one in continuity.Breaks)
            lines.Add(new Line(
                ($"{screen.Glyphs.Bad} ", Tone.Bad), $"{one.From} {screen.Glyphs.Arrow} {one.To}: {one.Detail}",
                ($" (samples {Range(one.Range)})", Tone.Dim)));
        return lines;
    }

    public static IReadOnlyList<Line> Spikes(SpikeReport report, Screen screen)
    {
        if (report.Spikes.Count == 0)
            return
            [
                new Line(($"No spike of {report.Metric} in {report.Run}.", report.Points > 0 ? Tone.Good : Tone.Warn)),
                new Line("  ", (report.Why, Tone.Dim)),
            ];
        var table = new Table(
            new("STEPS"), new("POINTS", Right: true), new("USUAL", Right: true), new("PEAK", Right: true), new("SCORE", Right: true),
            new("CAME BACK"));
        foreach (var spike in report.Spikes)
            table.Add(
                ($"{spike.FirstStep}-{spike.LastStep}", Tone.Strong), $"{spike.Points}", Figure(spike.Usual),
                spike.NotFinite > 0 ? ($"{spike.NotFinite} not a number", Tone.Bad)
                    : new Piece(spike.Peak is { } peak ? Figure(peak) : screen.Glyphs.None),
                spike.Score is { } score ? Figure(score) : "beyond", spike.Returned ? "yes" : ("no", Tone.Warn));
        return
        [
            .. table.Draw(screen), Line.Empty, new Line((report.Why, Tone.Dim)),
            new Line($"Before the newest: lineage restore-point choose {report.Run} --at-or-before {Before(report.Spikes[^1])}"),
        ];
    }

    public static IReadOnlyList<Line> Findings(SanityReport report, Screen screen)
    {
        var lines = new List<Line>();
        foreach (var finding in report.Findings.OrderByDescending(static f => f.Severity))
        {
            var (sign, tone) = finding.Severity switch
            {
                FindingSeverity.Warning => (screen.Glyphs.Bad, Tone.Bad),
                FindingSeverity.Note => (screen.Glyphs.Dot, Tone.Warn),
                _ => ("?", Tone.Dim),
            };
            lines.Add(new Line(
                ($"{sign} ", tone), (finding.Rule, Tone.Strong), finding.Checkpoint is { } id ? $"  {id}" : "", $"  {finding.Detail}"));
        }

        if (!report.Findings.Any(static f => f.Severity != FindingSeverity.Unknown))
            lines.Insert(0, new Line(($"{screen.Glyphs.Verified} nothing contradicts itself", Tone.Good)));
        lines.Add(new Line((
            $"{Units.Count(report.Saves, "save")} of {report.Run} looked at{(report.IsWhole ? "" : ", the newest ones")}.", Tone.Dim)));
        return lines;
    }

    public static IReadOnlyList<Line> Exposure(Exposure exposure, Screen screen)
    {
        var lines = new List<Line>
        {
            exposure.Count == 0
                ? new Line((
                    $"{screen.Glyphs.Verified} every sealed checkpoint was read back within {Units.Count(exposure.Days, "day")}",
                    Tone.Good))
                : new Line((
                    $"{Units.Count(exposure.Count, "checkpoint")}{(exposure.Count >= 1_000 ? " or more" : "")} not read back for "
                    + $"{Units.Count(exposure.Days, "day")}; the longest since {Units.Moment(exposure.OldestAt!.Value)}", Tone.Warn)),
        };
        if (exposure.Unchecked.Count > 0)
        {
            var table = new Table(new("CHECKPOINT"), new("STATE"), new("SEALED"), new("LAST READ BACK"));
            foreach (var one in exposure.Unchecked)
                table.Add(
                    (one.Checkpoint.ToString(), Tone.Strong), Marks.Of(one.Phase, screen.Glyphs),
                    (Units.Age(one.SealedAt, screen.Now), Tone.Dim),
                    one.CheckedAt is { } at ? Units.Age(at, screen.Now) : ("never", Tone.Warn));
            lines.AddRange(table.Draw(screen, "  "));
            if (exposure.Count > exposure.Unchecked.Count)
                lines.Add(new Line((
                    $"  {screen.Glyphs.More} {Units.Count(exposure.Count - exposure.Unchecked.Count, "more", "more")}; -n shows them.",
                    Tone.Dim)));
            lines.Add(new Line(("  A keeper reads them again; now: lineage verify REF --deep", Tone.Dim)));
        }

        lines.AddRange([Line.Empty, new Line((exposure.Seal, Tone.Dim))]);
        return lines;
    }

    public static IReadOnlyList<Line> Evidence(EvidenceView view, Screen screen)
    {
        var verdict = view.Verdict;
        var lines = new List<Line>
        {
            view.Whole
                ? new Line(($"{screen.Glyphs.Verified} {verdict.Checkpoint}", Tone.Good), $"  {view.File}, {Units.Bytes(view.Bytes)}")
                : new Line(($"{screen.Glyphs.Bad} {view.File}", Tone.Bad), "  is not what a server gave out"),
            new Line((
                $"  {Units.Count(verdict.Events, "event")} of {Units.Count(verdict.Streams, "stream")}: bodies, links and heads checked"
                + (verdict.Unlinked > 0 ? $"; {Units.Count(verdict.Unlinked, "event")} from before there were links" : ""), Tone.Dim)),
        };
        lines.AddRange(verdict.Faults.Select(static fault => new Line("  ", (fault, Tone.Bad))));
        return lines;
    }

    static Piece Verdict(ContinuityVerdict verdict, Glyphs glyphs) => verdict switch
    {
        ContinuityVerdict.Exact => ($"{glyphs.Verified} exact", Tone.Good),
        ContinuityVerdict.Unknown => ("? unknown", Tone.Warn),
        _ => ($"{glyphs.Bad} {verdict.ToString().ToLowerInvariant()}", Tone.Bad),
    };

    static string Range(SampleRange range) => string.Create(CultureInfo.InvariantCulture, $"{range.From:N0}-{range.To:N0}");

    static long Before(LossSpike spike) => Math.Max(0, spike.FirstStep.Value - 1);

    static string Figure(double value) => value.ToString("G5", CultureInfo.InvariantCulture);
}
