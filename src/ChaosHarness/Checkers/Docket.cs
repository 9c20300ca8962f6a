namespace Lineage.ChaosHarness.Checkers;

/// <summary>What is gathered on one invariant while a history is judged.</summary>
sealed class Docket(string id, string promise)
{
    /// <summary>Violations that are told; more of the same explain nothing.</summary>
    const int ToldMax = 8;

    readonly List<Violation> violations = [];
    long triggered;
    bool lacksEvidence;

    public string Id => id;

    public bool IsViolated => violations.Count > 0;

    public IReadOnlyList<Violation> Violations => violations;

    /// <summary>It had something to say once more.</summary>
    public void Look() => triggered++;

    public void Look(long times) => triggered += times;

    /// <summary>There was something to judge, but not the evidence for it.</summary>
    public void Lack() => lacksEvidence = true;

    /// <param name="what">Expected against observed, for someone who has not read the code.</param>
    public void Violate(string what, string? stream = null, long? version = null, params long[] entries)
    {
        if (violations.Count < ToldMax) violations.Add(new Violation(id, what, stream, version, entries));
    }

    public InvariantVerdict Close() => new(id, promise, Judge(), triggered, violations);

    Judgement Judge() =>
        IsViolated ? Judgement.Violated : lacksEvidence ? Judgement.Unknown : triggered == 0 ? Judgement.Never : Judgement.Valid;
}
