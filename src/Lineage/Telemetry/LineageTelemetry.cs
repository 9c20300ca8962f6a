using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Lineage.Telemetry;

/// <summary>Traces and metrics of the service, under the one name <c>Lineage</c>: an activity per use case.</summary>
public static class LineageTelemetry
{
    public const string Name = "Lineage";

    public static ActivitySource Source { get; } = new(Name);

    public static Meter Meter { get; } = new(Name);

    public static Histogram<double> UseCaseSeconds { get; } =
        Meter.CreateHistogram<double>("lineage.use_case.duration", "s", "From request to commit, retries included");

    public static Histogram<double> IngestLagSeconds { get; } =
        Meter.CreateHistogram<double>("lineage.ingest.lag", "s", "From the sender letting go of a fact to its commit");

    public static Counter<long> Facts { get; } = Meter.CreateCounter<long>("lineage.facts", "{message}",
        "Facts taken from the data plane, by outcome");

    public static Counter<long> Refusals { get; } = Meter.CreateCounter<long>("lineage.refusals", "{refusal}", "Refused commands, by code");
}
