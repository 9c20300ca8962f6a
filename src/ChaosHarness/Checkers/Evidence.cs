using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// All that the judge looks at, gathered after the world was healed and had come to rest. The simulator fills it from its modelled store,
/// the real worlds from PostgreSQL and the stored bytes by the judge's own readers; what is judged is the same.
/// </summary>
/// <param name="Rows">Live read models beside a replay of their streams; empty where there are none (S11 then has nothing to say).</param>
/// <param name="RaceMs">How much later than its own time an event may have been committed, so that a reader at that moment could not
/// see it. 0 where time stands still while something is decided; some seconds in real worlds.</param>
/// <param name="Golden">What the run that never failed trained; null if there was none.</param>
/// <param name="Plans">Every rank's reads of checkpoints that were restored to another world size.</param>
/// <param name="IsStoreRead">The store was read through: that there is no object then means that none is left.</param>
/// <param name="Earlier">What was read while the world still went on; null if nobody looked.</param>
/// <param name="AtRest">Null if the world never came to rest within its bound, which is itself a verdict (L1-L4).</param>
public sealed record Evidence(
    Schedule Schedule, IReadOnlyList<Entry> Journal, IReadOnlyList<StreamEvidence> Streams, IReadOnlyList<ObjectEvidence> Objects,
    IReadOnlyList<RowEvidence> Rows, RestEvidence? AtRest, long RaceMs = 0, IReadOnlyList<Entry.Trained>? Golden = null,
    IReadOnlyList<TilingEvidence>? Plans = null, bool IsStoreRead = false, IReadOnlyList<EarlierReading>? Earlier = null)
{
    /// <summary>Whether stored bytes can be judged.</summary>
    public bool KnowsObjects => IsStoreRead || Objects.Count > 0;
}

/// <summary>One tensor of one checkpoint as the ranks of another world read it, together.</summary>
/// <param name="Rows">Rows of the global tensor.</param>
/// <param name="Owners">By rank of the saving world: first row and number of rows that it owns.</param>
/// <param name="Reads">Source rank, first row of the global tensor, number of rows.</param>
/// <param name="Saved">Digest of all its rows, in order, as the ranks of the saving world held them when they were captured; null if
/// nobody looked.</param>
/// <param name="Held">The same as the ranks of the other world hold them.</param>
public sealed record TilingEvidence(
    CheckpointId Checkpoint, string Tensor, long Rows, IReadOnlyList<RowRange> Owners, IReadOnlyList<RowRange> Reads,
    ContentHash? Saved = null, ContentHash? Held = null);

/// <summary>A run of rows that one rank of the saving world holds.</summary>
public sealed record RowRange(int Rank, long FirstRow, long Rows);

/// <param name="Key">For example <c>checkpoint/bloom-7/3/1200</c>.</param>
/// <param name="Events">In order of version.</param>
public sealed record StreamEvidence(string Key, IReadOnlyList<EventEvidence> Events);

/// <param name="Sequence">Place in the whole store; order of commit is not implied.</param>
/// <param name="Name">Stored name, for example <c>shard-stored.v1</c>.</param>
/// <param name="Body">A record of Lineage.Contracts.Events.</param>
/// <param name="DigestHeld">Whether a digest of the body taken now equals the one on record; null where none is recorded.</param>
/// <param name="AtMs">By the world's clock.</param>
/// <param name="Id">The event's own; null where events have none.</param>
/// <param name="Bytes">SHA-256 of the body's canonical bytes as they were read; null where no bytes are.</param>
/// <param name="LinkHeld">Whether the link computed now from the columns equals the one on record; null where none is recorded.</param>
public sealed record EventEvidence(
    long Sequence, long Version, string Name, object Body, bool? DigestHeld, long AtMs, string? Id = null, ContentHash? Bytes = null,
    bool? LinkHeld = null);

/// <summary>What was on record at an earlier moment, read in the same way as <see cref="Evidence.Streams"/>.</summary>
public sealed record EarlierReading(long AtMs, IReadOnlyList<StreamEvidence> Streams);

/// <summary>One stored object, read and decoded by the judge.</summary>
/// <param name="Root">Root digest computed from its bytes; null if they are not a whole shard.</param>
/// <param name="Checkpoint">Whose it says it is; null if unreadable.</param>
/// <param name="BaseRoot">Root of the base shard that its deltas refer to; null for a full one.</param>
/// <param name="State">SHA-256 of the rank's state decoded through the whole chain; null if a link is missing or damaged.</param>
/// <param name="Damage">What is wrong with it and where; null if nothing.</param>
public sealed record ObjectEvidence(
    string Tier, string Key, long Bytes, ContentHash? Root, CheckpointId? Checkpoint, int? Rank, ContentHash? BaseRoot, ContentHash? State,
    string? Damage);

/// <param name="Live">Digest of the row as it is.</param>
/// <param name="Replayed">Digest of the row as a replay from zero makes it.</param>
public sealed record RowEvidence(string Stream, ContentHash Live, ContentHash Replayed);

/// <summary>What was left when everything stood still.</summary>
/// <param name="QueuedMessages">Facts on their way: queues and outboxes.</param>
/// <param name="DeadLetters">Reasons, one a letter.</param>
/// <param name="Orphans">Stored objects that no stream names and that should have been reclaimed by now.</param>
/// <param name="AfterHealMs">How long it took after the last fault was healed.</param>
public sealed record RestEvidence(long QueuedMessages, IReadOnlyList<string> DeadLetters, IReadOnlyList<string> Orphans, long AfterHealMs);
