using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Chains;

/// <summary>
/// A checkpoint as far as choosing a base or a restore point needs it: a light row, so that a decision over a long history does not load
/// every shard.
/// </summary>
/// <param name="MissingRanks">Ranks without enough durable copies; empty from seal on.</param>
/// <param name="RootsDigest">Digest over the roots of all shards in rank order; null before seal.</param>
/// <param name="BaseRootsDigest">The same over the base shards that were read; null for a full one, or if a rank did without its
/// base.</param>
/// <param name="Cause">Why it was abandoned, quarantined or expired; null otherwise.</param>
/// <param name="VerifiedAt">When it first became verified.</param>
/// <param name="CheckedAt">Oldest of its ranks' findings; null until every rank has one.</param>
public sealed record Candidate(
    CheckpointId Id, CheckpointPhase Phase, CheckpointKind Kind, CheckpointId? Parent, BaseLink? Base, WorldSize WorldSize,
    ContentHash LayoutDigest, ContentHash? ManifestHash, ContentHash? RootsDigest, ContentHash? BaseRootsDigest,
    IReadOnlyList<Rank> MissingRanks, long RawBytes, long StoredBytes, DateTimeOffset OpenedAt, DateTimeOffset Deadline,
    DateTimeOffset? SealedAt, DateTimeOffset? VerifiedAt, DateTimeOffset? CheckedAt, string? Cause)
{
    /// <summary>Complete and not withdrawn: deltas may refer to it.</summary>
    public bool IsUsableBase => Phase is CheckpointPhase.Sealed or CheckpointPhase.Verified;

    public bool IsSealed => ManifestHash is not null;

    public static Candidate Of(Checkpoint checkpoint)
    {
        var opened = checkpoint.Opened;
        return new Candidate(
            opened.Checkpoint, checkpoint.Phase, checkpoint.Kind, opened.Parent, checkpoint.Base, opened.WorldSize, opened.LayoutDigest,
            checkpoint.Sealed?.ManifestHash, checkpoint.IsSealed ? Roots(checkpoint, static shard => shard.Root) : null,
            checkpoint.IsSealed && checkpoint.Base is not null ? Roots(checkpoint, static shard => shard.Diffed?.BaseRoot) : null,
            checkpoint.IsSealed ? [] : checkpoint.MissingRanks(), checkpoint.Sealed?.RawBytes ?? 0, checkpoint.Sealed?.StoredBytes ?? 0,
            opened.OpenedAt, opened.Deadline, checkpoint.Sealed?.At, checkpoint.VerifiedAt, CheckedSince(checkpoint),
            Reason(checkpoint));
    }

    static string? Reason(Checkpoint checkpoint) => checkpoint.Phase switch
    {
        CheckpointPhase.Quarantined => Damage.Describe(checkpoint),
        CheckpointPhase.Expired or CheckpointPhase.Reclaimed => checkpoint.Ending?.Expired?.Rule ?? checkpoint.Abandoned?.Reason,
        _ => checkpoint.Abandoned?.Reason,
    };

    static ContentHash? Roots(Checkpoint checkpoint, Func<ShardState, ContentHash?> root)
    {
        var roots = checkpoint.Shards.Values.Select(root).ToList();
        return roots.TrueForAll(static hash => hash is not null)
            ? ContentHash.Of(roots.SelectMany(static hash => hash!.Value.ToBytes()).ToArray())
            : null;
    }

    static DateTimeOffset? CheckedSince(Checkpoint checkpoint) =>
        checkpoint.IsSealed && checkpoint.Shards.Values.All(static shard => shard.Verified is not null)
            ? checkpoint.Shards.Values.Min(static shard => shard.Verified!.At)
            : null;
}
