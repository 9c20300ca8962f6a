using Lineage.Chains;
using Lineage.ChaosHarness.Checkers;
using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Restores;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>One stream with the state that production's fold makes of it.</summary>
sealed class ModelStream(string key)
{
    Candidate? candidate;

    public string Key => key;

    public List<EventEvidence> Events { get; } = [];

    public object? State { get; private set; }

    public long Version => Events.Count;

    public Candidate Candidate => candidate ??= Candidate.Of((Checkpoint)State!);

    public void Add(long sequence, object body, long atMs)
    {
        Events.Add(new EventEvidence(sequence, Version + 1, EventCatalog.Names[body.GetType()], body, DigestHeld: null, atMs));
        candidate = null;
        State = Folded.By(key, State, body);
    }
}

/// <summary>How a commit ended for the one who asked.</summary>
enum CommitOutcome { Committed, Conflict, Unknown, Killed }

/// <summary>One transaction: its place among all transactions is taken when it begins, those of its events when it appends them, and
/// both are seen only when it ends.</summary>
sealed class ModelTransaction(long number)
{
    public long Number => number;

    public List<(string Key, long Version)> Expected { get; } = [];

    public List<LogLine> Appended { get; } = [];

    public bool IsOpen { get; set; } = true;

    public bool Writes(string key) => Appended.Exists(line => string.Equals(line.Stream, key, StringComparison.Ordinal));

    public bool Reads(string key) => Expected.Exists(one => string.Equals(one.Key, key, StringComparison.Ordinal));
}

/// <summary>One event as a reader of the whole store sees it.</summary>
readonly record struct LogLine(long Sequence, long Transaction, string Stream, object Event);

/// <summary>
/// The event store: whole transactions, versions checked when they append. Holding the run's stream still while a checkpoint is decided is
/// modelled by checking its version too, which admits the same outcomes.
/// </summary>
sealed class ModelStore
{
    public const string Unknown = "store-commit-unknown", Killed = "store-connection-killed", Reordered = "store-visibility-reordered",
        Gap = "store-sequence-gap";

    readonly Dictionary<string, ModelStream> streams = new(StringComparer.Ordinal);
    readonly Dictionary<(RunId, long), DateTimeOffset> leases = [];
    readonly List<ModelTransaction> open = [];
    readonly List<LogLine> log = [];
    long begun;

    public IReadOnlyCollection<ModelStream> Streams => streams.Values;

    /// <summary>Commits that take effect though the answer is lost; connections that die before; commits that take a while between their
    /// numbers and their end; numbers that are drawn and given up. All count down.</summary>
    public int UnknownCommits { get; set; }

    public int KilledConnections { get; set; }

    public int SlowCommits { get; set; }

    public int Gaps { get; set; }

    /// <summary>The newest sequence number that was handed out, whatever became of it.</summary>
    public long LastSequence { get; private set; }

    /// <summary>The oldest transaction under way; the next one, if there is none.</summary>
    public long OldestTransaction => open.Count == 0 ? NextTransaction : open[0].Number;

    public long NextTransaction => begun + 1;

    /// <summary>Of what is visible.</summary>
    public long NewestVisible => log.Count == 0 ? 0 : log[^1].Sequence;

    /// <summary>Told of each fault that somebody ran into.</summary>
    public Action<string> Met { get; set; } = static _ => { };

    public ModelStream? Find(string key) => streams.GetValueOrDefault(key);

    public long VersionOf(string key) => Find(key)?.Version ?? 0;

    public T? State<T>(string key) where T : class => (T?)Find(key)?.State;

    public DateTimeOffset? LeaseUntil(RunId run, Generation generation) =>
        leases.TryGetValue((run, generation.Value), out var until) ? until : null;

    public void Renew(RunId run, Generation generation, DateTimeOffset until) => leases[(run, generation.Value)] = until;

    public ModelTransaction Begin()
    {
        var transaction = new ModelTransaction(++begun);
        open.Add(transaction);
        return transaction;
    }

    /// <summary>Draws the numbers. What was appended is seen after <see cref="Finish"/>, and gone after <see cref="End"/>.</summary>
    /// <param name="expected">Versions that were read; another one now is a conflict.</param>
    public CommitOutcome Append(
        ModelTransaction transaction, IReadOnlyList<(string Key, long Version)> expected,
        IReadOnlyList<(string Stream, object Event)> events)
    {
        if (IsMet(events.Count > 0 && Gaps > 0, Gap))
        {
            Gaps--;
            LastSequence += events.Count;
            return CommitOutcome.Killed;
        }

        if (IsMet(KilledConnections > 0, Killed))
        {
            KilledConnections--;
            return CommitOutcome.Killed;
        }

        foreach (var (key, version) in expected)
            if (VersionOf(key) != version) return CommitOutcome.Conflict;
        if (IsHeld(expected, events)) return CommitOutcome.Conflict;
        transaction.Expected.AddRange(expected);
        foreach (var (stream, body) in events)
            transaction.Appended.Add(new LogLine(++LastSequence, transaction.Number, stream, body));
        if (!IsMet(UnknownCommits > 0 && events.Count > 0, Unknown)) return CommitOutcome.Committed;
        UnknownCommits--;
        return CommitOutcome.Unknown;
    }

    /// <summary>By a transaction that has appended and is not over: streams that it wrote, and what it read and holds still.</summary>
    bool IsHeld(IReadOnlyList<(string Key, long Version)> expected, IReadOnlyList<(string Stream, object Event)> events)
    {
        foreach (var other in open)
        {
            if (other.Appended.Count == 0) continue;
            foreach (var (key, _) in expected)
                if (other.Writes(key)) return true;
            foreach (var (key, _) in events)
                if (other.Writes(key) || other.Reads(key)) return true;
        }

        return false;
    }

    /// <summary>Whether the next end of a transaction takes long.</summary>
    public bool TakeSlowCommit()
    {
        if (!IsMet(SlowCommits > 0, Reordered)) return false;
        SlowCommits--;
        return true;
    }

    /// <summary>Makes what it appended visible, all at once.</summary>
    public void Finish(ModelTransaction transaction, long atMs)
    {
        foreach (var line in transaction.Appended)
        {
            if (!streams.TryGetValue(line.Stream, out var stream)) streams[line.Stream] = stream = new ModelStream(line.Stream);
            stream.Add(line.Sequence, line.Event, atMs);
            var at = log.Count;
            while (at > 0 && log[at - 1].Sequence > line.Sequence) at--;
            log.Insert(at, line);
            if (line.Event is LeaseGranted granted)
                Renew(granted.Run, granted.Generation, granted.At.AddSeconds(granted.LeaseSeconds));
        }

        End(transaction);
    }

    /// <summary>What it appended and did not finish is gone; the numbers stay drawn.</summary>
    public void End(ModelTransaction transaction)
    {
        if (!transaction.IsOpen) return;
        transaction.IsOpen = false;
        open.Remove(transaction);
    }

    /// <summary>Begins, appends and ends at one moment.</summary>
    public CommitOutcome Commit(
        IReadOnlyList<(string Key, long Version)> expected, IReadOnlyList<(string Stream, object Event)> events, long atMs)
    {
        var transaction = Begin();
        var outcome = Append(transaction, expected, events);
        if (outcome is CommitOutcome.Committed or CommitOutcome.Unknown) Finish(transaction, atMs);
        End(transaction);
        return outcome;
    }

    /// <summary>What is visible behind a place, in order of sequence.</summary>
    public IEnumerable<LogLine> LogAfter(long sequence)
    {
        var at = log.Count;
        while (at > 0 && log[at - 1].Sequence > sequence) at--;
        for (; at < log.Count; at++) yield return log[at];
    }

    public IEnumerable<Candidate> Candidates() =>
        streams.Values.Where(static s => s.State is Checkpoint).Select(static s => s.Candidate);

    public IEnumerable<Candidate> CandidatesOf(RunId run) => Candidates().Where(c => c.Id.Run == run);

    public IEnumerable<HistoryTurn> TurnsOf(RunId run) => streams.Values.Select(static s => s.State).OfType<Recovery>()
        .Where(r => r.Id.Run == run)
        .Select(static r => new HistoryTurn(r.Id.Generation, r.Phase, r.Choice is not null, r.Chosen));

    bool IsMet(bool isMet, string kind)
    {
        if (isMet) Met(kind);
        return isMet;
    }
}
