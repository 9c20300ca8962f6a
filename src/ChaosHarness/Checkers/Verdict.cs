namespace Lineage.ChaosHarness.Checkers;

/// <summary>Never: the check was not triggered once, which counts as red. Unknown: evidence is missing that it needs.</summary>
public enum Judgement { Valid, Violated, Unknown, Never }

/// <summary>What one invariant of docs/PROTOCOL.md says of one history, or of many added up.</summary>
/// <param name="Id">S1 to S21 or L1 to L8.</param>
/// <param name="Promise">The invariant in one sentence.</param>
/// <param name="Triggered">How often it had something to say.</param>
/// <param name="Violations">The first few, each with its evidence.</param>
public sealed record InvariantVerdict(string Id, string Promise, Judgement Judgement, long Triggered, IReadOnlyList<Violation> Violations);

/// <param name="What">Expected against observed, for someone who has not read the code.</param>
/// <param name="Stream">Stream that it is about, and the version; null where it is about none.</param>
/// <param name="Entries">Indexes of the journal's entries that show it.</param>
public sealed record Violation(string Invariant, string What, string? Stream, long? Version, IReadOnlyList<long> Entries);

/// <summary>The judgement of a whole history.</summary>
/// <param name="Invariants">All of them, in order of id, triggered or not.</param>
public sealed record Verdict(IReadOnlyList<InvariantVerdict> Invariants)
{
    public bool SafetyHolds => !Invariants.Any(static one => one is { Judgement: Judgement.Violated, Id: ['S', ..] });

    public bool LivenessHolds => !Invariants.Any(static one => one is { Judgement: Judgement.Violated, Id: ['L', ..] });
}
