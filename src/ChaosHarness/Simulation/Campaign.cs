using System.Globalization;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;

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
public sealed record CampaignReport(
    long Histories, double Seconds, double PerMinutePerCore, double EventsMean, long Violations,
    IReadOnlyDictionary<string, TriggeredCount> Invariants, IReadOnlyDictionary<string, long> FaultKinds, IReadOnlyList<string> Never,
    long HashedHistories, string TraceHash, IReadOnlyList<FoundViolation> Found)
{
    /// <param name="group">S: safety; L: liveness.</param>
    public bool IsViolated(char group) =>
        Invariants.Any(one => one.Key[0] == group && one.Value.Judgement == Campaign.Word(Judgement.Violated));
}

/// <summary>Many histories, seed after seed, each judged.</summary>
public static class Campaign
{
    /// <summary>Histories that the trace hash covers at most.</summary>
    public const int HashedMax = 500;

    const int FoundMax = 10;

    /// <summary>Invariants that one history of this level cannot say anything of, and where they are judged instead.</summary>
    public static IReadOnlyDictionary<string, string> Elsewhere { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["S11"] = "read models of a real PostgreSQL",
        ["S19"] = "restores to another world size",
        ["L4"] = "projections of a real PostgreSQL",
        ["L5"] = "several runs beside a poisonous message",
    };

    public static CampaignReport Run(CampaignPlan plan, TimeProvider clock, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        var sum = new VerdictSum();
        var kinds = new SortedDictionary<string, long>(StringComparer.Ordinal);
        List<FoundViolation> found = [];
        var (steps, violations, hash, hashed) = (0L, 0L, 0UL, 0L);
        while ((plan.Histories is not { } limit || sum.Histories < limit)
            && (plan.Budget is not { } budget || clock.GetElapsedTime(began) < budget))
        {
            ct.ThrowIfCancellationRequested();
            var schedule = Swarm.Draw(plan.Seed + sum.Histories, plan.Profile);
            var history = Run(schedule, plan.Profile);
            var verdict = Judge.Examine(history.Evidence);
            sum.Add(verdict);
            steps += history.Steps;
            if (hashed < HashedMax) (hash, hashed) = (SeededStream.Mix(hash ^ history.TraceHash), hashed + 1);
            foreach (var kind in history.FaultKinds) kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
            foreach (var broken in Violated(verdict))
            {
                violations++;
                if (found.Count < FoundMax) found.Add(new FoundViolation(schedule.Seed, schedule.Profile, broken.Invariant, broken.What));
            }
        }

        var seconds = clock.GetElapsedTime(began).TotalSeconds;
        var total = sum.Total();
        return new CampaignReport(
            sum.Histories, Math.Round(seconds, 3), Math.Round(sum.Histories * 60 / seconds), Math.Round((double)steps / sum.Histories, 1),
            violations, Counts(total), kinds, Never(total), hashed, hash.ToString("x16", CultureInfo.InvariantCulture), found);
    }

    /// <exception cref="SimulationException">Something threw; the message names the seed.</exception>
    static SimulatedHistory Run(Schedule schedule, string? asked)
    {
        try
        {
            return Simulator.Run(schedule);
        }
        catch (Exception thrown) when (thrown is not OperationCanceledException)
        {
            throw new SimulationException(
                $"a history of profile {schedule.Profile} threw {thrown.GetType().Name}: {thrown.Message} Look at it with: lineage chaos "
                + $"replay --seed {schedule.Seed.ToString(CultureInfo.InvariantCulture)}{(asked is null ? "" : $" --profile {asked}")}");
        }
    }

    /// <summary>The first violation of each broken invariant.</summary>
    public static IEnumerable<Violation> Violated(Verdict verdict) =>
        verdict.Invariants.Where(static one => one.Judgement == Judgement.Violated).Select(static one => one.Violations[0]);

    static SortedDictionary<string, TriggeredCount> Counts(Verdict total)
    {
        var counts = TriggeredCount.Of(total);
        foreach (var id in Elsewhere.Keys)
            if (counts[id].Triggered == 0) counts[id] = counts[id] with { Judgement = "elsewhere" };
        return counts;
    }

    internal static string Word(Judgement judgement) => judgement.ToString().ToLowerInvariant();

    static List<string> Never(Verdict total) => [.. total.Invariants
        .Where(static one => one.Judgement is Judgement.Never or Judgement.Unknown && !Elsewhere.ContainsKey(one.Id))
        .Select(static one => one.Id)];
}
