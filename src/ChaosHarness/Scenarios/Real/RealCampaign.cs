using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Scenarios.Files;
using Lineage.ChaosHarness.Simulation;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <param name="Program">The <c>lineage</c> executable of every process.</param>
/// <param name="Budget">No scenario begins after that; those left out are told as skipped.</param>
public sealed record CampaignOptions(string Program, string StateDirectory, string Profile, long Seed, TimeSpan Budget);

/// <summary>
/// Plays scenarios one after another in one world of real processes: server with private PostgreSQL, RabbitMQ, keeper. One golden run is
/// what all of them must end like. No scenario is tried twice.
/// </summary>
public sealed class RealCampaign(CampaignOptions options, TimeProvider clock, Action<string> narrate)
{
    public const string Ci = "ci", NightlyName = "nightly";

    static readonly WorldSize Ranks = new(2);

    readonly VerdictSum sum = new();

    /// <summary>Small enough that a scenario takes seconds, large enough that every rank has deltas to store.</summary>
    Training Training => RealTraining.Of(Ranks, lastStep: 32, saveEvery: 5, options.Seed);

    public async Task<CampaignReport> RunAsync(IReadOnlyList<RealScenario> scenarios, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        await using var world = await TrainingWorld.StartAsync(
            new WorldOptions(options.Program, options.StateDirectory, Broker: true) { Watched = true }, clock, ct);
        var golden = await RealTraining.GoldenAsync(world, Training, ct);
        var goldenSeconds = Seconds(started);
        narrate(CampaignLines.Of(golden, goldenSeconds));
        var outcomes = new List<ScenarioOutcome>();
        await using var files = new FileWorlds(
            options with { StateDirectory = Path.Combine(options.StateDirectory, "files") }, clock, static _ => { });
        foreach (var scenario in scenarios)
        {
            var outcome = clock.GetElapsedTime(started) > options.Budget
                ? new ScenarioOutcome(scenario.Name, ScenarioVerdict.Skipped, 0, "the budget of time was spent", [])
                : scenario.File is { } file ? await files.PlayAsync(file with { Name = scenario.Name }, ct)
                : await PlayAsync(world, golden, scenario, ct);
            outcomes.Add(outcome with { Promise = scenario.Promise });
            if (outcome.Examination is { } seen) sum.Add(seen.Verdict);
            narrate(CampaignLines.Of(outcome));
        }

        return new CampaignReport(
            Schema: 1, options.Profile, options.Seed, outcomes, goldenSeconds, Seconds(started), TriggeredCount.Of(sum.Total()));
    }

    async Task<ScenarioOutcome> PlayAsync(TrainingWorld world, GoldenRun golden, RealScenario scenario, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        if (await ScenarioNeeds.MissingAsync(scenario.Name, scenario.Needs, ct) is { } skipped) return skipped;
        var stage = new Stage(world, RunId.Parse(scenario.Name), golden, Training, new StageRecord(clock), clock, ct);
        var broke = await ScenarioJudgement.PlayAsync(stage, scenario.Play);
        return ScenarioJudgement.Of(stage, scenario.Name, Seconds(started), broke);
    }

    double Seconds(long since) => Math.Round(clock.GetElapsedTime(since).TotalSeconds, 1);
}
