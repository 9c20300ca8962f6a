namespace Lineage.ChaosHarness.Checkers;

/// <summary>Verdicts of many histories added up: red once is red, triggered once is triggered.</summary>
public sealed class VerdictSum
{
    const int ToldMax = 8;

    readonly Dictionary<string, (long Triggered, bool Unknown, List<Violation> Violations)> sums = new(StringComparer.Ordinal);

    public long Histories { get; private set; }

    public void Add(Verdict verdict)
    {
        Histories++;
        foreach (var one in verdict.Invariants)
        {
            var (triggered, unknown, violations) = sums.GetValueOrDefault(one.Id, (0, false, []));
            foreach (var violation in one.Violations)
                if (violations.Count < ToldMax) violations.Add(violation);
            sums[one.Id] = (triggered + one.Triggered, unknown || one.Judgement == Judgement.Unknown, violations);
        }
    }

    /// <summary>Unknown only where no history at all had the evidence.</summary>
    public Verdict Total() => new([.. Promises.All.Select(one =>
    {
        var (triggered, unknown, violations) = sums.GetValueOrDefault(one.Id, (0, false, []));
        var judgement = violations.Count > 0 ? Judgement.Violated
            : triggered > 0 ? Judgement.Valid
            : unknown ? Judgement.Unknown : Judgement.Never;
        return new InvariantVerdict(one.Id, one.Promise, judgement, triggered, violations);
    })]);
}
