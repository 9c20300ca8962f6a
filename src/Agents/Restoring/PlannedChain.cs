using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Restoring;

/// <summary>
/// The opened shards of one rank along a chain, full one first, each checked against the plan: that it is there, of the recorded size, of
/// this very checkpoint, rank and world, with the recorded root, and built on the very base that the plan names. Chunks are not read yet.
/// </summary>
public sealed class PlannedChain : IDisposable
{
    readonly List<ShardReader> readers = [];
    ShardChain? chain;

    PlannedChain(ChainView plan, Rank rank)
    {
        Plan = plan;
        Rank = rank;
    }

    public ChainView Plan { get; }

    public Rank Rank { get; }

    /// <summary>The opened links, for decoding.</summary>
    public ShardChain Shards => chain ?? throw new InvalidOperationException("The chain was not opened.");

    /// <summary>Stored bytes read so far.</summary>
    public long ReadBytes => readers.Sum(static reader => reader.ReadBytes);

    /// <exception cref="ShardDamagedException">A shard is missing, truncated, unreadable or not the one that the plan names.</exception>
    /// <exception cref="LineageProblemException">The plan itself is not whole (restore-mismatch).</exception>
    public static PlannedChain Open(ITier tier, ChainView plan, Rank rank, ReadIntent intent)
    {
        if (ChainRules.Objection(plan, rank) is { } objection) throw Mismatch(plan, objection);
        var opened = new PlannedChain(plan, rank);
        try
        {
            for (var link = 0; link < plan.Links.Count; link++) opened.Add(tier, link, intent);
            opened.chain = ShardChain.Of(opened.readers);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Whether one of the links is called so in errors of the format.</summary>
    public bool Holds(string file) => Enumerable.Range(0, readers.Count).Any(index => Recorded(index).ObjectKey == file);

    /// <summary>The shard that an error of the format names.</summary>
    public ShardDamagedException Blame(ShardFormatException error)
    {
        var link = Enumerable.Range(0, readers.Count).LastOrDefault(index => Recorded(index).ObjectKey == error.File, readers.Count - 1);
        return new ShardDamagedException(
            new ShardId(Plan.Links[link].Checkpoint, Rank), new ShardFinding(error.Finding, error.Message, Root: null, ReadBytes), error);
    }

    void Add(ITier tier, int index, ReadIntent intent)
    {
        var link = Plan.Links[index];
        var recorded = Recorded(index);
        var shard = new ShardId(link.Checkpoint, Rank);
        var reader = ShardOpening.Open(tier, shard, recorded, intent);
        readers.Add(reader);
        if (ChainRules.Objection(Plan, index, Rank, reader.Identity, reader.Root) is { } objection)
        {
            throw new ShardDamagedException(
                shard, new ShardFinding(Finding.Altered, $"{recorded.ObjectKey}: {objection}", reader.Root, reader.ReadBytes));
        }
    }

    ManifestShard Recorded(int index) => Plan.Links[index].Shards[Rank.Value];

    static LineageProblemException Mismatch(ChainView plan, string objection) => new(Problem.Of(
        ProblemCodes.RestoreMismatch, 409, "Restore plan not usable",
        $"Checkpoint {plan.Checkpoint} cannot be restored: {objection}. Nothing was restored. See: lineage chain {plan.Checkpoint}"));

    public void Dispose()
    {
        foreach (var reader in readers) reader.Dispose();
    }
}
