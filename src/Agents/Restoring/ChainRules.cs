using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Restoring;

/// <summary>What must hold between a restore plan and the shards that are found. Pure; each rule answers null or what is wrong.</summary>
public static class ChainRules
{
    /// <summary>Whether the plan can be followed by this rank at all.</summary>
    public static string? Objection(ChainView plan, Rank rank)
    {
        if (plan.Broken is { } broken) return $"its chain is broken: {broken}";
        if (plan.Links is not [var first, ..]) return "its chain has no link";
        if (first.Kind != CheckpointKind.Full) return $"its chain begins with {first.Checkpoint}, which is not full";
        if (plan.Links[^1].Checkpoint != plan.Checkpoint) return $"its chain ends with {plan.Links[^1].Checkpoint}";
        foreach (var link in plan.Links)
        {
            if (link != first && link.Kind != CheckpointKind.Incremental) return $"{link.Checkpoint} is full inside the chain";
            if (link.ManifestHash is null) return $"{link.Checkpoint} is not sealed";
            if (link.Shards.Count != first.Shards.Count)
                return $"{link.Checkpoint} has {link.Shards.Count} shards, its base {first.Shards.Count}";
            for (var i = 0; i < link.Shards.Count; i++)
                if (link.Shards[i].Rank.Value != i) return $"{link.Checkpoint} lists rank {link.Shards[i].Rank} in place {i}";
        }

        return rank.Value < first.Shards.Count ? null : $"it has {first.Shards.Count} ranks, and rank {rank} is not one of them";
    }

    /// <summary>Whether an opened shard is the one that the plan names, built on the link below it.</summary>
    public static string? Objection(ChainView plan, int index, Rank rank, ShardIdentity identity, ContentHash root)
    {
        var link = plan.Links[index];
        var recorded = link.Shards[rank.Value];
        var expected = new ShardId(link.Checkpoint, rank);
        if (identity.Shard != expected) return $"it holds shard {identity.Shard}, expected {expected}";
        if (root != recorded.Root) return $"its root is {root}, on record is {recorded.Root}";
        if (identity.WorldSize.Value != link.Shards.Count)
            return $"it is of a world of {identity.WorldSize} ranks, expected {link.Shards.Count}";
        return BaseObjection(plan, index, rank, identity.Base) ?? ManifestObjection(plan, index, identity);
    }

    static string? BaseObjection(ChainView plan, int index, Rank rank, BaseShard? found)
    {
        if (index == 0) return found is null ? null : $"it refers to base {found.Checkpoint}, but is recorded as full";
        var below = plan.Links[index - 1];
        var expected = new BaseShard(below.Checkpoint, below.ManifestHash!.Value, below.Shards[rank.Value].Root);
        if (found is null) return $"it refers to no base, expected {expected.Checkpoint}";
        return found == expected
            ? null
            : $"it refers to base {found.Checkpoint} with manifest {found.ManifestHash.Short} and shard root {found.ShardRoot.Short}, " +
              $"expected {expected.Checkpoint} with {expected.ManifestHash.Short} and {expected.ShardRoot.Short}";
    }

    /// <summary>The list of shards that the service gave must itself be the content that was sealed.</summary>
    static string? ManifestObjection(ChainView plan, int index, ShardIdentity identity)
    {
        var link = plan.Links[index];
        var below = index == 0 ? null : plan.Links[index - 1];
        var baseLink = below is null ? null : new BaseLink(below.Checkpoint, below.ManifestHash!.Value, index - 1);
        var manifest = new Manifest(
            Manifest.FormatName, link.Checkpoint, link.Kind, baseLink, identity.WorldSize, identity.LayoutDigest, link.Shards);
        return manifest.Hash() == link.ManifestHash
            ? null
            : $"its layout {identity.LayoutDigest.Short} and the {link.Shards.Count} recorded shards give manifest " +
              $"{manifest.Hash().Short}, sealed was {link.ManifestHash!.Value.Short}";
    }
}
