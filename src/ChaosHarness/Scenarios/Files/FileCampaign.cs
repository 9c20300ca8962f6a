using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.ChaosHarness.Simulation;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>Schedules against real processes: for each a golden run, a hurt run and a judgement. None is tried twice.</summary>
public sealed class FileCampaign(
    CampaignOptions options, IReadOnlyList<ScenarioToPlay> files, TimeProvider clock, Action<string> narrate)
{
    /// <param name="replay">Command that does the same again.</param>
    public FileCampaign(CampaignOptions options, Schedule schedule, string replay, TimeProvider clock, Action<string> narrate)
        : this(options, [ScenarioToPlay.Of(schedule, replay)], clock, narrate) { }

    /// <exception cref="WorldException">A world could not be started; what was to be played in it was not judged.</exception>
    public async Task<CampaignReport> RunAsync(CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        var sum = new VerdictSum();
        var outcomes = new List<ScenarioOutcome>();
        await using var worlds = new FileWorlds(options, clock, narrate);
        foreach (var file in files)
        {
            var outcome = clock.GetElapsedTime(started) > options.Budget
                ? new ScenarioOutcome(file.Name, ScenarioVerdict.Skipped, 0, "the budget of time was spent", [])
                : await worlds.PlayAsync(file, ct);
            outcomes.Add(outcome);
            if (outcome.Examination is { } seen) sum.Add(seen.Verdict);
        }

        var seconds = Math.Round(clock.GetElapsedTime(started).TotalSeconds, 1);
        var played = Math.Round(outcomes.Sum(static one => one.Seconds), 1);
        return new CampaignReport(
            Schema: 1, options.Profile, options.Seed, outcomes, Math.Round(seconds - played, 1), seconds, TriggeredCount.Of(sum.Total()));
    }
}
