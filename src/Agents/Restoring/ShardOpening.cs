using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Restoring;

/// <summary>Opens one stored shard and turns every way in which that can fail into a finding.</summary>
static class ShardOpening
{
    /// <exception cref="ShardDamagedException">Missing, truncated, altered or unreadable.</exception>
    public static ShardReader Open(ITier tier, ShardId shard, ManifestShard recorded, ReadIntent intent)
    {
        try
        {
            var stream = tier.OpenRead(recorded.ObjectKey, intent);
            if (stream.Length == recorded.StoredBytes) return ShardReader.Open(stream, recorded.ObjectKey);
            var length = stream.Length;
            stream.Dispose();
            throw Damaged(
                shard, length < recorded.StoredBytes ? Finding.Truncated : Finding.Altered,
                $"{recorded.ObjectKey} has {length:N0} bytes, on record are {recorded.StoredBytes:N0}", cause: null);
        }
        catch (FileNotFoundException e)
        {
            throw Damaged(shard, Finding.Missing, $"{recorded.ObjectKey} is not in tier {tier.Name}", e);
        }
        catch (ShardFormatException e)
        {
            throw Damaged(shard, e.Finding, e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Damaged(shard, Finding.Unreadable, $"{recorded.ObjectKey}: {e.Message}", e);
        }
    }

    static ShardDamagedException Damaged(ShardId shard, Finding finding, string detail, Exception? cause) =>
        new(shard, new ShardFinding(finding, detail, Root: null, ReadBytes: 0), cause);
}
