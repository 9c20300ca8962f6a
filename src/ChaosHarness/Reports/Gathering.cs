using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Reports;

/// <summary>One command of a long run, as it ended.</summary>
/// <param name="Name">Also the folder of its report.</param>
/// <param name="Verdict">Null if it left none.</param>
public sealed record GatheredPart(string Name, int ExitCode, double Seconds, VerdictDocument? Verdict);

/// <summary>Several chaos runs under one verdict: each promise as the worst of them saw it, and the worst exit code.</summary>
public static class Gathering
{
    const int ToldMax = 8;

    /// <param name="again">Command that does all of it again.</param>
    public static ReportModel Model(IReadOnlyList<GatheredPart> parts, string title, long seed, string again)
    {
        var read = parts.Select(static one => one.Verdict).OfType<VerdictDocument>().ToList();
        return new ReportModel(title, "all levels", Evidence: null, Judged(parts, read), Environment(read), Skipped(parts), [again])
        {
            Seed = seed,
            HarnessFault = Fault(parts),
            Untried = [.. read.SelectMany(static one => one.Untried ?? []).Distinct(StringComparer.Ordinal)],
            Scenarios = [.. parts.Select(Row)],
            Mutants = read.Find(static one => one.Mutants is { Count: > 0 })?.Mutants,
            CrashPoints = [.. read.SelectMany(static one => one.CrashPoints ?? [])],
            Throughput = read.Find(static one => one.Throughput is { RanTwice: not null })?.Throughput,
            Figures = read.Find(static one => one.Throughput is { RanTwice: not null })?.Figures,
        };
    }

    static ScenarioRow Row(GatheredPart part) => new(
        part.Name, part.ExitCode switch
        {
            ChaosExit.Valid => "valid",
            ChaosExit.Safety or ChaosExit.Liveness => "violated",
            ChaosExit.Vacuous => "vacuous",
            ChaosExit.MissingCapability => "skipped",
            _ => "unknown",
        }, part.Seconds, part.ExitCode == ChaosExit.Valid ? part.Verdict?.Title : Why(part))
    {
        Link = part.Verdict is null ? null : $"{part.Name}/report.html",
    };

    static string Why(GatheredPart part) => part.Verdict?.HarnessFault
        ?? (part.ExitCode is >= ChaosExit.Valid and <= ChaosExit.MissingCapability ? ChaosExit.Word(part.ExitCode)
            : $"it ended with {part.ExitCode}");

    static string? Fault(IReadOnlyList<GatheredPart> parts)
    {
        var broken = parts.Where(static one => one.ExitCode is ChaosExit.Harness or < ChaosExit.Valid or > ChaosExit.MissingCapability)
            .ToList();
        return broken.Count == 0 ? null : string.Join("; ", broken.Select(static one => $"{one.Name}: {Why(one)}"));
    }

    /// <summary>What parts skipped, and parts that could not run at all.</summary>
    static List<SkippedCapability> Skipped(IReadOnlyList<GatheredPart> parts) =>
    [
        .. parts.SelectMany(static part => (part.Verdict?.Skipped ?? []).Select(one => one with
        {
            Capability = $"{part.Name}: {one.Capability}",
        })),
        .. parts.Where(static part => part.ExitCode == ChaosExit.MissingCapability && part.Verdict is null)
            .Select(static part => new SkippedCapability(part.Name, "it could not run, or the time was spent", Required: true)),
    ];

    static List<EnvironmentFact> Environment(List<VerdictDocument> read) =>
        [.. read.SelectMany(static one => one.Environment).DistinctBy(static one => (one.Name, one.Value))];

    /// <summary>A part that broke something and left no verdict is told as broken safety of the run itself (S0).</summary>
    static Verdict Judged(IReadOnlyList<GatheredPart> parts, List<VerdictDocument> read)
    {
        var unread = parts.Where(static one => one is { ExitCode: ChaosExit.Safety or ChaosExit.Liveness, Verdict: null })
            .Select(static one => new Violation("S0", $"{one.Name} broke a promise and left no report.", null, null, [])).ToList();
        var all = read.SelectMany(static one => one.Invariants).GroupBy(static one => one.Id, StringComparer.Ordinal)
            .ToDictionary(static one => one.Key, static one => one.ToList(), StringComparer.Ordinal);
        List<InvariantVerdict> sums = [.. Promises.All.Select(promise => Sum(
            promise.Id, promise.Promise, all.GetValueOrDefault(promise.Id, [])))];
        var own = all.GetValueOrDefault("S0", []);
        if (own.Count + unread.Count > 0)
        {
            var sum = Sum("S0", own is [var first, ..] ? first.Promise : "Every part tells what it found.", own);
            sums.Insert(0, unread.Count == 0 ? sum : sum with
            {
                Judgement = Judgement.Violated,
                Violations = [.. sum.Violations, .. unread],
            });
        }

        return new Verdict(sums);
    }

    static InvariantVerdict Sum(string id, string promise, List<InvariantVerdict> all) => new(
        id, promise,
        all.Exists(static one => one.Judgement == Judgement.Violated) ? Judgement.Violated
            : all.Exists(static one => one.Judgement == Judgement.Valid) ? Judgement.Valid
            : all.Exists(static one => one.Judgement == Judgement.Unknown) ? Judgement.Unknown : Judgement.Never,
        all.Sum(static one => one.Triggered), [.. all.SelectMany(static one => one.Violations).Take(ToldMax)]);
}
