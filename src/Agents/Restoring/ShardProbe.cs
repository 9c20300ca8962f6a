using System.Buffers;
using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Restoring;

/// <summary>
/// Checks one rank's shard of the last link of a chain as deeply as a restore would: every stored digest, every chunk decoded through its
/// base, every hash taken at capture, and the identity against the plan. Damage is a value.
/// </summary>
public static class ShardProbe
{
    /// <returns>
    /// The finding and the shard it is about: the last link's, or, when one below it is damaged, that one's. A shard over a damaged base is
    /// neither intact nor damaged; its base is what has to be reported.
    /// </returns>
    public static (ShardId Shard, ShardFinding Found) Check(ITier tier, ChainView plan, Rank rank, ReadIntent intent, CancellationToken ct)
    {
        var shard = new ShardId(plan.Checkpoint, rank);
        try
        {
            using var chain = PlannedChain.Open(tier, plan, rank, intent);
            DecodeAll(chain, ct);
            return (shard, new ShardFinding(Finding.Intact, Detail: null, chain.Shards.Top.Root, chain.ReadBytes));
        }
        catch (ShardDamagedException e)
        {
            return (e.Shard, e.Found);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (shard, new ShardFinding(Finding.Unreadable, e.Message, Root: null, ReadBytes: 0));
        }
    }

    static void DecodeAll(PlannedChain chain, CancellationToken ct)
    {
        var reader = chain.Shards.Top;
        var piece = ArrayPool<byte>.Shared.Rent(1);
        try
        {
            for (var chunk = 0; chunk < reader.ChunkCount; chunk++)
            {
                ct.ThrowIfCancellationRequested();
                var length = reader.Place(chunk).Length;
                if (piece.Length < length)
                {
                    ArrayPool<byte>.Shared.Return(piece);
                    piece = ArrayPool<byte>.Shared.Rent(length);
                }

                reader.DecodeChunk(chunk, chain.Shards.Below, piece.AsSpan(0, length));
            }
        }
        catch (ShardFormatException e)
        {
            throw chain.Blame(e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
