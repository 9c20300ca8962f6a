using Lineage.ChaosHarness.Scenarios.Files;
using Lineage.ChaosHarness.Simulation;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>Unknown: the harness could not bring it about or could not tell. Vacuous: a fault had no effect. Neither is success.</summary>
public enum ScenarioVerdict { Valid, Violated, Unknown, Vacuous, Skipped }

/// <param name="Why">Null when valid; otherwise everything that was expected and not seen.</param>
/// <param name="Effects">What was seen of each fault.</param>
public sealed record ScenarioOutcome(string Name, ScenarioVerdict Verdict, double Seconds, string? Why, IReadOnlyList<string> Effects)
{
    /// <summary>What the judge was shown and said; null where nothing was played. In a run directory these are files of their
    /// own.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public Examination? Examination { get; init; }

    /// <summary>What it promises itself and did not keep.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<string> Objections { get; init; } = [];

    /// <summary>Command that plays it again, where that is not by its name.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? Replay { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public string Promise { get; init; } = "";
}

/// <summary>The one object that <c>chaos run --json</c> ends with. Members are added, never renamed.</summary>
/// <param name="Invariants">What the judge says of all scenarios together, by id.</param>
/// <param name="GoldenSeconds">World's start and the run without faults that all others are compared with.</param>
public sealed record CampaignReport(
    int Schema, string Profile, long Seed, IReadOnlyList<ScenarioOutcome> Scenarios, double GoldenSeconds, double Seconds,
    IReadOnlyDictionary<string, TriggeredCount> Invariants)
{
    public bool AllValid => Scenarios.All(static one => one.Verdict is ScenarioVerdict.Valid);
}

/// <param name="Promise">What must hold whatever the fault, in one sentence.</param>
/// <param name="Needs">Without these it is skipped, loudly.</param>
/// <param name="Play">Hurts, heals and judges.</param>
public sealed record RealScenario(string Name, string Promise, IReadOnlyList<Capability> Needs, Func<Stage, Task> Play)
{
    /// <summary>Played in place of <see cref="Play"/>, in a world for files; null for a scenario that is code.</summary>
    public ScenarioToPlay? File { get; init; }
}
