using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Api;

/// <summary>
/// What was refused, in the shape of RFC 9457, the same over HTTP, on the terminal and in logs: which thing, got against expected with
/// units, what state is left, what to do next.
/// </summary>
/// <param name="Type"><c>https://lineage/errors/{code}</c>.</param>
/// <param name="Detail">The sentences for people.</param>
/// <param name="Code">One of <see cref="ProblemCodes"/>; stable, for programs.</param>
public sealed record Problem(string Type, string Title, int Status, string Detail, string Code)
{
    /// <summary>Code-specific members, such as missingRanks or candidates.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement> Extensions { get; init; } = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    public static Problem Of(string code, int status, string title, string detail) =>
        new($"https://lineage/errors/{code}", title, status, detail, code);
}

/// <summary>Stable codes of refusals and failures. A code is never renamed.</summary>
public static class ProblemCodes
{
    public const string
        BadRequest = "bad-request",
        BadReference = "bad-reference",
        AmbiguousReference = "ambiguous-reference",
        NoSuchRun = "no-such-run",
        NoSuchCheckpoint = "no-such-checkpoint",
        NoSuchRecovery = "no-such-recovery",
        NotFound = "not-found",
        RunExistsDifferently = "run-exists-differently",
        RunCompleted = "run-completed",
        LeaseHeld = "lease-held",
        NoLease = "no-lease",
        RecoveryNeeded = "recovery-needed",
        StaleGeneration = "stale-generation",
        UnknownGeneration = "unknown-generation",
        CheckpointClosed = "checkpoint-closed",
        PlanMismatch = "plan-mismatch",
        RankOutsideWorld = "rank-outside-world",
        ShardConflict = "shard-conflict",
        NoRestorePoint = "no-restore-point",
        RecoveryClosed = "recovery-closed",
        RestoreMismatch = "restore-mismatch",
        ConcurrentChange = "concurrent-change",
        NotReady = "not-ready",
        ServerUnreachable = "server-unreachable",
        DatabaseUnreachable = "database-unreachable",
        PostgresMissing = "postgres-missing",
        PostgresTooOld = "postgres-too-old",
        PostgresFailed = "postgres-failed",
        BrokerUnreachable = "broker-unreachable",
        PortTaken = "port-taken",
        StateLocked = "state-locked",
        DirectoryUnwritable = "directory-unwritable",
        FileUnreadable = "file-unreadable",
        DiskFull = "disk-full",
        OutboxCorrupt = "outbox-corrupt",
        OutboxFull = "outbox-full",
        ObjectExists = "object-exists",
        ShardDamaged = "shard-damaged",
        LayoutMismatch = "layout-mismatch",
        TargetNotEmpty = "target-not-empty",
        LibtorchMissing = "libtorch-missing",
        CorpusMissing = "corpus-missing",
        PeerLost = "peer-lost",
        TooManyRestarts = "too-many-restarts",
        InvalidMark = "invalid-mark",
        NoSuchMark = "no-such-mark",
        HoldInForce = "hold-in-force",
        NoSuchMetric = "no-such-metric",
        NoSpike = "no-spike",
        NoSuchTag = "no-such-tag",
        NotExpired = "not-expired",
        GraceOver = "grace-over",
        StillNeeded = "still-needed",
        PlanOutdated = "plan-outdated",
        Reclaimed = "reclaimed",
        RunLive = "run-live",
        RunArchived = "run-archived",
        NoSuchLayout = "no-such-layout",
        VersionMismatch = "version-mismatch",
        IdempotencyConflict = "idempotency-conflict",
        NotAuthenticated = "not-authenticated",
        NotAuthorised = "not-authorised",
        RateLimited = "rate-limited",
        NoSuchKey = "no-such-key",
        AccessUnconfigured = "access-unconfigured",
        ChainBroken = "chain-broken",
        Internal = "internal";
}
