using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary><c>lineage checkpoint ancestors|common-ancestor|branches</c>.</summary>
internal static class DescentPage
{
    public static IReadOnlyList<Line> Ancestors(AncestorsView view, Screen screen)
    {
        List<Line> lines = [new Line((view.Checkpoint.ToString(), Tone.Strong), " descends from").Fit(screen)];
        var table = new Table(new Column("CHECKPOINT"), new Column("KIND"), new Column("STATE"), new Column("OPENED"));
        foreach (var one in view.Ancestors)
            table.Add(one.Checkpoint.ToString(), Marks.Kind(one.Kind), Marks.Of(one.Phase, screen.Glyphs),
                (Units.Age(one.OpenedAt, screen.Now), Tone.Dim));
        if (view.Ancestors.Count > 0) lines.AddRange([Line.Empty, .. table.Draw(screen, "  "), Line.Empty]);
        lines.Add(new Line((view.Why, Tone.Dim)).Fit(screen));
        return [.. lines, .. Time(view.AsOf)];
    }

    public static IReadOnlyList<Line> Common(CommonAncestorView view, Screen screen) =>
    [
        view.Ancestor is { } shared ? new Line((shared.ToString(), Tone.Good), $"  {view.Why}").Fit(screen)
            : new Line((view.Why, Tone.Bad)).Fit(screen),
        .. Time(view.AsOf),
    ];

    public static IReadOnlyList<Line> Branches(BranchesView view, Screen screen)
    {
        if (view.Branches.Count == 0)
            return [new Line($"{view.Run} has sealed nothing, and nothing was forked from it."), .. Time(view.AsOf)];
        var table = new Table(new(""), new("BRANCH"), new("TIP"), new("STATE"), new("FROM"), new("BECAUSE"));
        foreach (var branch in view.Branches)
            table.Add(
                (branch.State is BranchState.Current ? screen.Glyphs.Arrow : "", Tone.Good),
                branch.State is BranchState.Fork ? $"fork {branch.Run}" : $"generation {branch.Generation}",
                branch.Tip?.ToString() ?? screen.Glyphs.None,
                branch.TipPhase is { } phase ? Marks.Of(phase, screen.Glyphs) : screen.Glyphs.None,
                branch.BranchedFrom?.ToString() ?? "the initial state", (branch.Why, Tone.Dim));
        return [.. table.Draw(screen), .. Time(view.AsOf)];
    }

    static IEnumerable<Line> Time(DateTimeOffset? asOf) =>
        asOf is { } at ? [new Line(($"as it could be known at {Units.Moment(at)}", Tone.Dim))] : [];
}
