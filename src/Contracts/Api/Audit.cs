using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// GET /v1/audit/events?{filter}&after=&limit=&order= → Page<AuditEvent> · GET /v1/audit/event?stream=&version= → AuditEvent
// GET /v1/audit/verify?run= → lines of AuditLine, the last one with a summary or a problem
// GET /v1/audit/heads → a heads file (docs/AUDIT.md) · POST /v1/audit/heads/check (CheckHeads) → HeadsChecked
// GET /v1/audit/export?format=&{filter} → the file

/// <summary>One stored event as the audit trail shows it: nothing of it is believed, so damaged metadata is shown as it is.</summary>
/// <param name="Digest">SHA-256 of the canonical body as the event's header says it; null when there is none.</param>
/// <param name="Link">Link in the stream's hash chain as the event's header says it; null in events from before there were chains.</param>
/// <param name="Summary">One line for people.</param>
public sealed record AuditEvent(
    long Sequence, string Stream, long Version, string Name, DateTimeOffset At, string? Actor, string? Correlation, string? Causation,
    string? Command, string? Digest, string? Link, string Summary, JsonElement Body);

/// <summary>Which events of the trail are meant. Members that are null or empty select everything.</summary>
/// <param name="Run">Streams of the run, of its checkpoints and recoveries, and the requests about them.</param>
/// <param name="Actor">Events by the actor, and records of access that name it.</param>
/// <param name="Since">Inclusive.</param>
/// <param name="Until">Exclusive.</param>
/// <param name="Names">Event names, with or without their version.</param>
/// <param name="Refusals">Only what was refused.</param>
public sealed record AuditFilter(
    RunId? Run = null, string? Stream = null, ActorId? Actor = null, DateTimeOffset? Since = null, DateTimeOffset? Until = null,
    IReadOnlyList<string>? Names = null, bool Refusals = false)
{
    /// <summary>As a query string without the question mark; empty when everything is selected.</summary>
    public string ToQuery()
    {
        List<string> parts = [];
        Add("run", Run?.ToString());
        Add("stream", Stream);
        Add("actor", Actor?.ToString());
        Add("since", Time(Since));
        Add("until", Time(Until));
        foreach (var name in Names ?? []) Add("name", name);
        if (Refusals) Add("refusals", "true");
        return string.Join('&', parts);

        void Add(string name, string? value)
        {
            if (value is not null) parts.Add($"{name}={Uri.EscapeDataString(value)}");
        }
    }

    static string? Time(DateTimeOffset? at) =>
        at?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
}

/// <summary>What a finding of <c>audit verify</c> says most likely happened. Codes are added, never renamed.</summary>
public static class AuditDamage
{
    public const string
        BodyAltered = "body-altered",
        MetadataChanged = "metadata-changed",
        Removed = "removed",
        Inserted = "inserted",
        Reordered = "reordered",
        Moved = "moved",
        StreamRemoved = "stream-removed",
        RowMissing = "row-missing",
        RowChanged = "row-changed",
        HeadReplaced = "head-replaced";
}

/// <summary>The first place of a stream that does not hold, and what it most likely is.</summary>
/// <param name="Version">Of the event that is not what was appended there; for a removed one, the version it had.</param>
/// <param name="Damage">One of <see cref="AuditDamage"/>.</param>
/// <param name="Detail">What was expected and what is there.</param>
/// <param name="Sequence">Of the event that stands there now; null when none does.</param>
/// <param name="Further">Later places of the same stream that do not hold either.</param>
public sealed record AuditFinding(
    string Stream, long Version, string Damage, string Detail, long? Sequence, string? Name, DateTimeOffset? At, string? Actor,
    long Further);

/// <param name="Run">Null: the whole store.</param>
/// <param name="Unlinked">Events from before there were chains: their order, their metadata and their number cannot be checked.</param>
/// <param name="Findings">All of them, also those beyond what was listed.</param>
public sealed record AuditSummary(
    DateTimeOffset At, RunId? Run, long Streams, long Events, long Unlinked, long UnlinkedStreams, long Findings, double Seconds)
{
    [JsonIgnore]
    public bool IsIntact => Findings == 0;

    public long EventsPerSecond => Seconds > 0 ? (long)(Events / Seconds) : 0;
}

public sealed record AuditProgress(long Streams, long Events, double Seconds);

/// <summary>One line of a verification; exactly one member is there.</summary>
public sealed record AuditLine(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AuditProgress? Progress = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AuditFinding? Finding = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AuditSummary? Summary = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Problem? Problem = null);

/// <summary>How far a stream went at some time, and the link of its last event then.</summary>
/// <param name="Link">Null when that event is from before there were chains.</param>
public sealed record AuditHead(string Stream, long Version, ContentHash? Link);

public sealed record CheckHeads(IReadOnlyList<AuditHead> Heads)
{
    public const int HeadsMax = 1_000;
}

public sealed record HeadsChecked(IReadOnlyList<AuditFinding> Findings);
