using Lineage.Agents.Codec;
using Lineage.Agents.Restoring;
using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Keeping;

/// <summary>
/// Stores every shard of a checkpoint anew as a full one, beside the old, and reads it back past the caches. Nothing refers to the new
/// objects until the service has them on record; if the process dies before, the next try takes what is there, after reading it.
/// </summary>
public sealed class Rebaser(ITier tier)
{
    /// <param name="chain">The checkpoint and what it is built on now.</param>
    /// <param name="parallel">Ranks at the same time.</param>
    /// <exception cref="ShardDamagedException">A shard of the chain, or what was written, is not what it has to be.</exception>
    public async Task<IReadOnlyList<RewrittenShard>> RewriteAsync(ChainView chain, WorldSize world, int parallel, CancellationToken ct)
    {
        var rewritten = new RewrittenShard[world.Value];
        var bounded = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = ct };
        await Parallel.ForAsync(0, world.Value, bounded, async (rank, token) =>
            rewritten[rank] = await RewriteAsync(chain, new Rank(rank), token));
        return rewritten;
    }

    async Task<RewrittenShard> RewriteAsync(ChainView chain, Rank rank, CancellationToken ct)
    {
        var shard = new ShardId(chain.Checkpoint, rank);
        var key = ObjectKeys.Rebased(shard);
        using var planned = PlannedChain.Open(tier, chain, rank, ReadIntent.Use);
        try
        {
            await tier.PutAsync(key, (stream, token) =>
            {
                ShardRebase.Write(stream, planned.Shards, onto: null, link: null, CodecPreset.Default, token);
                return ValueTask.CompletedTask;
            }, NoSteps.Instance, ct);
        }
        catch (ShardFormatException e)
        {
            throw planned.Blame(e);
        }
        catch (LineageProblemException e) when (e.Code == ProblemCodes.ObjectExists)
        {
            // An earlier try got this far; it is read below as if it were ours.
        }

        return ReadBack(planned.Shards.Top, shard, key, ct);
    }

    /// <summary>Deeply whole, and the very chunks that were captured.</summary>
    RewrittenShard ReadBack(ShardReader before, ShardId shard, string key, CancellationToken ct)
    {
        var found = ShardVerifier.Verify(
            tier.OpenRead(key, ReadIntent.Verify), key, new ShardExpectation(shard), VerificationDepth.Deep, baseState: null, ct);
        if (found.Finding != Finding.Intact) throw new ShardDamagedException(shard, found);
        using var after = ShardReader.Open(tier.OpenRead(key), key);
        for (var chunk = 0; chunk < before.ChunkCount; chunk++)
            if (after.ChunkCount != before.ChunkCount || after.Entry(chunk).RawHash != before.Entry(chunk).RawHash)
                throw new ShardDamagedException(shard, found with
                {
                    Finding = Finding.Altered,
                    Detail = $"{key}: chunk {chunk:N0} holds other bytes than were captured; delete the object and try again.",
                });
        return new RewrittenShard(shard.Rank, found.Root!.Value, tier.SizeOf(key)!.Value, tier.Name, key, found.ReadBytes);
    }
}
