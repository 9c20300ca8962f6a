using System.Text.Json.Serialization;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// PUT /v1/checkpoints/{run}/{generation}/{step} (open) → SavePlan · GET same → CheckpointView · POST …/abandon
// POST …/ranks/{rank}/failure (a rank that cannot store its shard) → CheckpointView
// GET /v1/runs/{run}/checkpoints → Page<CheckpointView>, newest first · GET …/manifest → canonical bytes · GET …/chain → ChainView
// POST /v1/messages (FactBatch) → 202 · GET /v1/verifications/pending → Page<CheckpointView>

/// <summary>Opens a save. Idempotent: the first call decides, a repeat with the same world and layout gets the same plan.</summary>
public sealed record OpenCheckpoint(WorldSize WorldSize, ContentHash LayoutDigest, ActorId Actor, string Correlation);

/// <summary>What every rank follows.</summary>
/// <param name="DepthMax">Deltas that a chain of this run may have: whether a later save may be built on this one, so that a rank knows
/// what to keep in memory. 1 from a service that does not say.</param>
public sealed record SavePlan(
    CheckpointId Checkpoint, CheckpointId? Parent, CheckpointKind Kind, BaseLink? Base, int Copies, DateTimeOffset Deadline,
    CheckpointPhase Phase, int DepthMax = 1);

/// <summary>Expired: retention let go of it, its bytes are still there. Reclaimed: they are being deleted or gone.</summary>
public enum CheckpointPhase { Open, Sealed, Verified, Quarantined, Abandoned, Expired, Reclaimed }

/// <summary>What is on record of one rank's shard.</summary>
/// <param name="Stored">Null until a durable copy was reported.</param>
public sealed record ShardView(Rank Rank, ShardDiffed? Diffed, ShardStored? Stored, ShardVerified? Verified);

public sealed record CheckpointView(
    CheckpointId Checkpoint, CheckpointPhase Phase, CheckpointKind Kind, CheckpointId? Parent, BaseLink? Base, int ChainDepth,
    WorldSize WorldSize,
    ContentHash LayoutDigest, ContentHash? ManifestHash, IReadOnlyList<ShardView> Shards, IReadOnlyList<Rank> MissingRanks, long RawBytes,
    long StoredBytes,
    DateTimeOffset OpenedAt, DateTimeOffset Deadline, DateTimeOffset? ClosedAt, DateTimeOffset? VerifiedAt, string? Cause, long Version)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PinView? Pin { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<HoldView>? Holds { get; init; }

    /// <summary>By name; null for a value that is not a number or infinite.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, double?>? Metrics { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ExportView>? Exports { get; init; }
}

public sealed record AbandonCheckpoint(ActorId Actor, string Reason);

/// <summary>A rank's shard will never be durable: the save is given up at once instead of at its deadline. May be repeated.</summary>
/// <param name="Code">Problem code of what went wrong on the rank.</param>
/// <param name="Reason">For people; cut when it is longer than 1,000 characters.</param>
public sealed record ReportRankFailure(ActorId Actor, string Correlation, string Code, string Reason);

/// <summary>One link of a chain with where its shards lie.</summary>
public sealed record ChainLink(
    CheckpointId Checkpoint, CheckpointKind Kind, CheckpointPhase Phase, ContentHash? ManifestHash, IReadOnlyList<ManifestShard> Shards,
    long StoredBytes);

/// <summary>What rebuilds a checkpoint: the full one first, then every delta in the order of application, the asked-for one last.</summary>
/// <param name="Broken">Null if the chain is whole; otherwise which link is missing or unusable and why.</param>
public sealed record ChainView(CheckpointId Checkpoint, IReadOnlyList<ChainLink> Links, long ReadBytes, string? Broken);
