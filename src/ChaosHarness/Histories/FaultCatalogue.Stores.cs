using System.Collections.Immutable;

namespace Lineage.ChaosHarness.Histories;

public static partial class FaultCatalogue
{
    /// <summary>The bus.</summary>
    static ImmutableArray<CatalogFault> Broker =>
    [
        new("broker-down", "the broker is away for a while", "modelled outage; SIGKILL and start of our own broker", "1 2",
            "S12 L3", Runs: true),
        new("broker-kill", "the broker is killed", "SIGKILL of our own broker", "2", "S8 S12 L3", Runs: true),
        new("broker-restart-mid-publish", "the broker restarts while messages are under way",
            "SIGKILL and start", "2", "S8 S12 L3", Runs: true),
        new("broker-lost-confirm", "a message arrives, its confirm does not", "modelled confirm", "1", "S8 S9", Runs: true),
        new("broker-duplicate", "a message is delivered again", "modelled delivery", "1", "S9", Runs: true),
        new("broker-delay", "a message arrives long after it was sent, behind later ones", "modelled delivery", "1", "S9 S15", Runs: true),
        new("broker-negative-confirm", "the broker says no", "proxy or own broker", "2", "S8 L3", Runs: false),
        new("broker-power-loss", "the broker loses its unsynced data", "ext4 on a loop file, shutdown ioctl", "2", "S8 S12 L3", Runs: true),
        new("broker-memory-alarm", "publishers are blocked for memory", "own broker, watermark", "2", "L3 L8", Runs: true),
        new("broker-disk-alarm", "publishers are blocked for disk", "own broker, limit", "2", "L3 L8", Runs: true),
        new("consumer-killed-unacked", "a consumer dies with messages that it has not acknowledged",
            "SIGKILL of a server", "1 2", "S9 L3", Runs: true),
        new("requeue-reordered", "messages come back in another order", "modelled delivery", "1", "S9", Runs: true),
        new("stale-delivery", "a message arrives after its generation is over", "delay beyond a grant", "1", "S15", Runs: true),
        new("queue-purged", "somebody empties a queue", "own broker", "2", "S8 L3", Runs: true),
        new("queue-deleted", "messages are confirmed and go nowhere", "own broker", "2", "S12 L3", Runs: true),
        new("poison-message", "a message that can never be taken",
            "modelled broker; own broker, and over HTTP", "1 2", "L3 L5", Runs: true),
        new("delivery-limit", "the broker drops what failed too often", "own broker", "2", "L3 L5", Runs: false),
        new("broker-quorum-lost", "two of three brokers are gone", "three own brokers", "2", "S8 L3", Runs: false),
        new("channel-limit", "no channel is left", "own broker, limit", "2", "L3", Runs: false),
    ];

    /// <summary>The event store.</summary>
    static ImmutableArray<CatalogFault> Database =>
    [
        new("store-commit-unknown", "the connection ends during COMMIT, which happened", "modelled store", "1", "S8 S9", Runs: true),
        new("store-connection-killed", "the connection ends before COMMIT",
            "modelled store; pg_terminate_backend", "1 2", "S8 S9", Runs: true),
        new("store-kill", "PostgreSQL is killed", "SIGKILL of our own cluster", "2", "S8 S10 L2", Runs: true),
        new("container-kill", "a database's container is killed and started again", "container engine", "2", "S8 S10 L3", Runs: true),
        new("container-pause", "a database's container stands still", "container engine", "2", "S8 L3", Runs: true),
        new("postgres-kill-during-commit", "PostgreSQL is killed while saves commit",
            "SIGKILL of our own cluster", "2", "S8 S9 S10", Runs: true),
        new("store-power-loss", "PostgreSQL loses what it has not synced",
            "ext4 on a loop file, shutdown ioctl", "2", "S1 S8 S10", Runs: true),
        new("store-power-loss-journal", "as above, with the file system journal flushed",
            "ext4 on a loop file, shutdown ioctl", "2", "S1 S8 S10", Runs: true),
        new("store-disk-full", "no room for the write-ahead log", "small mount of its own", "2", "S8 L2", Runs: true),
        new("store-fsync-fails", "fsync says EIO once, then success", "FUSE", "2", "S8 S10", Runs: false),
        new("store-lock-held", "a transaction holds its locks and sleeps", "second connection", "2", "L4", Runs: true),
        new("store-visibility-reordered", "a lower sequence number becomes visible later",
            "modelled store: numbers at append, visible at commit", "1", "S11 L4", Runs: true),
        new("store-sequence-gap", "a rollback leaves a hole in the sequence", "modelled store", "1", "S10 S11 L4", Runs: true),
        new("store-conflict", "another server appends first", "modelled store, two servers", "1", "S9 S15", Runs: true),
        new("store-statement-timeout", "a statement takes too long", "setting of the session", "2", "S9 L1", Runs: false),
        new("store-connections-exhausted", "no connection is left", "limit of our own cluster", "2", "L1 L3", Runs: true),
        new("store-replica-promoted", "a replica that lags becomes the store", "two own clusters", "2", "S10 S13", Runs: false),
        new("store-backup-restored", "streams go back behind the stored bytes", "own cluster", "2", "S10 S13", Runs: false),
        new("store-page-flipped", "a bit of a page changes", "file edit with checksums on", "2", "S10", Runs: false),
        new("store-migration-mid-run", "the schema changes under load", "two builds", "2", "S11", Runs: false),
        new("store-asynchronous-commit", "an administrator switches synchronous commit off",
            "setting of the role, then SIGKILL", "2", "S8", Runs: true),
        new("projection-rebuilt-under-load", "rows are built anew while events come in", "rebuild command", "2", "S11 L4", Runs: false),
    ];

    /// <summary>Disks and tiers.</summary>
    static ImmutableArray<CatalogFault> Storage =>
    [
        new("power-loss-contents", "files keep their names and lose unsynced bytes",
            "modelled page cache; ext4 shutdown ioctl", "1 2", "S1 S2 S3", Runs: true),
        new("power-loss-names", "unsynced names are lost with their directory",
            "modelled directory; ext4 shutdown ioctl", "1 2", "S1 S2", Runs: true),
        new("kill-at-durable-step", "a writer stops after each durable step in turn",
            "stop point at each `DurableStep`", "1 2", "S1 S2 S3", Runs: true),
        new("torn-write", "a write is cut at a sector", "modelled disk; edit of the file", "1 2", "S1 S2", Runs: true),
        new("write-reordered", "later writes survive earlier ones", "modelled page cache", "1", "S1 S2", Runs: true),
        new("disk-full", "no space is left", "modelled disk; small mount", "1 2", "S1 L1 L8", Runs: true),
        new("inodes-exhausted", "no name is left though bytes are", "small mount", "2", "S1 L8", Runs: true),
        new("disk-read-only", "the file system is remounted read-only", "small mount, remounted", "2", "S1 L8", Runs: true),
        new("disk-eio-once", "a write says EIO once, then success", "system call made to fail (strace)", "2", "S1", Runs: true),
        new("disk-eio-read", "a read says EIO", "system calls made to fail (strace)", "2", "S7 L2", Runs: true),
        new("disk-short-write", "a write takes fewer bytes than asked", "small mount with room for a part", "2", "S1 S2", Runs: true),
        new("disk-stall", "the disk stands still for seconds", "system call made late (strace)", "2", "L1 L8", Runs: true),
        new("disk-slow", "the disk is slow", "throttled FUSE", "2", "L1", Runs: false),
        new("unreadable-file", "permission to read is gone", "system call made to fail (strace)", "2", "S7 L2", Runs: true),
        new("symlink-planted", "a link leads out of the tier", "link in a private tier", "2", "S13", Runs: false),
        new("page-cache-differs", "the disk differs from what the cache shows", "edit below the cache", "2", "S7 S17", Runs: false),
        new("object-store-error", "the store answers 5xx or throttles", "own endpoint", "2", "L1 L3", Runs: false),
        new("object-store-lost-answer", "the store keeps the object and the answer is lost", "own endpoint", "2", "S1 S9", Runs: false),
    ];

    /// <summary>Stored bytes that change by themselves. Each must be found, named, and refused or repaired.</summary>
    static ImmutableArray<CatalogFault> Corruption =>
    [
        new("bit-rot", "a bit of a shard flips", "edit of a stored file; modelled shard", "1 2", "S5 S7 S18", Runs: true),
        new("bit-rot-in-base", "a bit of a base flips under its deltas", "edit of a stored file", "2", "S3 S5 S7", Runs: true),
        new("bit-rot-in-delta", "a bit of a delta flips", "edit of a stored file", "2", "S5 S7", Runs: true),
        new("bit-rot-in-header", "a bit of the header flips", "edit of a stored file", "2", "S7", Runs: true),
        new("bit-rot-in-index", "a bit of the index flips", "edit of a stored file", "2", "S7", Runs: true),
        new("bit-rot-in-footer", "a bit of the footer flips", "edit of a stored file", "2", "S7", Runs: true),
        new("truncation", "the end is missing", "edit of a stored file; modelled shard", "1 2", "S7", Runs: true),
        new("emptied", "a file has no bytes", "edit of a stored file", "2", "S7", Runs: true),
        new("zero-run", "4 KiB are zero", "edit of a stored file", "2", "S7", Runs: true),
        new("torn-block", "zero from a block on", "edit of a stored file", "2", "S7", Runs: true),
        new("extra-tail", "bytes are added at the end", "edit of a stored file", "2", "S7", Runs: true),
        new("swapped-shards", "shards of two ranks change places", "rename of stored files; modelled disk", "1 2", "S5 S7", Runs: true),
        new("wrong-rank", "another rank's shard lies in its place", "copy of a stored file", "2", "S5 S7", Runs: true),
        new("stale-shard", "an older shard of the same rank lies in its place",
            "copy of a stored file; modelled disk", "1 2", "S3 S5 S7", Runs: true),
        new("misdirected-write", "bytes of one object land in another", "modelled disk", "1", "S1 S7", Runs: true),
        new("object-deleted", "an object is gone", "removed file; modelled disk", "1 2", "S1 S7 L2", Runs: true),
        new("base-replaced", "a valid base of other content lies in its place", "copy of a stored file", "2", "S3 S7 S14", Runs: false),
        new("manifest-flipped", "a bit of the manifest copy flips", "edit of a stored file", "2", "S7", Runs: false),
        new("duplicate-object", "an object lies under two names", "copy of a stored file", "2", "S7", Runs: false),
        new("frozen-tensor", "a valid digest over a state that was not captured", "mutant", "1", "S3 S20", Runs: true),
        new("shared-random-state", "every rank gets the random state of rank 0", "mutant", "1", "S3 S20", Runs: true),
        new("cursor-off-by-one", "the data cursor is one sample off", "mutant", "1", "S20", Runs: true),
        new("memory-flip-before-digest", "a bit flips between capture and digest", "hook in the encoder", "2", "S3", Runs: false),
        new("event-edited", "an event is changed by SQL", "own cluster", "2", "S10", Runs: true),
        new("event-deleted", "an event is deleted by SQL", "own cluster", "2", "S10", Runs: true),
        new("event-inserted", "an event is inserted by SQL", "own cluster", "2", "S10", Runs: true),
    ];
}
