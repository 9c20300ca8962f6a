using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Rendering;

/// <summary>Runs: one line each, or the headline of one.</summary>
internal static class RunPage
{
    public static IReadOnlyList<Line> Headline(RunView run, Screen screen)
    {
        var dot = $" {screen.Glyphs.Dot} ";
        var pieces = new List<Piece> { (run.Run.ToString(), Tone.Strong), dot, Phase(run) };
        if (run.Origin is { } origin) pieces.AddRange([dot, $"forked from {origin}"]);
        if (run.Generation.Value > 0) pieces.AddRange([dot, $"generation {run.Generation}"]);
        if (run.WorldSize is { } world) pieces.AddRange([dot, Units.Count(world.Value, "rank")]);
        pieces.AddRange([dot, run.NewestVerified is { } verified
            ? new Piece($"newest verified {Marks.Short(verified)}", Tone.Good)
            : new Piece("nothing verified yet", Tone.Warn)]);
        if (Lag(run) is { } lag) pieces.Add(($" ({lag})", Tone.Dim));
        return [new Line(pieces).Fit(screen)];
    }

    public static IReadOnlyList<Line> List(IReadOnlyList<RunView> runs, Screen screen)
    {
        if (runs.Count == 0) return [new Line(("No run is registered yet. `lineage launch -n 2 --run demo` starts one.", Tone.Dim))];
        var table = new Table(
            new("RUN"), new("PHASE"), new("GEN", Right: true), new("RANKS", Right: true), new("SEALED"), new("VERIFIED"),
            new("LAG", Right: true), new("REGISTERED"), new("HOLDER"));
        foreach (var run in runs)
        {
            table.Add(
                (run.Run.ToString(), Tone.Strong), Phase(run), run.Generation.ToString(), run.WorldSize?.ToString() ?? screen.Glyphs.None,
                At(run.NewestSealed, screen), At(run.NewestVerified, screen), LagSteps(run)?.ToString(null, null) ?? screen.Glyphs.None,
                (Units.Age(run.RegisteredAt, screen.Now), Tone.Dim), (run.Holder?.ToString() ?? screen.Glyphs.None, Tone.Dim));
        }

        return table.Draw(screen);
    }

    public static Piece Phase(RunView run) => run.Phase switch
    {
        _ when run.Archived is not null => ("archived", Tone.Dim),
        RunPhase.Running => ("running", Tone.Good),
        RunPhase.Completed => ("completed", Tone.Good),
        RunPhase.Recovering => ("recovering", Tone.Warn),
        RunPhase.Stopped => ("stopped", Tone.Bad),
        RunPhase.Idle => ("idle", Tone.Plain),
        _ => ("registered", Tone.Plain),
    };

    static string At(CheckpointId? id, Screen screen) => id is { } known ? $"@{known.Step} g{known.Generation}" : screen.Glyphs.None;

    static long? LagSteps(RunView run) => run is { NewestSealed: { } sealedOne, NewestVerified: { } verified }
        ? sealedOne.Step.Value - verified.Step.Value
        : null;

    /// <summary>How far what can be restored lies behind what is sealed.</summary>
    static string? Lag(RunView run) => LagSteps(run) is { } steps and > 0 ? $"{Units.Count(steps, "step")} behind" : null;
}
