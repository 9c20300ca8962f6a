using System.Globalization;
using System.Text.Json.Serialization;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;

namespace Lineage.ChaosHarness.Simulation;

/// <param name="Histories">Null: as many as the budget allows.</param>
/// <param name="Budget">Null: as many as <paramref name="Histories"/> says.</param>
/// <param name="Profile">Null: each seed chooses.</param>
public sealed record CampaignPlan(long Seed, string? Profile, long? Histories, TimeSpan? Budget);

/// <summary>A history that broke an invariant.</summary>
public sealed record FoundViolation(long Seed, string Profile, string Invariant, string What);

public sealed record TriggeredCount(long Triggered, string Judgement)
{
    /// <summary>By id of the invariant.</summary>
    public static SortedDictionary<string, TriggeredCount> Of(Verdict verdict)
    {
        var counts = new SortedDictionary<string, TriggeredCount>(StringComparer.Ordinal);
        foreach (var one in verdict.Invariants) counts[one.Id] = new TriggeredCount(one.Triggered, Campaign.Word(one.Judgement));
        return counts;
    }
}

/// <param name="PerMinutePerCore">The campaign runs on one core.</param>
/// <param name="EventsMean">Steps of simulated processes per history.</param>
/// <param name="HashedHistories">The trace hash is over so many of the first histories, so that a budget of time does not move it.</param>
/// <param name="Profiles">Histories by profile.</param>
/// <param name="RanTwice">Histories that a second process ran too and found to be the same; null if none were asked to be.</param>
/// <param name="Difference">What it found not to be the same: nothing here can be trusted then.</param>
public sealed record SimulationReport(
    long Histories, double Seconds, double PerMinutePerCore, double EventsMean, long Violations,
    IReadOnlyDictionary<string, TriggeredCount> Invariants, IReadOnlyDictionary<string, long> FaultKinds, IReadOnlyList<string> Never,
    long HashedHistories, string TraceHash, IReadOnlyList<FoundViolation> Found, RunFigures Figures,
    IReadOnlyDictionary<string, long> Profiles, long? RanTwice = null, TraceDifference? Difference = null)
{
    /// <param name="group">S: safety; L: liveness.</param>
    public bool IsViolated(char group) =>
        Invariants.Any(one => one.Key[0] == group && one.Value.Judgement == Campaign.Word(Judgement.Violated));

    /// <summary>What the judge said of all histories together.</summary>
    [JsonIgnore]
    public Verdict Verdict { get; init; } = new([]);

    /// <summary>The first history that failed; else one that stands for the others.</summary>
    [JsonIgnore]
    public Schedule? Shown { get; init; }
}

/// <summary>Many histories, seed after seed, each judged.</summary>
public static class Campaign
{
    /// <summary>Histories that the trace hash covers at most.</summary>
    public const int HashedMax = 500;

    /// <param name="twice">Runs some histories once more in another process; null: none.</param>
    public static SimulationReport Run(CampaignPlan plan, TimeProvider clock, CancellationToken ct, DoubleRun? twice = null)
    {
        var began = clock.GetTimestamp();
        var sum = new CampaignSum();
        TraceDifference? difference = null;
        while (difference is null && (plan.Histories is not { } limit || sum.Histories < limit)
            && (plan.Budget is not { } budget || sum.Histories == 0 || clock.GetElapsedTime(began) < budget))
        {
            ct.ThrowIfCancellationRequested();
            var schedule = Swarm.Draw(plan.Seed + sum.Histories, plan.Profile);
            sum.Add(schedule, Run(schedule, plan.Profile, twice is not null && DoubleRun.Wants(sum.Histories) ? twice : null));
            if (twice is { IsBatchFull: true }) difference = twice.Compare(ct);
        }

        difference ??= twice?.Compare(ct);
        return Report(sum, clock.GetElapsedTime(began).TotalSeconds) with { RanTwice = twice?.Agreed, Difference = difference };
    }

    static SimulationReport Report(CampaignSum sum, double seconds)
    {
        var total = sum.Verdicts.Total();
        return new SimulationReport(
            sum.Histories, Math.Round(seconds, 3), Math.Round(sum.Histories * 60 / seconds),
            Math.Round((double)sum.Steps / sum.Histories, 1), sum.Violations, TriggeredCount.Of(total), sum.FaultKinds, Never(total),
            sum.Hashed, sum.Hash.ToString("x16", CultureInfo.InvariantCulture), sum.Found, sum.Figures.Total(), sum.Profiles)
        {
            Verdict = total,
            Shown = sum.Shown,
        };
    }

    /// <exception cref="SimulationException">Something threw; the message names the seed.</exception>
    static SimulatedHistory Run(Schedule schedule, string? asked, DoubleRun? twice)
    {
        try
        {
            return twice is null ? Simulator.Run(schedule) : twice.Run(schedule, asked);
        }
        catch (Exception thrown) when (thrown is not OperationCanceledException)
        {
            throw new SimulationException(
                $"a history of profile {schedule.Profile} threw {thrown.GetType().Name}: {thrown.Message} Look at it with: "
                + CommandText.Of(SimulationReports.ReplayOf(schedule.Seed, asked)));
        }
    }

    /// <summary>The first violation of each broken invariant.</summary>
    public static IEnumerable<Violation> Violated(Verdict verdict) =>
        verdict.Invariants.Where(static one => one.Judgement == Judgement.Violated).Select(static one => one.Violations[0]);

    internal static string Word(Judgement judgement) => judgement.ToString().ToLowerInvariant();

    static List<string> Never(Verdict total) => [.. total.Invariants
        .Where(static one => one.Judgement is Judgement.Never or Judgement.Unknown)
        .Select(static one => one.Id)];
}
