using System.Globalization;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Reports;
using Lineage.Cli.Rendering;

namespace Lineage.Cli.Verbs;

/// <summary>A chaos run at the terminal, and what changed between two.</summary>
internal static class ChaosReportPage
{
    const int RowsMax = 60;

    public static IReadOnlyList<Line> Of(VerdictDocument verdict, Screen screen) =>
    [
        .. Head(verdict, screen), .. Scenarios(verdict, screen), .. Mutants(verdict, screen), .. CrashPoints(verdict, screen),
        .. Invariants(verdict, screen), .. Figures(verdict.Figures),
        .. verdict.Replay.Count > 0 ? [Line.Empty, .. verdict.Replay.Select(static command => new Line("  ", command))] : (Line[])[],
    ];

    /// <summary>Only the head and the parts.</summary>
    public static IEnumerable<string> Parts(VerdictDocument verdict, Screen screen) =>
        Head(verdict, screen).Concat(Scenarios(verdict, screen)).Select(static line => line.Text);

    static IEnumerable<Line> Head(VerdictDocument verdict, Screen screen)
    {
        var good = verdict.ExitCode == ChaosExit.Valid;
        yield return new(($"{(good ? screen.Glyphs.Verified : screen.Glyphs.Bad)} ", good ? Tone.Good : Tone.Bad),
            (verdict.Title, Tone.Strong), $" {screen.Glyphs.Dot} {verdict.Outcome}");
        var schedule = verdict.Schedule is { } digest ? $", schedule {digest.Short}" : "";
        var profile = verdict.Profile.Length > 0 ? $", profile {verdict.Profile}" : "";
        yield return new("  ", ($"{verdict.Level}{profile}, seed {verdict.Seed}{schedule}", Tone.Dim));
        if (verdict.Throughput is { } pace)
            yield return new("  ", (Text($"{pace.Histories:N0} histories in {pace.Seconds:N1} s, ")
                + Text($"{pace.PerMinutePerCore:N0} a minute and core")
                + (pace.RanTwice is { } twice ? Text($"; {twice:N0} ran twice with the same trace") : ""), Tone.Dim));
        if (verdict.HarnessFault is { } fault) yield return new("  ", (fault, Tone.Bad));
        foreach (var skipped in verdict.Skipped)
            yield return new("  ", ($"skipped: {skipped.Capability}: {skipped.Reason}", Tone.Warn));
    }

    static IEnumerable<Line> Scenarios(VerdictDocument verdict, Screen screen)
    {
        if (verdict.Scenarios is not { Count: > 0 } all) return [];
        var table = new Table(new("PLAYED"), new("VERDICT"), new("S", Right: true), new(""));
        foreach (var one in all)
            table.Add((one.Name, Tone.Strong), (one.Verdict, one.Verdict is "valid" ? Tone.Good : one.Verdict is "violated" ? Tone.Bad
                : Tone.Warn), Text($"{one.Seconds:F1}"), (one.Why ?? "", Tone.Dim));
        return [Line.Empty, .. table.Draw(screen)];
    }

    static IEnumerable<Line> Mutants(VerdictDocument verdict, Screen screen)
    {
        if (verdict.Mutants is not { Count: > 0 } all) return [];
        var table = new Table(new("DEFECT"), new("MEANT FOR"), new("FOUND BY"), new("HISTORIES", Right: true), new("SMALL", Right: true));
        foreach (var one in all)
            table.Add((one.Name, Tone.Strong), one.Intended, one.KilledBy.Count == 0 ? ("survived", Tone.Bad)
                : (string.Join(' ', one.KilledBy), one.KilledBy.Contains(one.Intended, StringComparer.Ordinal) ? Tone.Good : Tone.Warn),
                Text($"{one.Histories:N0}"), one.Operations is { } operations ? Text($"{operations} + {one.Faults}") : "");
        return [Line.Empty, .. table.Draw(screen)];
    }

    static IEnumerable<Line> CrashPoints(VerdictDocument verdict, Screen screen)
    {
        if (verdict.CrashPoints is not { Count: > 0 } all) return [];
        var table = new Table(
            new("DURING"), new("RIGHT AFTER"), new("WHAT"), new("LEVEL"), new("TRIED", Right: true), new("STRUCK", Right: true),
            new("BROKEN", Right: true));
        foreach (var one in all.Where(static one => one.Broken > 0).Concat(all.Where(static one => one.Broken == 0)).Take(RowsMax))
            table.Add(one.During, one.Step, one.Mode, (one.Level, Tone.Dim), Text($"{one.Tried:N0}"), Text($"{one.Struck:N0}"),
                (Text($"{one.Broken:N0}"), one.Broken > 0 ? Tone.Bad : Tone.Good));
        IEnumerable<Line> more = all.Count <= RowsMax ? []
            : [new(Text($"{all.Count - RowsMax:N0} more are in report.html and verdict.json"))];
        return
        [
            Line.Empty, .. table.Draw(screen), .. more,
            new(Text($"{all.Count:N0} crash points and modes, tried {all.Sum(static one => (long)one.Tried):N0} times; ")
                + Text($"{all.Sum(static one => (long)one.Broken):N0} broke a promise")),
        ];
    }

    static IEnumerable<Line> Invariants(VerdictDocument verdict, Screen screen)
    {
        if (verdict.Invariants.Count == 0) yield break;
        yield return Line.Empty;
        var table = new Table(new(""), new("VERDICT"), new("TRIGGERED", Right: true), new("PROMISE"));
        foreach (var one in verdict.Invariants)
        {
            var elsewhere = one.Judgement == Judgement.Never && verdict.Untried?.Contains(one.Id, StringComparer.Ordinal) == false;
            table.Add((one.Id, Tone.Strong), elsewhere ? ("elsewhere", Tone.Dim) : (Word(one.Judgement), ToneOf(one.Judgement)),
                Text($"{one.Triggered:N0}"), (one.Promise, Tone.Dim));
        }

        foreach (var line in table.Draw(screen)) yield return line;
        foreach (var violation in verdict.Invariants.SelectMany(static one => one.Violations))
        {
            yield return Line.Empty;
            yield return new Line(($"{violation.Invariant} ", Tone.Bad), violation.What);
        }
    }

    static IEnumerable<Line> Figures(RunFigures? figures)
    {
        if (figures is null) yield break;
        yield return Line.Empty;
        yield return new(Text($"faults      {figures.Faults.Sum(static one => one.Struck):N0} struck of ")
            + Text($"{figures.Faults.Sum(static one => one.Planned):N0} planned, of {figures.Faults.Count} kinds; ")
            + Text($"{figures.Faults.Sum(static one => one.Effects):N0} effects seen"));
        if (figures.Recoveries is { } all)
            yield return new(Text($"recoveries  {all.Count:N0}, median {all.MedianMs:N0} ms, 99 % {all.P99Ms:N0} ms, at most ")
                + Text($"{all.LostSteps.Keys.DefaultIfEmpty(0).Max():N0} steps lost"));
        var one = figures.Messages;
        yield return new(Text($"messages    {one.Attempted:N0} sent")
            + (one.Confirmed is { } confirmed ? Text($", {confirmed:N0} confirmed") : "")
            + (one.Redelivered is { } again ? Text($", {again:N0} delivered again") : "")
            + (one.Dead is { } dead ? Text($", {dead:N0} dead letters") : ""));
    }

    public static IReadOnlyList<Line> Of(VerdictChanges changes, Screen screen)
    {
        if (changes.Invariants.Count + changes.Others.Count == 0) return [new Line(("Nothing changed.", Tone.Good))];
        var table = new Table(new(""), new("BEFORE"), new("AFTER"), new("TRIGGERED", Right: true), new("THEN", Right: true));
        foreach (var one in changes.Invariants)
            table.Add(
                (one.Id, Tone.Strong), (Word(one.Before), ToneOf(one.Before)), (Word(one.After), ToneOf(one.After)),
                Text($"{one.TriggeredBefore:N0}"), Text($"{one.TriggeredAfter:N0}"));
        var others = new Table(new("WHAT"), new("NAME"), new("BEFORE"), new("AFTER"));
        foreach (var one in changes.Others)
            others.Add(one.What, (one.Name, Tone.Strong), one.Before, (one.After, one.IsWorse ? Tone.Bad : Tone.Good));
        return
        [
            .. changes.Invariants.Count > 0 ? table.Draw(screen) : [], .. changes.Invariants.Count * changes.Others.Count > 0
                ? [Line.Empty] : (Line[])[], .. changes.Others.Count > 0 ? others.Draw(screen) : [],
        ];
    }

    static string Word(Judgement judgement) => judgement == Judgement.Never ? "NEVER" : judgement.ToString().ToLowerInvariant();

    static Tone ToneOf(Judgement judgement) => judgement switch
    {
        Judgement.Valid => Tone.Good,
        Judgement.Violated => Tone.Bad,
        _ => Tone.Warn,
    };

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
