using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Reports;

/// <summary>Adds up the figures of many histories in bounded memory: times are counted by the millisecond, not kept one by one.</summary>
public sealed class FigureSum
{
    const int SlowestMax = 12;

    readonly SortedDictionary<string, (long Planned, long Struck, long Effects)> faults = new(StringComparer.Ordinal);
    readonly Dictionary<(string Fault, string Phase), long> heat = [];
    readonly SortedDictionary<long, long> milliseconds = [], lost = [];
    readonly List<RecoveryFigure> slowest = [];
    long lostUnknown;
    MessageFigures messages = new(0, 0, 0, 0, 0);

    public static RunFigures Of(Evidence evidence)
    {
        var sum = new FigureSum();
        sum.Add(evidence, broker: null);
        return sum.Total();
    }

    /// <param name="broker">Null where the broker was not counted.</param>
    public void Add(Evidence evidence, BrokerFigures? broker)
    {
        AddFaults(evidence);
        foreach (var cell in HistoryFigures.Heat(evidence))
            heat[(cell.Fault, cell.Phase)] = heat.GetValueOrDefault((cell.Fault, cell.Phase)) + cell.Count;
        foreach (var recovery in HistoryFigures.Recoveries(evidence)) Add(recovery);
        var one = HistoryFigures.Messages(evidence);
        messages = new MessageFigures(
            messages.Attempted + one.Attempted, messages.Acknowledged + one.Acknowledged, messages.Lost + one.Lost,
            messages.Duplicated + one.Duplicated, messages.Recovered + one.Recovered)
        {
            Confirmed = Plus(messages.Confirmed, broker?.Confirmed),
            Redelivered = Plus(messages.Redelivered, broker?.Redelivered),
            Dead = Plus(messages.Dead, evidence.AtRest?.DeadLetters.Count),
        };
    }

    static long? Plus(long? sum, long? one) => one is null ? sum : (sum ?? 0) + one;

    void AddFaults(Evidence evidence)
    {
        var kinds = new Dictionary<int, string>();
        foreach (var fault in evidence.Schedule.Faults)
        {
            kinds[fault.Id] = fault.Kind;
            Count(fault.Kind, planned: 1, struck: 0, effects: 0);
        }

        var isPlanned = kinds.Count > 0;
        foreach (var entry in evidence.Journal)
            switch (entry)
            {
                case Entry.Injected fault:
                    kinds[fault.Fault] = fault.Kind;
                    Count(fault.Kind, planned: isPlanned ? 0 : 1, struck: 1, effects: 0);   // a scenario of code has no schedule
                    break;
                case Entry.TookEffect effect when kinds.TryGetValue(effect.Fault, out var kind):
                    Count(kind, planned: 0, struck: 0, effects: 1);
                    break;
            }
    }

    void Count(string kind, int planned, int struck, int effects)
    {
        var (a, b, c) = faults.GetValueOrDefault(kind);
        faults[kind] = (a + planned, b + struck, c + effects);
    }

    void Add(RecoveryFigure recovery)
    {
        milliseconds[recovery.Milliseconds] = milliseconds.GetValueOrDefault(recovery.Milliseconds) + 1;
        if (recovery.LostSteps is { } steps) lost[steps] = lost.GetValueOrDefault(steps) + 1;
        else lostUnknown++;
        if (slowest.Count == SlowestMax && recovery.Milliseconds <= slowest[^1].Milliseconds) return;
        slowest.Add(recovery);
        slowest.Sort(static (a, b) => b.Milliseconds.CompareTo(a.Milliseconds));
        if (slowest.Count > SlowestMax) slowest.RemoveAt(SlowestMax);
    }

    public RunFigures Total() => new(
        [.. faults.Select(static one => new FaultFigure(one.Key, one.Value.Planned, one.Value.Struck, one.Value.Effects))],
        [.. heat.OrderBy(static one => one.Key.Fault, StringComparer.Ordinal).ThenBy(static one => one.Key.Phase, StringComparer.Ordinal)
            .Select(static one => new HeatCell(one.Key.Fault, one.Key.Phase, one.Value))],
        milliseconds.Count == 0 ? null : new RecoverySummary(
            milliseconds.Values.Sum(), Quantile(0.5), Quantile(0.99), milliseconds.Keys.Last(), lost, lostUnknown, [.. slowest]),
        messages);

    /// <summary>The smallest time that so large a share of the recoveries did not exceed.</summary>
    long Quantile(double share)
    {
        var (wanted, seen) = ((long)Math.Ceiling(milliseconds.Values.Sum() * share), 0L);
        foreach (var (time, count) in milliseconds)
            if ((seen += count) >= wanted) return time;
        return milliseconds.Keys.Last();
    }
}
