using System.Globalization;
using System.Runtime.InteropServices;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Reports;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>
/// What a campaign of real scenarios leaves behind, in the one format of all chaos runs: a directory a scenario, and above them one of
/// them all together.
/// </summary>
public static class RealReports
{
    /// <summary>Of what the scenario promises itself, beside the invariants. It counts as safety.</summary>
    public const string PromiseId = "S0";

    /// <summary>What the campaign ends with; its exit code is the command's. Null if nothing was played.</summary>
    public static ReportModel? Campaign(CampaignReport report)
    {
        var played = report.Scenarios.Where(static one => one.Examination is not null).ToList();
        if (played.Count == 0) return null;
        var sum = new VerdictSum();
        foreach (var one in played) sum.Add(one.Examination!.Verdict);
        var shown = played.Find(static one => one.Verdict is not ScenarioVerdict.Valid) ?? played[0];
        var promises = new InvariantVerdict(
            PromiseId, "Every scenario keeps what it promises.", Worst(played), played.Count,
            [.. played.SelectMany(static one => Promise(one).Violations).Take(8)]);
        return Model($"real scenarios, profile {report.Profile}", shown.Examination!.Evidence, With(promises, sum.Total()),
            [CommandText.Of("chaos", "run", "--profile", report.Profile, "--seed", Text(report.Seed))]) with
        {
            Profile = report.Profile,
            Seed = report.Seed,
            ShownVerdict = shown.Examination.Verdict,
            Throughput = Pace(report, played),
            Figures = Sum(played),
            HarnessFault = Fault(report.Scenarios),
            Skipped = [.. report.Scenarios.Where(static one => one.Verdict == ScenarioVerdict.Skipped)
                .Select(static one => new SkippedCapability(one.Name, one.Why ?? "", Required: true))],
            Scenarios = [.. report.Scenarios.Select(static one => new ScenarioRow(one.Name, Word(one.Verdict), one.Seconds, one.Why)
            {
                Link = one.Examination is null ? null : $"{one.Name}/report.html",
            })],
        };
    }

    /// <summary>Writes everything; returns what the campaign ends with.</summary>
    public static ReportModel? Write(string directory, CampaignReport report)
    {
        foreach (var one in report.Scenarios)
            if (one.Examination is not null) ReportWriter.Write(Path.Combine(directory, one.Name), Scenario(report, one));
        var campaign = Campaign(report);
        if (campaign is not null) ReportWriter.Write(directory, campaign);
        return campaign;
    }

    static ReportModel Scenario(CampaignReport report, ScenarioOutcome outcome) =>
        Model(outcome.Name, outcome.Examination!.Evidence, With(Promise(outcome), outcome.Examination.Verdict),
            [outcome.Replay ?? CommandText.Of(
                "chaos", "run", "--profile", report.Profile, "--only", outcome.Name, "--seed", Text(report.Seed))]) with
        {
            HarnessFault = Fault([outcome]),
        };

    static ReportModel Model(string title, Evidence evidence, Verdict verdict, IReadOnlyList<string> replay) => new(
        title, "real", evidence, verdict,
        [
            new EnvironmentFact("runtime", RuntimeInformation.FrameworkDescription),
            new EnvironmentFact("system", RuntimeInformation.OSDescription),
            new EnvironmentFact("processors", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
        ],
        [], replay);

    static InvariantVerdict Promise(ScenarioOutcome outcome) => new(
        PromiseId, outcome.Promise, outcome.Objections.Count > 0 ? Judgement.Violated
            : outcome.Verdict is ScenarioVerdict.Unknown or ScenarioVerdict.Vacuous ? Judgement.Unknown : Judgement.Valid, 1,
        [.. outcome.Objections.Select(what => new Violation(PromiseId, $"{outcome.Name}: {what}", null, null, []))]);

    static Judgement Worst(List<ScenarioOutcome> played)
    {
        var all = played.ConvertAll(static one => Promise(one).Judgement);
        return all.Contains(Judgement.Violated) ? Judgement.Violated
            : all.Contains(Judgement.Unknown) ? Judgement.Unknown : Judgement.Valid;
    }

    static Verdict With(InvariantVerdict promise, Verdict verdict) => new([promise, .. verdict.Invariants]);

    /// <summary>What the harness could not bring about or tell. Where something is broken, that comes first.</summary>
    static string? Fault(IEnumerable<ScenarioOutcome> outcomes)
    {
        var all = outcomes.ToList();
        if (all.Exists(static one => one.Verdict == ScenarioVerdict.Violated)) return null;
        var unsure = all.FindAll(static one => one.Verdict is ScenarioVerdict.Unknown or ScenarioVerdict.Vacuous);
        return unsure.Count == 0 ? null : string.Join("; ", unsure.Select(static one => $"{one.Name} is {Word(one.Verdict)}: {one.Why}"));
    }

    /// <summary>Events on record and entries of the journal are what a real history consists of.</summary>
    static ThroughputFigures Pace(CampaignReport report, List<ScenarioOutcome> played) => new(
        played.Count, report.Seconds, Math.Round(played.Average(static one => Events(one.Examination!.Evidence)), 1),
        Environment.ProcessorCount, Text(report.Seed), TraceHash: null);

    static double Events(Evidence evidence) =>
        evidence.Streams.Sum(static stream => (long)stream.Events.Count) + evidence.Journal.Count;

    static RunFigures Sum(List<ScenarioOutcome> played)
    {
        var sum = new FigureSum();
        foreach (var one in played) sum.Add(one.Examination!.Evidence, broker: null);
        return sum.Total();
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    static string Word(ScenarioVerdict verdict) => verdict.ToString().ToLowerInvariant();
}
