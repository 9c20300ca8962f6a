namespace Lineage.ChaosHarness.Reports;

/// <summary>What can be counted of the histories of a run, all together.</summary>
/// <param name="Recoveries">Null if none completed.</param>
public sealed record RunFigures(
    IReadOnlyList<FaultFigure> Faults, IReadOnlyList<HeatCell> Heat, RecoverySummary? Recoveries, MessageFigures Messages);

/// <summary>One kind of fault.</summary>
/// <param name="Planned">In schedules.</param>
/// <param name="Struck">Injected; the moment of the others never came, or there was nothing left to hurt.</param>
/// <param name="Effects">Times that an effect was seen; one fault may have several.</param>
public sealed record FaultFigure(string Kind, long Planned, long Struck, long Effects);

/// <summary>How often a kind of fault met a phase of the protocol.</summary>
public sealed record HeatCell(string Fault, string Phase, long Count);

/// <param name="Milliseconds">From the failure to every rank holding its state again.</param>
public sealed record RecoveryFigure(string Recovery, string Cause, long Milliseconds, long? LostSteps);

/// <param name="LostSteps">By number of lost steps: recoveries that lost so many.</param>
/// <param name="LostUnknown">Recoveries of which nobody can say, because nothing told how far the run had come.</param>
public sealed record RecoverySummary(
    long Count, long MedianMs, long P99Ms, long MaxMs, IReadOnlyDictionary<long, long> LostSteps, long LostUnknown,
    IReadOnlyList<RecoveryFigure> Slowest);

/// <summary>What became of the facts that ranks sent.</summary>
/// <param name="Attempted">Sent, repeats included.</param>
/// <param name="Acknowledged">Facts that somebody was told are on record.</param>
/// <param name="Lost">Never on record: their save ended without them.</param>
/// <param name="Duplicated">Sent again.</param>
/// <param name="Recovered">On record, and sent more than once.</param>
public sealed record MessageFigures(long Attempted, long Acknowledged, long Lost, long Duplicated, long Recovered)
{
    /// <summary>The broker said yes; null where nobody counted.</summary>
    public long? Confirmed { get; init; }

    /// <summary>Delivered again by the broker; null where nobody counted.</summary>
    public long? Redelivered { get; init; }

    /// <summary>Left as dead letters, each of which has to be explained (L3); null where no world came to rest.</summary>
    public long? Dead { get; init; }
}

/// <summary>What the broker itself counted of one history.</summary>
public sealed record BrokerFigures(long Confirmed, long Redelivered);
