using System.Text.Json.Serialization;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Events;

// Who asked for what: streams access/{server}/{yyyy-MM-dd} (what was read and refused) and key/{id} (who may ask).

/// <summary>One request that was answered or refused.</summary>
/// <param name="Operation">Name of the route, for example <c>plan-restore</c>.</param>
/// <param name="Target">What it was about: a run, a checkpoint, or the path.</param>
/// <param name="Code">Problem code of a refusal; null when it was answered.</param>
/// <param name="Count">How often it was asked in the same way within the batch, time and correlation being those of the first;
/// null: once.</param>
public sealed record AccessEntry(
    DateTimeOffset At, ActorId Actor, string Operation, string Target, int Status, string? Code, string? Correlation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Count = null);

/// <summary>A batch of requests, in the order in which they ended. Written within seconds of them, not with them.</summary>
/// <remarks>A server that dies takes the entries of its last seconds with it; decisions are events of their own and are never
/// lost.</remarks>
/// <param name="Dropped">Requests before this batch that are not on record, because the database was away for longer than entries could
/// be kept; null: none.</param>
public sealed record AccessRecorded(
    string Server, IReadOnlyList<AccessEntry> Entries, DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Dropped = null);

/// <summary>Part of the audit trail left the service.</summary>
/// <param name="Filter">As it was asked for.</param>
/// <param name="Digest">SHA-256 of the exported bytes.</param>
public sealed record AuditExported(
    ActorId Actor, string Format, string Filter, long Events, ContentHash Digest, DateTimeOffset At);

/// <summary>What a caller may do. Each includes the ones before it, except auditor, who reads everything and changes nothing.</summary>
public enum Role { Reader, Agent, Operator, Admin, Auditor }

/// <summary>An API key exists. The secret itself is never on record, only its hash is kept, in a row.</summary>
/// <param name="Run">Null: every run; otherwise the only one that it may touch.</param>
public sealed record KeyIssued(
    string Key, ActorId Actor, IReadOnlyList<Role> Roles, RunId? Run, DateTimeOffset? ExpiresAt, ActorId By, DateTimeOffset At);

public sealed record KeyRevoked(string Key, ActorId By, string Reason, DateTimeOffset At);
