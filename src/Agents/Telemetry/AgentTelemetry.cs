using System.Diagnostics;
using System.Diagnostics.Metrics;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Telemetry;

/// <summary>
/// Traces and metrics of the data plane, under the one name <c>Lineage.Agent</c>. Nobody pays for them unless somebody listens.
/// </summary>
public static class AgentTelemetry
{
    public const string Name = "Lineage.Agent";

    public static ActivitySource Source { get; } = new(Name);

    public static Meter Meter { get; } = new(Name);

    public static Histogram<double> StallSeconds { get; } =
        Meter.CreateHistogram<double>("lineage.save.stall.duration", "s", "Time for which training stood still to capture");

    public static Histogram<double> EncodeSeconds { get; } =
        Meter.CreateHistogram<double>("lineage.save.encode.duration", "s", "Time in the encoder");

    public static Histogram<double> DurableSeconds { get; } =
        Meter.CreateHistogram<double>("lineage.save.durable.duration", "s", "From the request to save until the shard is durable");

    public static Histogram<double> SaveSeconds { get; } =
        Meter.CreateHistogram<double>("lineage.save.duration", "s", "From the request to save until the save ended, by outcome");

    public static Counter<long> RawBytes { get; } = Meter.CreateCounter<long>("lineage.save.raw", "By", "Captured bytes");

    public static Counter<long> StoredBytes { get; } = Meter.CreateCounter<long>("lineage.save.stored", "By", "Stored bytes");

    public static Histogram<double> RestoreSeconds { get; } =
        Meter.CreateHistogram<double>("lineage.restore.duration", "s", "Time to restore one rank, every chunk checked");

    public static Counter<long> RestoredBytes { get; } =
        Meter.CreateCounter<long>("lineage.restore.read", "By", "Stored bytes read along the chain");

    public static Counter<long> Findings { get; } =
        Meter.CreateCounter<long>("lineage.verify.findings", "{finding}", "Shards read back, by finding");

    public static KeyValuePair<string, object?> Tag(FactMessage fact) => new(
        "finding", fact is ShardVerificationReported found ? found.Finding.ToString().ToLowerInvariant() : "none");

    /// <summary>
    /// One W3C trace per save or recovery, with an id derived from what it is about: all ranks, the service and the keeper say the same
    /// one without agreeing on it.
    /// </summary>
    /// <returns>32 hexadecimal digits, the trace id.</returns>
    public static string CorrelationOf(CheckpointId checkpoint) => MessageId.Derive("trace", checkpoint.ToString()).Value.ToString("N");

    /// <inheritdoc cref="CorrelationOf(CheckpointId)"/>
    public static string CorrelationOf(RecoveryId recovery) => MessageId.Derive("trace", recovery.ToString()).Value.ToString("N");

    /// <summary>
    /// A span of that trace. Requests that are made until it is disposed carry the trace, whether anybody records it or not.
    /// </summary>
    /// <param name="correlation">From <see cref="CorrelationOf(CheckpointId)"/>.</param>
    /// <param name="startedAt">When it began, if that was earlier.</param>
    public static Activity Start(string name, string correlation, object subject, DateTimeOffset startedAt = default)
    {
        var parent = new ActivityContext(
            ActivityTraceId.CreateFromString(correlation), ActivitySpanId.CreateFromString(correlation.AsSpan(16)),
            ActivityTraceFlags.Recorded, traceState: null, isRemote: true);
        var activity = Source.StartActivity(name, ActivityKind.Internal, parent, tags: null, links: null, startedAt)
            ?? new Activity(name).SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags).Start();
        return activity.SetTag("lineage.subject", subject.ToString());
    }
}
