using Lineage.Agents.Launching;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary>What a launch came to, and the shape of its JSON.</summary>
/// <param name="Saves">Checkpoints that the last generation opened.</param>
/// <param name="LostSaves">Those of them that were not whole when the run was complete.</param>
internal sealed record LaunchView(RunId Run, LaunchResult Result, int Saves, int LostSaves);

internal static class LaunchPage
{
    public static IReadOnlyList<Line> Draw(LaunchView view, Screen screen)
    {
        var result = view.Result;
        var facts = new FactList();
        facts.Add("end", (result.End.Message, Tone.Good));
        if (result.Generation is { } generation) facts.Add("generation", generation.ToString());
        facts.Add("recoveries", result.Recoveries.Count == 0 ? "none" : string.Join("; ", result.Recoveries.Select(static timing =>
            $"g{timing.Generation} in {Units.Duration(timing.Total)}, {Units.Count(timing.LostSteps, "step")} lost")));
        facts.Add("saves", view.LostSaves == 0
            ? $"{view.Saves} in this generation"
            : ($"{view.LostSaves} of {view.Saves} of this generation were lost: not every shard was stored", Tone.Bad));
        if (result.SaveStalls.Count > 0)
        {
            var sorted = result.SaveStalls.Order().ToArray();
            facts.Add("save stall", $"{Milliseconds(sorted[sorted.Length / 2])} median, {Milliseconds(sorted[^1])} longest, " +
                $"{Units.Count(sorted.Length, "save")} of single ranks");
        }

        return
        [
            new Line((view.Run.ToString(), Tone.Strong)), .. facts.Draw(screen),
            new Line(("  next: ", Tone.Dim), ($"lineage log --graph {view.Run}", Tone.Accent)),
        ];
    }

    static string Milliseconds(double milliseconds) => Units.Duration(TimeSpan.FromMilliseconds(milliseconds));
}
