using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary><c>checkpoint blast-radius</c>, <c>checkpoint incomplete</c> and <c>run restores</c>.</summary>
internal static class GraphPage
{
    public static IReadOnlyList<Line> Draw(BlastRadius radius, Screen screen)
    {
        var dot = $" {screen.Glyphs.Dot} ";
        var lines = new List<Line>
        {
            new Line((radius.Checkpoint.ToString(), Tone.Strong), dot, Marks.Of(radius.Phase, screen.Glyphs)).Fit(screen),
            new Line("  ", (radius.Why, radius.Count > 0 ? Tone.Warn : Tone.Good)),
        };
        if (!radius.IsWhole) lines.Add(new Line(("  Counting ended at its bound: there are more.", Tone.Bad)));
        var facts = new FactList();
        foreach (var phase in radius.Phases) facts.Add(phase.Phase.ToString().ToLowerInvariant(), Units.Count(phase.Count, "dependant"));
        foreach (var kind in radius.AffectedBy) facts.Add(Word(kind.Kind), Units.Count(kind.Count, What(kind.Kind), Whats(kind.Kind)));
        lines.AddRange(facts.Draw(screen));
        if (radius.Affected.Count > 0)
        {
            var table = new Table(new("WHAT"), new("NAME"), new("HANGS ON"));
            foreach (var one in radius.Affected) table.Add(Word(one.Kind), (one.Name, Tone.Strong), one.Checkpoint.ToString());
            lines.AddRange([Line.Empty, .. table.Draw(screen, "  ")]);
        }

        if (radius.Dependants.Count == 0) return lines;
        var dependants = new Table(new("DEPENDANT"), new("BEHIND", Right: true), new("STATE"));
        foreach (var one in radius.Dependants)
            dependants.Add((one.Checkpoint.ToString(), Tone.Strong), Units.Count(one.Distance, "delta"),
                one.Phase is { } phase ? Marks.Of(phase, screen.Glyphs) : screen.Glyphs.None);
        lines.AddRange([Line.Empty, .. dependants.Draw(screen, "  ")]);
        if (radius.Count > radius.Dependants.Count)
            lines.Add(new Line((
                $"  {screen.Glyphs.More} {Units.Count(radius.Count - radius.Dependants.Count, "more", "more")}; -n shows them.",
                Tone.Dim)));
        return lines;
    }

    static string Word(AffectedKind kind) => kind switch
    {
        AffectedKind.Restore => "restoring",
        _ => kind.ToString().ToLowerInvariant(),
    };

    static string What(AffectedKind kind) => kind switch
    {
        AffectedKind.Fork => "run goes on from it",
        AffectedKind.Restore => "recovery under way",
        AffectedKind.Export => "export was made of it",
        AffectedKind.Hold => "legal hold lies on it",
        AffectedKind.Pin => "person keeps it",
        _ => "tag names it",
    };

    static string Whats(AffectedKind kind) => kind switch
    {
        AffectedKind.Fork => "runs go on from them",
        AffectedKind.Restore => "recoveries under way",
        AffectedKind.Export => "exports were made of them",
        AffectedKind.Hold => "legal holds lie on them",
        AffectedKind.Pin => "pins keep them",
        _ => "tags name them",
    };

    public static IReadOnlyList<Line> Incomplete(IReadOnlyList<IncompleteSave> saves, Screen screen)
    {
        if (saves.Count == 0) return [new Line(("No save is incomplete.", Tone.Good))];
        var table = new Table(
            new("CHECKPOINT"), new("STATE"), new("OPENED"), new("DEADLINE"), new("LAST SHARD"), new("ENCODED, NOT STORED"), new("SILENT"),
            new("CAUSE"));
        foreach (var save in saves)
        {
            var isLate = save.Phase is CheckpointPhase.Open && screen.Now > save.Deadline;
            table.Add(
                (save.Checkpoint.ToString(), Tone.Strong), Marks.Of(save.Phase, screen.Glyphs),
                (Units.Age(save.OpenedAt, screen.Now), Tone.Dim),
                (Units.Age(save.Deadline, screen.Now), isLate ? Tone.Bad : Tone.Plain),
                (save.LastHeardAt is { } last ? Units.Age(last, screen.Now) : screen.Glyphs.None, Tone.Dim),
                save.EncodedRanks.Count > 0 ? Marks.Ranks(save.EncodedRanks) : screen.Glyphs.None,
                (save.SilentRanks.Count > 0 ? Marks.Ranks(save.SilentRanks) : screen.Glyphs.None, Tone.Warn), save.Cause ?? "");
        }

        return table.Draw(screen);
    }

    public static IReadOnlyList<Line> Restores(IReadOnlyList<Restoration> restores, Screen screen)
    {
        if (restores.Count == 0) return [new Line(("Nothing was restored or exported.", Tone.Dim))];
        var table = new Table(
            new("WHEN"), new("WHAT"), new("CHECKPOINT"), new("OUTCOME"), new("LOST", Right: true), new("READ", Right: true), new("BY"),
            new("WHY"), new("DETAIL"));
        foreach (var one in restores)
        {
            table.Add(
                (Units.Moment(one.At), Tone.Dim), (one.Kind is RestorationKind.Recovery ? $"recovery {one.Name}" : "export", Tone.Strong),
                one.Checkpoint?.ToString() ?? "initial state", Outcome(one.Outcome, screen.Glyphs),
                one.LostSteps is { } lost ? Units.Count(lost, "step") : screen.Glyphs.None, Units.Bytes(one.ReadBytes),
                one.Actor.ToString(), one.Why, (one.Detail, Tone.Dim));
        }

        return table.Draw(screen);
    }

    static Piece Outcome(RestorationOutcome outcome, Glyphs glyphs) => outcome switch
    {
        RestorationOutcome.Completed => ($"{glyphs.Verified} completed", Tone.Good),
        RestorationOutcome.Written => ($"{glyphs.Verified} written", Tone.Good),
        RestorationOutcome.Failed => ($"{glyphs.Bad} failed", Tone.Bad),
        RestorationOutcome.Discarded => ($"{glyphs.Abandoned} discarded", Tone.Warn),
        _ => ($"{glyphs.Pending} restoring", Tone.Warn),
    };
}
