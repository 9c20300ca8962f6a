using System.Diagnostics;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>
/// One W3C trace per save, with an id derived from the checkpoint: all ranks, the service and the keeper say the same one without
/// agreeing on it.
/// </summary>
static class SaveTrace
{
    /// <summary>32 hexadecimal digits, the trace id.</summary>
    public static string CorrelationOf(CheckpointId checkpoint) => MessageId.Derive("trace", checkpoint.ToString()).Value.ToString("N");

    public static string CorrelationOf(RecoveryId recovery) => MessageId.Derive("trace", recovery.ToString()).Value.ToString("N");

    /// <summary>Requests that are made until it is disposed carry the trace.</summary>
    public static Activity Start(string correlation, object about)
    {
        var activity = new Activity("lineage.agent");
        activity.SetParentId(
            ActivityTraceId.CreateFromString(correlation), ActivitySpanId.CreateFromString(correlation.AsSpan(16)),
            ActivityTraceFlags.Recorded);
        activity.SetTag("lineage.subject", about.ToString());
        return activity.Start();
    }
}
