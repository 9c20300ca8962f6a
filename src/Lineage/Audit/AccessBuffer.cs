using Lineage.Contracts.Events;

namespace Lineage.Audit;

/// <summary>A batch that is about to be written.</summary>
/// <param name="Dropped">Requests before it that found no room.</param>
public sealed record AccessBatch(IReadOnlyList<AccessEntry> Entries, long Dropped);

/// <summary>
/// Requests on their way to the record. Bounded: while nothing can be written, what finds no room is counted, and the next batch says how
/// many there were. The same request again is counted in its entry. Thread safe.
/// </summary>
/// <param name="entriesMax">Different requests kept; more are dropped and counted.</param>
/// <param name="batchMax">Entries of one event.</param>
public sealed class AccessBuffer(int entriesMax = AccessBuffer.EntriesMax, int batchMax = AccessBuffer.BatchMax)
{
    public const int EntriesMax = 10_000, BatchMax = 500;

    readonly Lock gate = new();
    readonly Dictionary<Key, AccessEntry> waiting = [];
    readonly List<Key> order = [];
    long dropped;

    readonly record struct Key(string Actor, string Operation, string Target, int Status, string? Code);

    public void Note(AccessEntry entry)
    {
        var key = new Key(entry.Actor.ToString(), entry.Operation, entry.Target, entry.Status, entry.Code);
        lock (gate)
        {
            if (waiting.TryGetValue(key, out var known))
            {
                waiting[key] = known with { Count = (known.Count ?? 1) + (entry.Count ?? 1) };
            }
            else if (order.Count < entriesMax)
            {
                waiting[key] = entry;
                order.Add(key);
            }
            else
            {
                dropped += entry.Count ?? 1;
            }
        }
    }

    /// <summary>Takes the oldest entries; null when there is nothing to say.</summary>
    public AccessBatch? Take()
    {
        lock (gate)
        {
            if (order.Count == 0 && dropped == 0) return null;
            var keys = order.Take(batchMax).ToArray();
            order.RemoveRange(0, keys.Length);
            AccessEntry[] entries = [.. keys.Select(key => waiting[key])];
            foreach (var key in keys) waiting.Remove(key);
            var batch = new AccessBatch(entries, dropped);
            dropped = 0;
            return batch;
        }
    }
}
