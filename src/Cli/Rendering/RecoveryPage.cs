using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary>The story of a recovery: two lines in a history, a page of its own, or a list.</summary>
internal static class RecoveryPage
{
    /// <summary>Cause, cost and outcome.</summary>
    public static IEnumerable<Piece> Headline(RecoveryView view, Screen screen)
    {
        yield return ($"recovery g{view.Recovery.Generation}", Tone.Warn);
        yield return $"  {view.Cause}";
        if (view.LostSteps is { } lost) yield return ($"; {Units.Count(lost, "step")} lost", Tone.Plain);
        yield return view switch
        {
            { Phase: RecoveryPhase.Completed, CompletedAt: { } done } => ($"; back in {Units.Duration(done - view.StartedAt)}", Tone.Dim),
            { Phase: RecoveryPhase.Failed } => ($"; failed: {view.FailureReason}", Tone.Bad),
            { Lease: { } lease } => ($"; {view.RestoredRanks.Count} ranks restored so far", Tone.Warn),
            _ => ("; restoring", Tone.Warn),
        };
    }

    /// <summary>Where it went on from, and what newer was refused.</summary>
    /// <param name="withRejected">False where the refused ones are drawn anyway, with their cause: their number is enough.</param>
    public static IEnumerable<Line> Beneath(RecoveryView view, Screen screen, bool withRejected = true)
    {
        var refused = withRejected || view.Rejected.Count == 0 ? "" : $"; {Units.Count(view.Rejected.Count, "newer point")} refused";
        if (view.Phase is not RecoveryPhase.Failed)
            yield return new Line("  ", (From(view) + refused, Tone.Dim), (view.Attempt > 1 ? $" (choice {view.Attempt})" : "", Tone.Warn));
        if (!withRejected) yield break;
        foreach (var rejected in view.Rejected)
        {
            yield return new Line(
                "  ", ($"{screen.Glyphs.Bad} ", Tone.Bad),
                ($"{Marks.Short(rejected.Checkpoint)} g{rejected.Checkpoint.Generation} ", Tone.Plain),
                (Marks.Because(rejected), Tone.Dim));
        }
    }

    public static IReadOnlyList<Line> Draw(RecoveryView view, Screen screen)
    {
        var lines = new List<Line>
        {
            new Line((view.Recovery.ToString(), Tone.Strong), $" {screen.Glyphs.Dot} ", Phase(view)).Fit(screen),
            Line.Empty,
        };
        var facts = new FactList();
        facts.Add("cause", view.Cause);
        if (view.FailedRanks.Count > 0) facts.Add("failed", Marks.Ranks(view.FailedRanks));
        if (view.ReachedStep is { } reached) facts.Add("reached step", reached.ToString());
        facts.Add("began", $"{Units.Moment(view.StartedAt)} ({Units.Age(view.StartedAt, screen.Now)})");
        if (view.CompletedAt is { } done) facts.Add("took", Units.Duration(done - view.StartedAt));
        if (view.Phase is not RecoveryPhase.Failed) facts.Add("restored", From(view));
        facts.Add("why", view.Why);
        if (view.Attempt > 1) facts.Add("choices", Units.Count(view.Attempt, "attempt"));
        if (view.LostSteps is { } lost) facts.Add("lost", Units.Count(lost, "step"));
        if (view.RestoredRanks.Count > 0) facts.Add("ranks back", Marks.Ranks(view.RestoredRanks));
        if (view.FailureReason is { } reason) facts.Add("failed because", (reason, Tone.Bad));
        lines.AddRange(facts.Draw(screen));
        lines.AddRange(RestorePointPage.Rejected(view.Rejected, screen));
        return lines;
    }

    public static IReadOnlyList<Line> List(IReadOnlyList<RecoveryView> recoveries, Screen screen)
    {
        if (recoveries.Count == 0) return [new Line(("This run never needed a recovery.", Tone.Dim))];
        var table = new Table(
            new("RECOVERY"), new("PHASE"), new("FROM"), new("LOST", Right: true), new("TOOK", Right: true), new("REJECTED", Right: true),
            new("WHEN"), new("CAUSE"));
        foreach (var view in recoveries)
        {
            table.Add(
                (view.Recovery.ToString(), Tone.Strong), Phase(view),
                view.Chosen is { } chosen ? $"@{chosen.Step} g{chosen.Generation}" : screen.Glyphs.None,
                view.LostSteps is { } lost ? Units.Count(lost, "step") : screen.Glyphs.None,
                view.CompletedAt is { } done ? Units.Duration(done - view.StartedAt) : screen.Glyphs.None,
                view.Rejected.Count.ToString(null, null), (Units.Age(view.StartedAt, screen.Now), Tone.Dim), view.Cause);
        }

        return table.Draw(screen);
    }

    static string From(RecoveryView view) => view.Chosen is { } chosen
        ? $"resumed from {Marks.Short(chosen)} g{chosen.Generation}"
        : "began again from the initial state";

    static Piece Phase(RecoveryView view) => view.Phase switch
    {
        RecoveryPhase.Completed => ("completed", Tone.Good),
        RecoveryPhase.Failed => ("failed", Tone.Bad),
        _ => ("restoring", Tone.Warn),
    };
}
