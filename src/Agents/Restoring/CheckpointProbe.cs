using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Restoring;

/// <summary>Deep check of all shards of one checkpoint, as facts that can be published.</summary>
/// <param name="parallel">Shards read at the same time.</param>
/// <param name="report">One line for people per damaged shard.</param>
public sealed class CheckpointProbe(ITier tier, ActorId actor, int parallel, Action<string> report)
{
    /// <summary>
    /// One finding per rank. A shard over a damaged base is not judged: its base is, because that is what has to be withdrawn.
    /// </summary>
    public async Task<IReadOnlyList<FactMessage>> FindingsAsync(CheckpointView checkpoint, ChainView chain, CancellationToken ct)
    {
        var correlation = MessageId.Derive("trace", checkpoint.Checkpoint.ToString()).Value.ToString("N");
        var facts = new FactMessage[checkpoint.WorldSize.Value];
        var bounded = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = ct };
        await Parallel.ForAsync(0, facts.Length, bounded, (rank, token) =>
        {
            var (shard, found) = ShardProbe.Check(tier, chain, new Rank(rank), ReadIntent.Verify, token);
            if (found.Finding != Finding.Intact) report($"Shard {shard} is {found.Finding}: {found.Detail}");
            facts[rank] = FindingReports.Of(shard, found, actor, correlation);
            return ValueTask.CompletedTask;
        });
        return facts;
    }
}
