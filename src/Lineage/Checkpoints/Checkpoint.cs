using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Checkpoints;

/// <summary>What is on record of one rank's shard.</summary>
/// <param name="Stored">Durable copies, at most as many as the plan asks for, all with one root.</param>
/// <param name="Verified">The worst finding so far; among intact ones the deepest and newest.</param>
/// <param name="Former">Root before the shard was stored anew; null if it never was. What is still told of it is old news.</param>
public sealed record ShardState(
    Rank Rank, ShardDiffed? Diffed, ImmutableList<ShardStored> Stored, ShardVerified? Verified,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ContentHash? Former = null)
{
    /// <summary>Root of the shard; null until a copy is durable.</summary>
    [JsonIgnore]
    public ContentHash? Root => Stored is [var first, ..] ? first.Root : null;
}

/// <summary>State of a checkpoint, folded from its stream. Immutable.</summary>
/// <param name="VerifiedAt">When it became verified; stays set under quarantine, for people.</param>
/// <param name="Marks">Pins, holds, metrics and the like; null while there are none.</param>
/// <param name="Ending">Where it stands between expiry and the deletion of its bytes; null while nothing expired.</param>
/// <param name="Sealed">With manifest and size as they are now, after a rewrite as well.</param>
/// <param name="Rebased">The rewrite of its shards; null while they are what was sealed.</param>
public sealed record Checkpoint(
    CheckpointOpened Opened, CheckpointPhase Phase, ImmutableSortedDictionary<Rank, ShardState> Shards, CheckpointSealed? Sealed,
    CheckpointAbandoned? Abandoned, DateTimeOffset? VerifiedAt, CheckpointQuarantined? Quarantined,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CheckpointMarks? Marks = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CheckpointEnding? Ending = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CheckpointRebased? Rebased = null)
{
    [JsonIgnore]
    public CheckpointId Id => Opened.Checkpoint;

    /// <summary>What its deltas refer to now; null if it is full.</summary>
    [JsonIgnore]
    public BaseLink? Base => Rebased is null ? Opened.Base : Rebased.Base;

    [JsonIgnore]
    public CheckpointKind Kind => Rebased is null ? Opened.Kind : Base is null ? CheckpointKind.Full : CheckpointKind.Incremental;

    /// <summary>Immutable and complete, whatever was found since.</summary>
    [JsonIgnore]
    public bool IsSealed => Sealed is not null;

    /// <summary>Ranks of the world without enough durable copies, in order.</summary>
    public IReadOnlyList<Rank> MissingRanks() => [.. Opened.WorldSize.Ranks.Where(rank => !HasCopies(rank))];

    /// <summary>Whether every rank of the world has enough durable copies.</summary>
    /// <remarks>Asked for every stored shard, so it first asks what costs nothing; ranks outside the world are never recorded.</remarks>
    [JsonIgnore]
    public bool IsComplete =>
        Shards.Count == Opened.WorldSize.Value && Shards.Values.All(shard => shard.Stored.Count >= Opened.Copies);

    public bool HasCopies(Rank rank) => Shards.TryGetValue(rank, out var shard) && shard.Stored.Count >= Opened.Copies;

    public ShardState Shard(Rank rank) => Shards.GetValueOrDefault(rank) ?? new ShardState(rank, Diffed: null, [], Verified: null);

    /// <summary>The closed list of shards; its hash is the checkpoint's content.</summary>
    /// <remarks>Only meaningful once every rank has stored; a pure function of the facts, whatever order they came in.</remarks>
    public Manifest Manifest() => new(
        Contracts.Format.Manifest.FormatName, Id, Kind, Base, Opened.WorldSize, Opened.LayoutDigest,
        [.. Shards.Values.Where(static shard => shard.Stored.Count > 0).Select(static shard => new ManifestShard(
            shard.Rank, shard.Stored[0].Root, shard.Diffed!.RawBytes, shard.Stored[0].StoredBytes, shard.Stored[0].ObjectKey))]);

    /// <summary>Folds one event. Events of other streams pass through.</summary>
    /// <exception cref="InvalidOperationException">The stream does not begin with <see cref="CheckpointOpened"/>: the store is
    /// damaged.</exception>
    public static Checkpoint? Fold(Checkpoint? state, object @event) =>
        Change(state, @event) is { } changed ? changed with { Phase = changed.Standing() } : null;

    static Checkpoint? Change(Checkpoint? state, object @event) => @event switch
    {
        CheckpointOpened e => new Checkpoint(
            e, CheckpointPhase.Open, ImmutableSortedDictionary<Rank, ShardState>.Empty, Sealed: null, Abandoned: null, VerifiedAt: null,
            Quarantined: null),
        ShardDiffed e => Begun(state, e).With(e.Rank, shard => shard with { Diffed = e }),
        ShardStored e => Begun(state, e).With(e.Rank, shard => shard with { Stored = shard.Stored.Add(e) }),
        ShardVerified e => Begun(state, e).With(e.Rank, shard => shard with { Verified = e }),
        CheckpointSealed e => Begun(state, e) with { Sealed = e },
        CheckpointAbandoned e => Begun(state, e) with { Abandoned = e },
        CheckpointVerified e => Begun(state, e) with { VerifiedAt = e.At },
        CheckpointQuarantined e => Begun(state, e) with { Quarantined = e },
        CheckpointRebased e => Begun(state, e).Rewritten(e),
        CheckpointExpired or ExpiryUndone or ReclaimStarted or ShardsReclaimed =>
            Begun(state, @event) with { Ending = CheckpointEnding.Fold(state!.Ending, @event) },
        CheckpointPinned or CheckpointUnpinned or HoldPlaced or HoldLifted or MetricsRecorded or CheckpointExported =>
            Begun(state, @event) with { Marks = CheckpointMarks.Fold(state!.Marks ?? CheckpointMarks.None, @event) },
        _ => state,
    };

    /// <summary>The phase follows from what is on record; what came last in a checkpoint's life comes first here.</summary>
    CheckpointPhase Standing() => this switch
    {
        { Abandoned: not null } => CheckpointPhase.Abandoned,   // also when its bytes are gone: it never was a checkpoint
        { Ending.ReclaimStarted: not null } => CheckpointPhase.Reclaimed,
        { Ending: not null } => CheckpointPhase.Expired,
        { Quarantined: not null } => CheckpointPhase.Quarantined,
        { Sealed: null } => CheckpointPhase.Open,
        { VerifiedAt: not null } => CheckpointPhase.Verified,
        _ => CheckpointPhase.Sealed,
    };

    Checkpoint With(Rank rank, Func<ShardState, ShardState> change) => this with { Shards = Shards.SetItem(rank, change(Shard(rank))) };

    /// <summary>What is stored from now on. Nobody has read it back as far as this event says, so findings begin anew.</summary>
    Checkpoint Rewritten(CheckpointRebased e) => this with
    {
        Rebased = e,
        Sealed = Sealed is null ? null : Sealed with { ManifestHash = e.ManifestHash, StoredBytes = e.StoredBytes },
        VerifiedAt = null,
        Shards = e.Shards.Aggregate(Shards, (shards, anew) => shards.SetItem(anew.Rank, Shard(anew.Rank) with
        {
            Stored = [new ShardStored(Id, anew.Rank, anew.Root, anew.StoredBytes, anew.Tier, anew.ObjectKey, e.At)],
            Verified = null,
            Former = Shard(anew.Rank).Root,
        })),
    };

    static Checkpoint Begun(Checkpoint? state, object @event) =>
        state ?? throw new InvalidOperationException(
            $"{@event.GetType().Name} before CheckpointOpened: the checkpoint's stream is damaged.");
}
