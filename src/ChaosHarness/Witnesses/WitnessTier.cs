using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Witnesses;

/// <summary>Writes down what became durable and what was opened to be verified; otherwise the tier behind it.</summary>
sealed class WitnessTier(ITier inner, JournalWriter journal) : ITier
{
    public string Name => inner.Name;

    public async Task<long> PutAsync(
        string key, Func<Stream, CancellationToken, ValueTask> write, IDurableSteps steps, CancellationToken ct)
    {
        var size = await inner.PutAsync(key, write, steps, ct);
        if (ShardPlace.Of(key) is { } place)
            journal.Write(new Entry.Durable(0, 0, journal.Process, place.Checkpoint, place.Rank, key));
        return size;
    }

    /// <summary>Objects are written once, so it is the first write that is read.</summary>
    public Stream OpenRead(string key, ReadIntent intent = ReadIntent.Use)
    {
        if (intent == ReadIntent.Verify && ShardPlace.Of(key) is { } place)
            journal.Write(new Entry.ReadBack(0, 0, journal.Process, place.Checkpoint, place.Rank, key, Written: 1));
        return inner.OpenRead(key, intent);
    }

    public long? SizeOf(string key) => inner.SizeOf(key);

    public IReadOnlyList<string> List(string prefix) => inner.List(prefix);

    public bool Delete(string key) => inner.Delete(key);

    public int CleanLeftovers() => inner.CleanLeftovers();
}
