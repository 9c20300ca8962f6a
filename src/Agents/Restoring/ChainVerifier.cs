using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Restoring;

/// <param name="Damaged">Every damaged shard of the chain, once each; empty if all is intact.</param>
/// <param name="ReadBytes">Stored bytes that were read.</param>
public sealed record ChainCheck(IReadOnlyList<(ShardId Shard, ShardFinding Found)> Damaged, long ReadBytes, TimeSpan Took)
{
    public bool IsIntact => Damaged.Count == 0;
}

/// <summary>
/// Deep check of a whole chain, all ranks and all links, before anybody restores it: validity is decided once, for all ranks. A rank checks
/// every chunk again while it restores, because time passes in between.
/// </summary>
public sealed class ChainVerifier(ITier tier, TimeProvider clock)
{
    /// <param name="parallel">Shards checked at the same time.</param>
    /// <exception cref="LineageProblemException">restore-mismatch: the plan itself is not whole.</exception>
    public async Task<ChainCheck> VerifyAsync(ChainView plan, int parallel, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        var gate = new Lock();
        var damaged = new Dictionary<ShardId, ShardFinding>();
        var read = 0L;
        var ranks = plan.Links.Count == 0 ? 1 : plan.Links[^1].Shards.Count;
        var bounded = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = ct };
        await Parallel.ForAsync(0, ranks, bounded, (rank, token) =>
        {
            var (found, bytes) = ChainProbe.Check(tier, plan, new Rank(rank), ReadIntent.Verify, token);
            lock (gate)
            {
                read += bytes;
                foreach (var (shard, finding) in found) damaged.TryAdd(shard, finding);
            }

            return ValueTask.CompletedTask;
        });
        return new ChainCheck(
            [.. damaged.OrderBy(static d => d.Key.Checkpoint.Step).ThenBy(static d => d.Key.Rank).Select(static d => (d.Key, d.Value))],
            read, clock.GetElapsedTime(started));
    }

    /// <summary>The same check for one checkpoint, its findings told in this actor's name.</summary>
    public CheckpointProbe ProbeAs(ActorId actor, int parallel) => new(tier, actor, parallel, static _ => { });
}
