using Lineage.Chains;
using Lineage.ChaosHarness.Checkers;
using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Lineage.Runs;

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
        State = key[0] switch
        {
            'c' => Checkpoint.Fold((Checkpoint?)State, body),
            'r' when key.StartsWith("run/", StringComparison.Ordinal) => Run.Fold((Run?)State, body),
            _ => Recovery.Fold((Recovery?)State, body),
        };
    }
}

/// <summary>How a commit ended for the one who asked.</summary>
enum CommitOutcome { Committed, Conflict, Unknown, Killed }

/// <summary>
/// The event store: whole transactions, versions checked at commit. Holding the run's stream still while a checkpoint is decided is
/// modelled by checking its version too, which admits the same outcomes.
/// </summary>
sealed class ModelStore
{
    public const string Unknown = "store-commit-unknown", Killed = "store-connection-killed";

    readonly Dictionary<string, ModelStream> streams = new(StringComparer.Ordinal);
    readonly Dictionary<(RunId, long), DateTimeOffset> leases = [];
    long sequence;

    public IReadOnlyCollection<ModelStream> Streams => streams.Values;

    /// <summary>Commits that take effect though the answer is lost; connections that die before; both count down.</summary>
    public int UnknownCommits { get; set; }

    public int KilledConnections { get; set; }

    /// <summary>Told of each fault that somebody ran into.</summary>
    public Action<string> Met { get; set; } = static _ => { };

    public ModelStream? Find(string key) => streams.GetValueOrDefault(key);

    public long VersionOf(string key) => Find(key)?.Version ?? 0;

    public T? State<T>(string key) where T : class => (T?)Find(key)?.State;

    public DateTimeOffset? LeaseUntil(RunId run, Generation generation) =>
        leases.TryGetValue((run, generation.Value), out var until) ? until : null;

    public void Renew(RunId run, Generation generation, DateTimeOffset until) => leases[(run, generation.Value)] = until;

    /// <param name="expected">Versions that were read; another one now is a conflict.</param>
    public CommitOutcome Commit(
        IReadOnlyList<(string Key, long Version)> expected, IReadOnlyList<(string Stream, object Event)> events, long atMs)
    {
        if (KilledConnections > 0)
        {
            KilledConnections--;
            Met(Killed);
            return CommitOutcome.Killed;
        }

        foreach (var (key, version) in expected)
            if (VersionOf(key) != version) return CommitOutcome.Conflict;
        foreach (var (key, body) in events)
        {
            if (!streams.TryGetValue(key, out var stream)) streams[key] = stream = new ModelStream(key);
            stream.Add(++sequence, body, atMs);
            if (body is LeaseGranted granted)
                Renew(granted.Run, granted.Generation, granted.At.AddSeconds(granted.LeaseSeconds));
        }

        if (UnknownCommits == 0 || events.Count == 0) return CommitOutcome.Committed;
        UnknownCommits--;
        Met(Unknown);
        return CommitOutcome.Unknown;
    }

    public IEnumerable<Candidate> Candidates() =>
        streams.Values.Where(static s => s.State is Checkpoint).Select(static s => s.Candidate);

    public IEnumerable<HistoryTurn> Turns() => streams.Values.Select(static s => s.State).OfType<Recovery>()
        .Select(static r => new HistoryTurn(r.Id.Generation, r.Phase, r.Choice is not null, r.Chosen));
}
