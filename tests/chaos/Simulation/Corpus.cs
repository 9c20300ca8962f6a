using System.Runtime.CompilerServices;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Simulation;

namespace Lineage.Tests.Chaos.Simulation;

/// <summary>
/// Histories that once found something, kept as schedules: a seed draws another history as soon as the drawing changes, a schedule does
/// not.
/// <c>N.json</c> is the history as seed N drew it, <c>N-small.json</c> what was left of it after shrinking on the day that it failed.
/// </summary>
public sealed class Corpus
{
    /// <summary>By seed: the invariant that broke, and what was wrong.</summary>
    static readonly Dictionary<string, (string Invariant, string Found)> Cases = new(StringComparer.Ordinal)
    {
        ["5017"] = ("L3", "the model counted a zombie's report of a save that was over without it as a message still on its way"),
        ["6190"] = ("S7", "two faults undid each other (the same bit flipped twice, a pair swapped back), and the judge missed the damage"),
        ["7211"] = ("S7", "damage to a checkpoint that was let go of before the keeper's next round was expected to be found all the same"),
        ["27902"] = ("S6", "a launcher that asked again after a lost answer began its recovery under the number that it had read first"),
        ["30563"] = ("S6", "retention expired a base before the delta on it; killed in between, it left a point that nobody could use"),
        ["136348"] = ("S17", "a read that came before a second write of the same shard was called a read from a cache"),
        ["165001"] = ("L6", "a commit that took effect unanswered, and launchers that began again: four recoveries by the same cause"),
        ["233262"] = ("L6", "launchers, keeper and server killed while a commit's answer was lost: up to six recoveries by the same cause"),
        ["254216"] = ("", "a zombie, late reports and a launcher killed at the end; kept for its path, no committed state fails it"),
        ["303068"] = ("L6", "power losses and second launchers: recoveries by the same cause were counted across what a fault excuses"),
    };

    static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Corpus");

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Folder(), "*.json").Select(static path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Files))]
    public void What_once_failed_keeps_every_invariant(string file)
    {
        var schedule = Schedule.Parse(File.ReadAllBytes(Path.Combine(Folder(), file)));
        var history = Simulator.Run(schedule);
        var verdict = Judge.Examine(history.Evidence);
        Assert.True(
            verdict is { SafetyHolds: true, LivenessHolds: true },
            $"once: {Of(file).Found}\n{string.Join('\n', Timeline.Lines(history.Evidence, verdict))}");
        Assert.Contains(history.Evidence.Journal, static entry => entry is Entry.TookEffect);
        if (Of(file).Invariant is { Length: > 0 } id)
            Assert.True(verdict.Invariants.First(one => one.Id == id).Triggered > 0, $"{file} does not put {id} to the test any more");
    }

    [Fact]
    public void Every_case_is_there_and_every_file_is_told() => Assert.Equal(
        Cases.Keys.Order(StringComparer.Ordinal),
        Directory.EnumerateFiles(Folder(), "*.json").Select(static path => Seed(Path.GetFileName(path))).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal));

    static (string Invariant, string Found) Of(string file) => Cases[Seed(file)];

    static string Seed(string file) => Path.GetFileNameWithoutExtension(file).Split('-')[0];
}
