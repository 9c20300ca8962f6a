using Lineage.Agents.Reporting;
using Lineage.Agents.Shards;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Restoring;

/// <summary>A stored shard is not what was recorded. Nothing of it was handed on.</summary>
public sealed class ShardDamagedException(ShardId shard, ShardFinding found, Exception? cause = null)
    : Exception($"Shard {shard} is {found.Finding.ToString().ToLowerInvariant()}: {found.Detail} [{ProblemCodes.ShardDamaged}]", cause)
{
    public ShardId Shard { get; } = shard;

    public ShardFinding Found { get; } = found;
}

/// <summary>Puts findings into messages.</summary>
public static class FindingReports
{
    /// <param name="by">Part of the message's identity: another verifier's word is another message.</param>
    public static ShardVerificationReported Of(ShardId shard, ShardFinding found, ActorId by, string correlation) => new()
    {
        Id = FactStanding.NameOf("shard-verification", shard, by.ToString(), found.Finding.ToString(), found.Root.ToString() ?? ""),
        Checkpoint = shard.Checkpoint,
        Rank = shard.Rank,
        Actor = by,
        Correlation = correlation,
        Finding = found.Finding,
        Depth = VerificationDepth.Deep,
        Root = found.Root,
        Detail = found.Detail,
        ReadBytes = found.ReadBytes,
    };
}
