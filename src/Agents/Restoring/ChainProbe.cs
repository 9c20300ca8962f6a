using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Restoring;

/// <summary>
/// Checks one rank's shards of all links of a chain in one pass: each link's chunk is read once and decoded over the chunk of the link
/// below, which is still in the cache. Damage is a value.
/// </summary>
static class ChainProbe
{
    /// <returns>Every damaged shard with the first damage found in it; and the bytes read.</returns>
    public static (IReadOnlyList<(ShardId Shard, ShardFinding Found)> Damaged, long ReadBytes) Check(
        ITier tier, ChainView plan, Rank rank, ReadIntent intent, CancellationToken ct)
    {
        var damaged = new Dictionary<ShardId, ShardFinding>();
        var read = 0L;
        try
        {
            // What lies above a shard that cannot be opened cannot be judged; what lies below can.
            for (var rest = plan; rest.Links.Count > 0 || damaged.Count == 0;)
                try
                {
                    using var chain = PlannedChain.Open(tier, rest, rank, intent);
                    if (chain.Shards.IsFused) new Pass(chain, damaged).Run(ct);
                    else CheckEach(tier, rest, rank, intent, damaged, ct);
                    read = chain.ReadBytes;
                    break;
                }
                catch (ShardDamagedException e)
                {
                    damaged.TryAdd(e.Shard, e.Found);
                    rest = UpTo(rest, rest.Links.TakeWhile(link => link.Checkpoint != e.Shard.Checkpoint).Count());
                }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            damaged.TryAdd(new ShardId(plan.Checkpoint, rank), new ShardFinding(Finding.Unreadable, e.Message, Root: null, ReadBytes: 0));
        }

        return ([.. damaged.Select(static pair => (pair.Key, pair.Value))], read);
    }

    /// <summary>Link by link, each through all below it, where they are cut into chunks of different sizes.</summary>
    static void CheckEach(
        ITier tier, ChainView plan, Rank rank, ReadIntent intent, Dictionary<ShardId, ShardFinding> damaged, CancellationToken ct)
    {
        for (var depth = 1; depth <= plan.Links.Count && damaged.Count == 0; depth++)
            if (ShardProbe.Check(tier, UpTo(plan, depth), rank, intent, ct) is { Found.Finding: not Finding.Intact } probe)
                damaged.TryAdd(probe.Shard, probe.Found);
    }

    /// <summary>The lowest links of a plan.</summary>
    static ChainView UpTo(ChainView plan, int links) => plan with
    {
        Checkpoint = links == 0 ? plan.Checkpoint : plan.Links[links - 1].Checkpoint,
        Links = [.. plan.Links.Take(links)],
    };

    sealed class Pass(PlannedChain chain, Dictionary<ShardId, ShardFinding> damaged)
    {
        public void Run(CancellationToken ct)
        {
            var links = chain.Shards.Links;
            using var window = new StoredWindow(links);
            using var decoder = new ChunkDecoder(links, floor: null);
            var buffer = Array.Empty<byte>();
            foreach (var group in GroupPlan.Of([.. Enumerable.Range(0, chain.Shards.Top.ChunkCount)], chain.Shards.Top))
            {
                ct.ThrowIfCancellationRequested();
                decoder.Window = Fill(window, group) ? window : null;
                foreach (var chunk in group)
                {
                    var length = chain.Shards.Top.Entry(chunk).RawBytes;
                    if (buffer.Length < length) buffer = new byte[length];
                    Check(decoder, chunk, buffer.AsSpan(0, length));
                }
            }
        }

        /// <summary>False if something of the group is damaged; then its chunks are read one by one, to learn which.</summary>
        static bool Fill(StoredWindow window, ArraySegment<int> group)
        {
            try
            {
                window.FillAll(group);
                return true;
            }
            catch (ShardFormatException)
            {
                return false;
            }
        }

        void Check(ChunkDecoder decoder, int chunk, Span<byte> buffer)
        {
            var isBelowThere = true;
            for (var link = 0; link <= decoder.TopLink; link++)
            {
                if (!isBelowThere && chain.Shards.Links[link].Entry(chunk).Mode.NeedsBase()) continue;
                try
                {
                    decoder.DecodeOver(link, chunk, buffer);
                    isBelowThere = true;
                }
                catch (ShardFormatException e)
                {
                    var blamed = chain.Blame(e);
                    damaged.TryAdd(blamed.Shard, blamed.Found);
                    isBelowThere = false;
                }
            }
        }
    }
}
