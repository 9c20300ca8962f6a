using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Reports;

namespace Lineage.ChaosHarness.Mutants;

/// <summary>
/// What a hunt for mutants leaves behind, in the one format of all chaos runs. A promise is valid if it found every defect that is meant
/// for
/// it; where one survived the judge may be blind, so that nothing is known.
/// </summary>
public static class MutantReports
{
    /// <summary>Writes the report, and the small history of each mutant as <c>NAME.json</c>.</summary>
    public static void Write(string directory, MutantReport report, long seed, string again)
    {
        ReportWriter.Write(directory, Model(report, seed, again));
        foreach (var one in report.Matrix)
            if (one.Schedule is { } schedule)
                File.WriteAllText(Path.Combine(directory, $"{one.Name}.json"), schedule, new UTF8Encoding(false));
    }

    /// <param name="again">Command that hunts them again.</param>
    public static ReportModel Model(MutantReport report, long seed, string again) => new(
        $"{report.Mutants} planted defects", "simulated", Evidence: null, Judged(report),
        [
            new EnvironmentFact("runtime", RuntimeInformation.FrameworkDescription),
            new EnvironmentFact("canary", $"{report.Canary}{(IsCanaryGood(report) ? ", as it must" : ": nothing here can be believed")}"),
        ],
        [], [again])
    {
        Seed = seed,
        HarnessFault = report.Holds ? null : Fault(report),
        Untried = [],
        Mutants = [.. report.Matrix.Select(Row)],
        Throughput = new ThroughputFigures(
            report.Matrix.Sum(static one => (long)one.Histories), report.Seconds, EventsMean: null, Environment.ProcessorCount,
            string.Create(CultureInfo.InvariantCulture, $"from {seed}, for each defect"), TraceHash: null),
    };

    static MutantRow Row(MutantOutcome one) => new(
        one.Name, one.Invariant,
        [
            .. one.Broke.Union(one.First is { } first ? [first] : [], StringComparer.Ordinal)
                .OrderBy(id => string.Equals(id, one.Invariant, StringComparison.Ordinal) ? 0 : 1),
        ], one.Operations, one.Faults)
    {
        Histories = one.Histories,
        Why = one.Why,
        What = one.What,
    };

    static Verdict Judged(MutantReport report) => new([.. Promises.All.Select(promise =>
    {
        var meant = report.Matrix.Where(one => string.Equals(one.Invariant, promise.Id, StringComparison.Ordinal)).ToList();
        return new InvariantVerdict(
            promise.Id, promise.Promise, meant.Count == 0 ? Judgement.Never
                : meant.TrueForAll(static one => one.IsByIntended) ? Judgement.Valid : Judgement.Unknown,
            meant.Count(static one => one.IsByIntended), []);
    })]);

    static string Fault(MutantReport report)
    {
        var missed = report.Matrix.Where(static one => !one.IsByIntended).Select(static one => one.Name).ToList();
        return missed.Count > 0 ? $"These defects were not found by the promise that is about them: {string.Join(", ", missed)}."
            : "The canary passed: a stored shard was taken away, and the judge did not see it.";
    }

    static bool IsCanaryGood(MutantReport report) => string.Equals(report.Canary, Mutating.CanaryFailed, StringComparison.Ordinal);
}
