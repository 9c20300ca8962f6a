using System.Text.Json.Serialization;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// POST /v1/runs → RunView · GET /v1/runs?archived= → Page<RunView> · GET /v1/runs/{run} → RunView
// POST /v1/runs/{run}/leases → LeaseView · PUT (RenewLease) → LeaseView | DELETE (ReleaseLease) /v1/runs/{run}/leases/{generation}
// PUT /v1/runs/{run}/generations/{generation}/ranks/{rank} · POST /v1/runs/{run}/complete
// GET /v1/runs/{run}/log → Page<LogEntry> · GET /v1/service → ServiceView

/// <summary>One page of a list; <paramref name="Next"/> goes into <c>?after=</c>, null on the last page.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Repeating the same registration is fine; a different policy for an existing run is refused.</summary>
public sealed record RegisterRun(RunId Run, SavePolicy? Policy, IReadOnlyDictionary<string, string>? Labels);

public enum RunPhase { Registered, Running, Idle, Recovering, Stopped, Completed }

/// <param name="Generation">Newest granted; 0 if none.</param>
/// <param name="Holder">Who holds the lease now; null if nobody does.</param>
/// <param name="Version">Version of the run's stream, for If-Match.</param>
public sealed record RunView(
    RunId Run, RunPhase Phase, Generation Generation, ActorId? Holder, WorldSize? WorldSize, SavePolicy Policy, IReadOnlyDictionary<string,
    string> Labels,
    DateTimeOffset RegisteredAt, DateTimeOffset? LeaseUntil, CheckpointId? NewestSealed, CheckpointId? NewestVerified, Step? FinalStep,
    ContentHash? StateDigest, long Version)
{
    /// <summary>The checkpoint of another run that this one goes on from; null for a run of its own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CheckpointId? Origin { get; init; }

    /// <summary>Null: keep everything.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RetentionPolicy? Retention { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, CheckpointId>? Tags { get; init; }

    /// <summary>Oldest first; null while there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RewindView>? Rewound { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ArchiveView? Archived { get; init; }
}

/// <summary>The first lease of a run. Every later generation begins with a recovery (<see cref="StartRecovery"/>).</summary>
public sealed record TakeLease(ActorId Holder, WorldSize WorldSize);

public sealed record LeaseView(RunId Run, Generation Generation, ActorId Holder, int LeaseSeconds, DateTimeOffset Until);

/// <summary>Body of the PUT that keeps a lease alive; only its holder may.</summary>
public sealed record RenewLease(ActorId Holder);

/// <summary>Body of the DELETE that gives a lease back; only its holder may.</summary>
public sealed record ReleaseLease(ActorId Holder, string Reason);

public sealed record JoinRank(string Host, int ProcessId, ActorId Actor);

public sealed record CompleteRun(Generation Generation, Step FinalStep, ContentHash? StateDigest, ActorId Actor);

/// <summary>One event as the log shows it. <paramref name="Body"/> is the stored event.</summary>
/// <param name="Sequence">Position in the service's order; the cursor of the log. Not commit order across streams.</param>
/// <param name="Digest">SHA-256 of the canonical body, taken at append.</param>
/// <param name="Summary">One line for people, without time and stream.</param>
public sealed record LogEntry(
    long Sequence, string Stream, long Version, string Name, DateTimeOffset At, string Actor, string? Correlation, string? Causation,
    string? Command, ContentHash Digest, string Summary, System.Text.Json.JsonElement Body);

/// <summary>What the server runs on; every default that it chose is said here and at start.</summary>
/// <param name="Broker"><c>in-memory</c> or <c>rabbitmq</c>.</param>
/// <param name="BrokerAddress">Address without credentials; null when in memory.</param>
public sealed record ServiceView(
    string Version, string Postgres, bool PrivatePostgres, string Broker, string? BrokerAddress, DateTimeOffset StartedAt,
    IReadOnlyList<string> Choices);
