using System.Text.Json.Serialization;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Events;

// The life of a checkpoint: stream checkpoint/{run}/{generation}/{step}.

/// <summary>Needs no other checkpoint, or stores differences against a base.</summary>
public enum CheckpointKind { Full, Incremental }

/// <summary>The storage edge: the checkpoint that deltas refer to.</summary>
/// <param name="ManifestHash">Content of the base as it was sealed; a restore refuses any other.</param>
/// <param name="Depth">Deltas to apply when restoring the base itself: 0 for a full one.</param>
public sealed record BaseLink(CheckpointId Checkpoint, ContentHash ManifestHash, int Depth);

/// <summary>A save has begun: the plan every rank follows.</summary>
/// <remarks>If all writers die here, the checkpoint is abandoned at the deadline; it never was a candidate for a restore.</remarks>
/// <param name="Parent">Descent: the checkpoint whose training state this one continues; null for the first of a run. Not the same as the
/// base.</param>
/// <param name="Base">Storage: what the deltas refer to; null for a full checkpoint.</param>
/// <param name="LayoutDigest">Digest of every rank's tensor layout (names, types, shapes); a base must have the same.</param>
/// <param name="Copies">Durable copies that a shard needs before it counts.</param>
/// <param name="Why">For people: why full, or why against this base. Null in events from before it was recorded.</param>
/// <param name="BaseChainBytes">Stored bytes to read when restoring the base itself; null for a full checkpoint, and in events from before
/// it was recorded.</param>
public sealed record CheckpointOpened(
    CheckpointId Checkpoint, CheckpointId? Parent, CheckpointKind Kind, BaseLink? Base, WorldSize WorldSize, ContentHash LayoutDigest,
    int Copies, DateTimeOffset OpenedAt, DateTimeOffset Deadline,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Why = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? BaseChainBytes = null);

/// <summary>A rank has encoded its shard.</summary>
/// <param name="BaseRoot">Root digest of the base shard of the same rank that was read; null for a full one.</param>
/// <param name="RawBytes">Size of the captured tensors.</param>
/// <param name="EncodedBytes">Size of the encoded chunks, without header, index and footer.</param>
/// <param name="EncodeMicroseconds">Wall time of the encoder on the rank.</param>
/// <param name="StallMicroseconds">Time for which training stood still to capture.</param>
public sealed record ShardDiffed(
    CheckpointId Checkpoint, Rank Rank, ContentHash? BaseRoot, long RawBytes, long EncodedBytes, ChunkModeCounts Modes,
    long EncodeMicroseconds, long StallMicroseconds);

/// <summary>One durable copy of a shard exists: it will re-read with this root after any crash or power loss.</summary>
/// <remarks>The bytes are durable before this is reported. If the writer dies in between, the shard is an orphan and its checkpoint is
/// abandoned.</remarks>
/// <param name="Root">Root of the digest tree; covers run, checkpoint, rank and base (docs/FORMAT.md, section 4).</param>
/// <param name="StoredBytes">Size of the whole object.</param>
/// <param name="ObjectKey">Where it lies inside the tier.</param>
public sealed record ShardStored(
    CheckpointId Checkpoint, Rank Rank, ContentHash Root, long StoredBytes, string Tier, string ObjectKey, DateTimeOffset At);

/// <summary>Every rank has stored its shard and the set is closed; the checkpoint is immutable from here on.</summary>
/// <remarks>Without this event the checkpoint never existed and its shards are garbage. Sealed is not yet trusted: see
/// <see cref="CheckpointVerified"/>.</remarks>
/// <param name="ManifestHash">SHA-256 of the canonical manifest bytes (docs/FORMAT.md, section 5).</param>
/// <param name="StoredBytes">Sum of the shard objects, one copy each.</param>
public sealed record CheckpointSealed(
    CheckpointId Checkpoint, ContentHash ManifestHash, long RawBytes, long StoredBytes, DateTimeOffset At);

public enum AbandonCause { DeadlinePassed, NewerGeneration, RunCompleted, Requested, RankFailed }

/// <summary>A rank said that its shard of this save will never be durable.</summary>
/// <param name="Code">Problem code of what went wrong there, for example <c>disk-full</c>.</param>
public sealed record RankFailure(Rank Rank, string Code);

/// <summary>The save failed and is closed; its bytes wait to be reclaimed. Training goes on.</summary>
/// <param name="MissingRanks">Ranks whose shard never became durable, in order.</param>
/// <param name="Failure">Who said so and why, if the cause is <see cref="AbandonCause.RankFailed"/>; else null.</param>
public sealed record CheckpointAbandoned(
    CheckpointId Checkpoint, AbandonCause Cause, IReadOnlyList<Rank> MissingRanks, string Reason, DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RankFailure? Failure = null);

/// <summary>What a verify says of a shard. Never a bool: a missing checksum is unknown, not intact.</summary>
public enum Finding { Unknown, Intact, Missing, Truncated, Altered, Unreadable }

/// <summary>Shallow: presence and size. Deep: every digest, and decoded against the raw hashes taken at capture.</summary>
public enum VerificationDepth { Shallow, Deep }

/// <summary>Somebody read the stored bytes of one shard back.</summary>
/// <param name="Detail">Where and what: tensor, chunk, offset, expected and got. Null when intact.</param>
public sealed record ShardVerified(
    CheckpointId Checkpoint, Rank Rank, Finding Finding, VerificationDepth Depth, string? Detail, long ReadBytes, DateTimeOffset At);

/// <summary>Every shard was read back deeply and is intact; with a whole chain this is a restore point.</summary>
public sealed record CheckpointVerified(CheckpointId Checkpoint, DateTimeOffset At);

/// <summary>Withdrawn from restore. Sticky: only a newer verification of newer bytes lifts it.</summary>
/// <param name="Ranks">Ranks whose shards are damaged.</param>
public sealed record CheckpointQuarantined(CheckpointId Checkpoint, IReadOnlyList<Rank> Ranks, string Cause, DateTimeOffset At);
