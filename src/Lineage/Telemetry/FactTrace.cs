using System.Diagnostics;

namespace Lineage.Telemetry;

/// <summary>
/// Facts come in batches and over a broker, so the span that records them is hung into the trace of their save: the correlation is its
/// trace id, derived from the checkpoint by whoever speaks of it.
/// </summary>
static class FactTrace
{
    /// <returns>Null when nobody records spans, or the correlation is no trace id.</returns>
    public static Activity? Start(string correlation, int messages)
    {
        if (correlation.Length != 32 || correlation.AsSpan().ContainsAnyExcept("0123456789abcdef")) return null;
        var parent = new ActivityContext(
            ActivityTraceId.CreateFromString(correlation), ActivitySpanId.CreateFromString(correlation.AsSpan(16)),
            ActivityTraceFlags.Recorded, traceState: null, isRemote: true);
        return LineageTelemetry.Source.StartActivity("facts.take", ActivityKind.Consumer, parent)?.SetTag("lineage.messages", messages);
    }
}
