using Lineage.Agents.Reporting;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Messages;

namespace Lineage.ChaosHarness.Witnesses;

/// <summary>Writes down which stored shards a message names, before it leaves.</summary>
sealed class WitnessPublisher(IFactPublisher inner, JournalWriter journal) : IFactPublisher
{
    public Task PublishAsync(IReadOnlyList<FactMessage> facts, CancellationToken ct)
    {
        foreach (var fact in facts)
            if (fact is ShardStoreReported stored)
                journal.Write(new Entry.Sent(0, 0, journal.Process, stored.Checkpoint, stored.Rank.Value, stored.ObjectKey));
        return inner.PublishAsync(facts, ct);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
