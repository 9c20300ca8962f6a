using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Witnesses;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>What the judge was shown, and what it said.</summary>
public sealed record Examination(Evidence Evidence, Verdict Verdict);

/// <summary>What the harness did, was told and objects to in one scenario, whichever worlds that plays in.</summary>
public sealed class StageRecord(TimeProvider clock)
{
    /// <summary>
    /// An event's time is taken when it is written, a reader sees it only after the commit; so within this time the order of two streams,
    /// and of an event and an entry, is not known and nobody is blamed. Commits took up to some hundred milliseconds on a machine with two
    /// busy processors; a scenario that makes a server or its database stand still adds that time.
    /// </summary>
    const long CommitMs = 2_000;

    readonly List<TimedEntry> entries = [];
    readonly List<string> objections = [];
    readonly List<string> missed = [];
    readonly HashSet<(string Stream, string Event, int? Rank)> acknowledged = [];
    int faults, operations;

    /// <summary>What the journal calls 0.</summary>
    public DateTimeOffset BeganAt { get; } = clock.GetUtcNow();

    public IReadOnlyList<TimedEntry> Entries => entries;

    /// <summary>What did not hold; empty if all did.</summary>
    public IReadOnlyList<string> Objections => objections;

    /// <summary>What was on record while the scenario went on; a few readings at most.</summary>
    public List<EarlierReading> Earlier { get; } = [];

    /// <summary>Null until the end was judged.</summary>
    public Examination? Examination { get; set; }

    /// <summary>What ranks of other worlds would read, as it was carried out.</summary>
    public List<TilingEvidence> Plans { get; } = [];

    /// <summary>How long the scenario made somebody stand still who commits.</summary>
    public TimeSpan Paused { get; set; }

    /// <summary>What the server's clock was made to say.</summary>
    public ClockRecord Clocks { get; } = new();

    public long RaceMs => CommitMs + (long)(Paused + Clocks.StoodStill(clock.GetUtcNow())).TotalMilliseconds;

    /// <inheritdoc cref="ClockRecord.InMachineTime"/>
    public IReadOnlyList<StreamEvidence> InMachineTime(IReadOnlyList<StreamEvidence> streams) =>
        Clocks.InMachineTime(streams, BeganAt, clock.GetUtcNow());

    /// <summary>Faults that were asked for and never struck, each in a sentence.</summary>
    public IReadOnlyList<string> Missed => missed;

    public bool EveryFaultTookEffect => missed.Count == 0 && Of<Entry.Injected>().All(
        injected => Of<Entry.TookEffect>().Any(effect => effect.Fault == injected.Fault));

    public IEnumerable<T> Of<T>() where T : Entry => entries.Select(static one => one.Entry).OfType<T>();

    /// <summary>Since the last fault was healed, or took effect where there is nothing to heal.</summary>
    public long MsSinceHealed()
    {
        var last = entries.LastOrDefault(static one => one.Entry is Entry.Healed or Entry.TookEffect or Entry.Injected);
        return last is null ? 0 : (TimedEntry.Micros(clock.GetUtcNow()) - last.AtMicros) / 1_000;
    }

    /// <param name="entry">Its index and time are given when journals are merged.</param>
    public void Add(Entry entry) => entries.Add(new TimedEntry(TimedEntry.Micros(clock.GetUtcNow()), entry));

    public int Inject(string kind, string target, string detail)
    {
        Add(new Entry.Injected(0, 0, "nemesis", ++faults, kind, target, detail));
        return faults;
    }

    /// <summary>Somebody asks something of the system.</summary>
    public int Ask(string who, OperationKind kind, string detail)
    {
        Add(new Entry.Invoked(0, 0, who, ++operations, kind, detail));
        return operations;
    }

    public void Answer(string who, int operation, Outcome outcome, string? code, string detail) =>
        Add(new Entry.Ended(0, 0, who, operation, outcome, code, detail));

    public void Miss(string what) => missed.Add(what);

    public void Object(string what) => objections.Add(what);

    /// <summary>An answer named these checkpoints: what it says of them must be on record for ever.</summary>
    public void Told(IEnumerable<CheckpointView> views)
    {
        foreach (var view in views)
        {
            Told<CheckpointOpened>(view);
            foreach (var shard in view.Shards)
                if (shard.Stored is not null) Told<ShardStored>(view, shard.Rank.Value);
            if (view.ManifestHash is not null) Told<CheckpointSealed>(view);
            if (view.VerifiedAt is not null) Told<CheckpointVerified>(view);
            if (view.Phase == CheckpointPhase.Quarantined) Told<CheckpointQuarantined>(view);
            if (view.Phase == CheckpointPhase.Abandoned) Told<CheckpointAbandoned>(view);
        }
    }

    /// <summary>An answer showed these events.</summary>
    public void Told(IEnumerable<LogEntry> log)
    {
        foreach (var entry in log) Told(entry.Stream, entry.Name, rank: null);
    }

    void Told<T>(CheckpointView view, int? rank = null) => Told(view.Checkpoint.StreamKey, EventCatalog.Names[typeof(T)], rank);

    void Told(string stream, string name, int? rank)
    {
        if (acknowledged.Add((stream, name, rank))) Add(new Entry.Acknowledged(0, 0, "reader", stream, name, rank));
    }
}
