using System.Text.Json.Serialization;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Events;

// What is said of a checkpoint after it was sealed: stream checkpoint/{run}/{generation}/{step}.

/// <summary>A person keeps it: retention passes over it until it is unpinned or the time is up.</summary>
/// <param name="Until">Null: for ever.</param>
public sealed record CheckpointPinned(
    CheckpointId Checkpoint, ActorId Actor, string Reason, DateTimeOffset? Until, DateTimeOffset At);

public sealed record CheckpointUnpinned(CheckpointId Checkpoint, ActorId Actor, string Reason, DateTimeOffset At);

/// <summary>A legal hold: neither retention nor people without the right can remove it. Several may lie on one checkpoint.</summary>
/// <param name="Hold">Name of the matter; the key by which it is lifted.</param>
public sealed record HoldPlaced(CheckpointId Checkpoint, string Hold, ActorId Actor, string Reason, DateTimeOffset At);

public sealed record HoldLifted(CheckpointId Checkpoint, string Hold, ActorId Actor, string Reason, DateTimeOffset At);

/// <param name="Value">Null: not a number or infinite, which JSON cannot write and which a training engineer must see.</param>
public sealed record Metric(string Name, [property: JsonConverter(typeof(DoubleConverter))] double? Value);

/// <summary>Metrics of the state that this checkpoint holds; a later record of the same name replaces the earlier one.</summary>
/// <param name="Metrics">In order of name, each name once.</param>
public sealed record MetricsRecorded(CheckpointId Checkpoint, IReadOnlyList<Metric> Metrics, ActorId Actor, DateTimeOffset At);

/// <summary>Retention let go of it: it is offered no more, but its bytes stay until the grace is over and expiry can be undone.</summary>
/// <param name="Rule">For people: why no rule keeps it.</param>
/// <param name="Plan">Digest of the retention plan that was applied.</param>
public sealed record CheckpointExpired(
    CheckpointId Checkpoint, string Rule, ContentHash Plan, DateTimeOffset ReclaimAfter, DateTimeOffset At);

/// <summary>Expiry was taken back before any byte was deleted; the checkpoint is what it was before.</summary>
public sealed record ExpiryUndone(CheckpointId Checkpoint, ActorId Actor, string Reason, DateTimeOffset At);

/// <summary>The keeper may delete the bytes from here on: nothing may be built on them or restored from them again.</summary>
/// <remarks>If the keeper dies right after this event, the bytes lie there still; the next keeper finds the event without
/// <see cref="ShardsReclaimed"/> and deletes them.</remarks>
public sealed record ReclaimStarted(CheckpointId Checkpoint, ActorId Keeper, DateTimeOffset At);

/// <summary>The bytes are gone. For ever: there is no undo after this.</summary>
/// <param name="Bytes">Stored bytes that were freed.</param>
public sealed record ShardsReclaimed(
    CheckpointId Checkpoint, IReadOnlyList<Rank> Ranks, long Bytes, string Tier, DateTimeOffset At);

/// <param name="ObjectKey">Where the rewritten shard lies; the old object stays until it is reclaimed.</param>
public sealed record RebasedShard(Rank Rank, ContentHash Root, long StoredBytes, string Tier, string ObjectKey);

/// <summary>Stored anew against another base, or as full, from what was stored; the state that it holds is the same, bit for bit.</summary>
/// <param name="Base">Null: it is full from now on.</param>
/// <param name="ManifestHash">Of the rewritten set.</param>
public sealed record CheckpointRebased(
    CheckpointId Checkpoint, BaseLink? Base, IReadOnlyList<RebasedShard> Shards, ContentHash ManifestHash, long StoredBytes,
    string Reason, DateTimeOffset At);

/// <summary>Its state was written out in another format, for somebody.</summary>
/// <param name="Format">For example <c>safetensors</c>.</param>
/// <param name="Target">Where to, as the exporter named it.</param>
public sealed record CheckpointExported(
    CheckpointId Checkpoint, ActorId Actor, string Format, string Target, long Bytes, ContentHash? Digest, DateTimeOffset At);
