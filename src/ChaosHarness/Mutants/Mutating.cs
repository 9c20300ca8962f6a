using System.Collections.Concurrent;
using System.Text;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Simulation;

namespace Lineage.ChaosHarness.Mutants;

/// <param name="HistoriesMax">Run against one mutant at most.</param>
/// <param name="Switch">Puts a mutant (1 for the table's first) on in the calling thread; 0 puts all off.</param>
public sealed record MutatingPlan(IReadOnlyList<Mutant> Table, long Seed, int HistoriesMax, int Threads, Action<int> Switch);

/// <summary>Runs histories against each mutant until the invariant that has to find it does, and makes that history small.</summary>
public static class Mutating
{
    public const string CanaryFailed = "failed";

    public static MutantReport Run(MutatingPlan plan, TimeProvider clock, Func<Mutant, bool> isWanted, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        var outcomes = new ConcurrentDictionary<int, MutantOutcome>();
        var wanted = Enumerable.Range(0, plan.Table.Count).Where(i => isWanted(plan.Table[i])).ToList();
        Parallel.ForEach(
            Partitioner.Create(wanted, EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = plan.Threads, CancellationToken = ct },
            i =>
            {
                plan.Switch(i + 1);
                try
                {
                    outcomes[i] = Hunt(plan.Table[i], plan, ct);
                }
                finally
                {
                    plan.Switch(0);
                }
            });
        return MutantReport.Of(
            [.. wanted.Select(i => outcomes[i])], Canary.Fails(), clock.GetElapsedTime(began).TotalSeconds);
    }

    static MutantOutcome Hunt(Mutant mutant, MutatingPlan plan, CancellationToken ct)
    {
        string? first = null;
        var ever = new SortedSet<string>(StringComparer.Ordinal);
        for (var n = 0; n < plan.HistoriesMax; n++)
        {
            ct.ThrowIfCancellationRequested();
            var schedule = Swarm.Draw(plan.Seed + n, profile: null);
            var broken = Broken(schedule).Select(static one => one.Invariant).ToList();
            first ??= broken.FirstOrDefault();
            ever.UnionWith(broken);
            if (!broken.Contains(mutant.Invariant, StringComparer.Ordinal)) continue;
            return Shrinker.Shrink(schedule, mutant.Invariant, Broken) is { } small
                ? Outcome(mutant, first, isIntended: true, n + 1, schedule.Seed, small) with { Broke = [.. ever] }
                : throw new MutantException($"Mutant {mutant.Name}, seed {schedule.Seed}: the history fails only the first time.");
        }

        return Outcome(mutant, first, isIntended: false, plan.HistoriesMax, seed: null, small: null) with { Broke = [.. ever] };
    }

    static MutantOutcome Outcome(Mutant mutant, string? first, bool isIntended, int histories, long? seed, Shrunk? small) => new(
        mutant.Name, mutant.Invariant, mutant.IsOfModel, mutant.Why, first, isIntended, histories, seed, small?.Schedule.Operations.Count,
        small?.Schedule.Faults.Count, small is null ? null : Encoding.UTF8.GetString(small.Schedule.ToJson()), small?.Violation.What);

    /// <summary>A mutant that throws has broken something, but no invariant says what.</summary>
    static List<Violation> Broken(Schedule schedule)
    {
        try
        {
            return [.. Campaign.Violated(Judge.Examine(Simulator.Run(schedule).Evidence))];
        }
        catch (Exception thrown) when (thrown is not OperationCanceledException)
        {
            return [new Violation(thrown.GetType().Name, thrown.Message, null, null, [])];
        }
    }
}
