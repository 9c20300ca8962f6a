using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Reports;

/// <param name="After">Never where the later run does not know the invariant.</param>
public sealed record InvariantChange(string Id, Judgement Before, Judgement After, long TriggeredBefore, long TriggeredAfter)
{
    public bool IsWorse => Badness(After) > Badness(Before);

    static int Badness(Judgement judgement) => judgement switch
    {
        Judgement.Valid => 0,
        Judgement.Never => 1,
        Judgement.Unknown => 2,
        _ => 3,
    };
}

/// <summary>Invariants whose verdict differs between two runs.</summary>
public sealed record VerdictChanges(IReadOnlyList<InvariantChange> Invariants)
{
    public bool IsWorse => Invariants.Any(static one => one.IsWorse);

    public static VerdictChanges Of(VerdictDocument before, VerdictDocument after)
    {
        var now = after.Invariants.ToDictionary(static one => one.Id, StringComparer.Ordinal);
        return new VerdictChanges(
        [
            .. before.Invariants.Select(one => now.TryGetValue(one.Id, out var later)
                    ? new InvariantChange(one.Id, one.Judgement, later.Judgement, one.Triggered, later.Triggered)
                    : new InvariantChange(one.Id, one.Judgement, Judgement.Never, one.Triggered, 0))
                .Where(static one => one.Before != one.After),
        ]);
    }
}
