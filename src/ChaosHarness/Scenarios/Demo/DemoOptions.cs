using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Demo;

/// <param name="Program">The <c>lineage</c> executable that runs this demo and every process of it.</param>
/// <param name="StateDirectory">Belongs to the demo; what an earlier demo left there is removed.</param>
/// <param name="Rabbit">Facts travel over a private RabbitMQ instead of HTTP and the in-memory bus.</param>
/// <param name="Json">Narration goes to standard error and one JSON object is the last line of standard output.</param>
public sealed record DemoOptions(
    string Program, string StateDirectory, WorldSize Ranks, long Steps, long SaveEvery, long Seed, bool Rabbit, bool Json)
{
    public const int RanksDefault = 4;

    public const long StepsDefault = 120, SaveEveryDefault = 10, SeedDefault = 20260417;

    public static RunId Golden { get; } = RunId.Parse("golden");

    public static RunId Faulted { get; } = RunId.Parse("demo");

    /// <summary>The rank that dies while it writes a shard.</summary>
    public Rank KilledWhileSaving => new(Ranks.Value > 1 ? 1 : 0);

    /// <summary>The rank that dies after a stored shard was damaged.</summary>
    public Rank KilledAfterDamage => new(Ranks.Value - 1);

    /// <summary>The rank whose stored shard is damaged: not the one that dies, so that two different ranks are hit.</summary>
    public static Rank Damaged { get; } = new(0);

    /// <summary>
    /// The save, counted from 1, in which the first rank dies: a third of the way, so that restore points exist before it.
    /// </summary>
    public int TornSave => (int)Math.Max(2, Steps / SaveEvery / 3);

    /// <summary>The damage waits for a restore point at or after this step: two thirds of the way.</summary>
    public long DamageFromStep => Steps * 2 / 3;

    /// <summary>Null if the demo can show what it promises; otherwise what to change.</summary>
    public string? Objection() => this switch
    {
        { SaveEvery: < 1 } => $"--save-every is {SaveEvery}; at least 1 step.",
        { Steps: < 1 } => $"--steps is {Steps}; at least 1 step.",
        _ when Steps / SaveEvery < 6 =>
            $"{Steps} steps with a save every {SaveEvery} make {Steps / SaveEvery} saves; the story needs at least 6.",
        _ when Ranks.Value is < 2 or > 16 => $"--ranks is {Ranks}; the demo runs 2-16 ranks on one machine.",
        _ => null,
    };
}
