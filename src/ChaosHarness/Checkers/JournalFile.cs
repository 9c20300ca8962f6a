using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>The harness' journal, sorted by kind once.</summary>
sealed class JournalFile
{
    readonly Dictionary<(CheckpointId Checkpoint, int Rank), List<Entry.Captured>> captures = [];
    readonly Dictionary<(CheckpointId Checkpoint, int Rank), List<Entry.ReadBack>> reads = [];
    readonly Dictionary<string, List<Entry.Durable>> writes = new(StringComparer.Ordinal);
    readonly Dictionary<RunId, long> lastSteps = [];
    readonly Dictionary<string, List<Entry.Ended>> ends = new(StringComparer.Ordinal);
    readonly Dictionary<string, List<long>> harm = new(StringComparer.Ordinal);

    public JournalFile(Evidence evidence)
    {
        foreach (var entry in evidence.Journal) File(entry);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var stored in evidence.Objects) keys.Add(stored.Key);
        foreach (var stream in evidence.Streams)
            foreach (var e in stream.Events)
                if (e.Body is Contracts.Events.ShardStored stored) keys.Add(stored.ObjectKey);
        foreach (var effect in Effects) Harmed(keys, effect.Observation, effect.Index);
        foreach (var injected in Injected) Harmed(keys, injected.Target, injected.Index);
    }

    public List<Entry.Invoked> Invoked { get; } = [];

    public List<Entry.Ended> Ended { get; } = [];

    public List<Entry.Acknowledged> Acknowledged { get; } = [];

    public List<Entry.Restored> Restored { get; } = [];

    public List<Entry.Trained> Trained { get; } = [];

    public List<Entry.Offered> Offered { get; } = [];

    public List<Entry.ReadBack> ReadBack { get; } = [];

    public List<Entry.Injected> Injected { get; } = [];

    public List<Entry.TookEffect> Effects { get; } = [];

    public List<Entry.Healed> Healed { get; } = [];

    public List<Entry.Durable> Durable { get; } = [];

    public List<Entry.Sent> Sent { get; } = [];

    public bool HasCaptures => captures.Count > 0;

    public IReadOnlyList<Entry.Captured> CapturesOf(CheckpointId checkpoint, int rank) =>
        captures.TryGetValue((checkpoint, rank), out var found) ? found : [];

    public IReadOnlyList<Entry.ReadBack> ReadsOf(CheckpointId checkpoint, int rank) =>
        reads.TryGetValue((checkpoint, rank), out var found) ? found : [];

    public IReadOnlyList<Entry.Durable> WritesOf(string key) => writes.TryGetValue(key, out var found) ? found : [];

    /// <summary>The highest step that anybody trained; less than any step if nobody did.</summary>
    public long LastStepOf(RunId run) => lastSteps.GetValueOrDefault(run, long.MinValue);

    /// <summary>Ends of operations that were about that checkpoint and nothing else.</summary>
    public IReadOnlyList<Entry.Ended> EndsOf(CheckpointId id) =>
        ends.Count > 0 && ends.TryGetValue(id.ToString(), out var found) ? found : [];

    /// <summary>Entries by which a fault is known to have changed that object; empty if none did.</summary>
    public IReadOnlyList<long> HarmOf(string key) => harm.TryGetValue(key, out var found) ? found : [];

    /// <summary>Objects that a fault is known to have changed.</summary>
    public IReadOnlyDictionary<string, List<long>> Harm => harm;

    /// <summary>Whether any fault whose kind contains one of the words was injected.</summary>
    public bool Suffered(params ReadOnlySpan<string> words)
    {
        foreach (var fault in Injected)
            foreach (var word in words)
                if (fault.Kind.Contains(word, StringComparison.Ordinal)) return true;
        return false;
    }

    void File(Entry entry)
    {
        switch (entry)
        {
            case Entry.Invoked one: Invoked.Add(one); break;
            case Entry.Ended one:
                Ended.Add(one);
                Add(ends, one.Detail, one);
                break;
            case Entry.Acknowledged one: Acknowledged.Add(one); break;
            case Entry.Captured one: Add(captures, (one.Checkpoint, one.Rank), one); break;
            case Entry.Restored one: Restored.Add(one); break;
            case Entry.Trained one:
                Trained.Add(one);
                lastSteps[one.Run] = Math.Max(lastSteps.GetValueOrDefault(one.Run, long.MinValue), one.Step);
                break;
            case Entry.Offered one: Offered.Add(one); break;
            case Entry.ReadBack one:
                ReadBack.Add(one);
                Add(reads, (one.Checkpoint, one.Rank), one);
                break;
            case Entry.Injected one: Injected.Add(one); break;
            case Entry.TookEffect one: Effects.Add(one); break;
            case Entry.Durable one:
                Durable.Add(one);
                Add(writes, one.ObjectKey, one);
                break;
            case Entry.Sent one: Sent.Add(one); break;
            case Entry.Healed one: Healed.Add(one); break;
            default: break;   // noted is for people
        }
    }

    static void Add<TKey, T>(Dictionary<TKey, List<T>> index, TKey key, T one) where TKey : notnull
    {
        if (!index.TryGetValue(key, out var known)) index[key] = known = [];
        known.Add(one);
    }

    /// <summary>A text harms an object by naming its key, alone or behind the path of its tier.</summary>
    void Harmed(HashSet<string> keys, string text, long index)
    {
        if (!text.Contains('/', StringComparison.Ordinal)) return;
        foreach (var word in text.Split([' ', ',', ';', ':', '"', '\'', '(', ')'], StringSplitOptions.RemoveEmptyEntries))
        {
            var key = word;
            while (!keys.Contains(key) && key.IndexOf('/', StringComparison.Ordinal) is >= 0 and var cut) key = key[(cut + 1)..];
            if (!keys.Contains(key)) continue;
            if (!harm.TryGetValue(key, out var known)) harm[key] = known = [];
            known.Add(index);
        }
    }
}
