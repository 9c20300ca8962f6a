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

/// <summary>A scenario, a planted defect, a crash point or the outcome as a whole, told differently by two runs.</summary>
/// <param name="What"><c>outcome</c>, <c>scenario</c>, <c>defect</c> or <c>crash point</c>.</param>
/// <param name="After"><c>gone</c> where the later run does not have it.</param>
public sealed record NamedChange(string What, string Name, string Before, string After, bool IsWorse);

/// <summary>What differs between two runs.</summary>
public sealed record VerdictChanges(IReadOnlyList<InvariantChange> Invariants, IReadOnlyList<NamedChange> Others)
{
    const string Gone = "gone", Good = "valid";

    public bool IsWorse => Invariants.Any(static one => one.IsWorse) || Others.Any(static one => one.IsWorse);

    public static VerdictChanges Of(VerdictDocument before, VerdictDocument after)
    {
        var now = after.Invariants.ToDictionary(static one => one.Id, StringComparer.Ordinal);
        return new VerdictChanges(
        [
            .. before.Invariants.Select(one => now.TryGetValue(one.Id, out var later)
                    ? new InvariantChange(one.Id, one.Judgement, later.Judgement, one.Triggered, later.Triggered)
                    : new InvariantChange(one.Id, one.Judgement, Judgement.Never, one.Triggered, 0))
                .Where(static one => one.Before != one.After),
        ],
        [
            .. Changes("outcome", Outcome(before), Outcome(after)), .. Changes("scenario", Scenarios(before), Scenarios(after)),
            .. Changes("defect", Mutants(before), Mutants(after)), .. Changes("crash point", CrashPoints(before), CrashPoints(after)),
        ]);
    }

    static Dictionary<string, string> Outcome(VerdictDocument one) => new(StringComparer.Ordinal) { ["the run"] = one.Outcome };

    static Dictionary<string, string> Scenarios(VerdictDocument one) =>
        (one.Scenarios ?? []).ToDictionary(static row => row.Name, static row => row.Verdict, StringComparer.Ordinal);

    /// <summary>Good: found by the promise that was meant to.</summary>
    static Dictionary<string, string> Mutants(VerdictDocument one) => (one.Mutants ?? []).ToDictionary(
        static row => row.Name, static row => row.KilledBy.Contains(row.Intended, StringComparer.Ordinal) ? Good
            : row.KilledBy.Count == 0 ? "survived" : "found by another only", StringComparer.Ordinal);

    static Dictionary<string, string> CrashPoints(VerdictDocument one) => (one.CrashPoints ?? []).ToDictionary(
        static row => $"{row.Mode} right after {row.Step}, {row.During}, {row.Level}",
        static row => row.Broken > 0 ? "broke a promise" : row.Struck == 0 ? "never struck" : Good, StringComparer.Ordinal);

    static IEnumerable<NamedChange> Changes(string what, Dictionary<string, string> before, Dictionary<string, string> after) =>
        from one in before
        let later = after.GetValueOrDefault(one.Key, Gone)
        where !string.Equals(one.Value, later, StringComparison.Ordinal)
        select new NamedChange(what, one.Key, one.Value, later, !string.Equals(later, Good, StringComparison.Ordinal));
}
