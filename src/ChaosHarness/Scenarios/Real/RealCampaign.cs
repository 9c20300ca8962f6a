using System.Globalization;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
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

    /// <summary>Small enough that a scenario takes seconds, large enough that every rank has deltas to store.</summary>
    string[] Training =>
    [
        "-n", Stage.Ranks.ToString(), "--steps", "32", "--save-every", "5", "--width", "64", "--layers", "2", "--heads", "2", "--context",
        "64", "--batch", "4", "--seed", options.Seed.ToString(CultureInfo.InvariantCulture),
    ];

    public async Task<CampaignReport> RunAsync(IReadOnlyList<RealScenario> scenarios, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        await using var world = await TrainingWorld.StartAsync(
            new WorldOptions(options.Program, options.StateDirectory, Broker: true), clock, ct);
        var golden = await GoldenAsync(world, ct);
        var goldenSeconds = Seconds(started);
        narrate($"golden run: {golden.Digest.Short}…, {goldenSeconds:F1} s with the world's start");
        var outcomes = new List<ScenarioOutcome>();
        foreach (var scenario in scenarios)
        {
            var outcome = clock.GetElapsedTime(started) > options.Budget
                ? new ScenarioOutcome(scenario.Name, ScenarioVerdict.Skipped, 0, "the budget of time was spent", [])
                : await PlayAsync(world, golden, scenario, ct);
            outcomes.Add(outcome);
            narrate($"{outcome.Verdict.ToString().ToUpperInvariant(),-8} {outcome.Name} {outcome.Seconds:F1} s  {outcome.Why}");
        }

        return new CampaignReport(Schema: 1, options.Profile, options.Seed, outcomes, goldenSeconds, Seconds(started));
    }

    async Task<RunOutcome> GoldenAsync(TrainingWorld world, CancellationToken ct)
    {
        var run = RunId.Parse("golden");
        var launcher = world.Launch(run, Training);
        var exitCode = await launcher.WaitAsync(ct);
        return exitCode == ExitCodes.Done ? RunOutcome.Read(world.StateDirectory, run, Stage.Ranks)
            : throw new WorldException($"The golden run ended with {exitCode}. It printed:\n{launcher.Tail()}");
    }

    async Task<ScenarioOutcome> PlayAsync(TrainingWorld world, RunOutcome golden, RealScenario scenario, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        foreach (var need in scenario.Needs)
        {
            var missing = need == Capability.Partition && !Firewall.IsOwn
                ? new CapabilityFound(need, IsThere: false, "the harness is not in a network namespace of its own")
                : await MachineCapabilities.MissingAsync(need, ct);
            if (missing is not null)
                return new ScenarioOutcome(scenario.Name, ScenarioVerdict.Skipped, 0, $"{need} is missing: {missing.Detail}", []);
        }

        var stage = new Stage(world, RunId.Parse(scenario.Name), golden, Training, clock, ct);
        string? broke = null;
        try
        {
            await scenario.Play(stage);
        }
        catch (Exception failed) when (failed is WorldException or IOException or HttpRequestException or InvalidOperationException)
        {
            broke = failed.Message;
        }

        var verdict = stage.Objections.Count > 0 ? ScenarioVerdict.Violated : broke is not null ? ScenarioVerdict.Unknown
            : stage.EveryFaultTookEffect ? ScenarioVerdict.Valid : ScenarioVerdict.Vacuous;
        var why = string.Join("; ", stage.Objections.Concat(broke is null ? [] : [broke]).DefaultIfEmpty(
            verdict == ScenarioVerdict.Vacuous ? "a fault had no effect on record" : ""));
        return new ScenarioOutcome(
            scenario.Name, verdict, Seconds(started), why.Length == 0 ? null : why,
            [.. stage.Journal.OfType<Entry.TookEffect>().Select(static effect => effect.Observation)])
        { Journal = stage.Journal };
    }

    double Seconds(long since) => Math.Round(clock.GetElapsedTime(since).TotalSeconds, 1);
}
