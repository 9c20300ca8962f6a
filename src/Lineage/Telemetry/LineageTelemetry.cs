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

    public static Counter<long> Events { get; } = Meter.CreateCounter<long>("lineage.events", "{event}", "Committed events, by name");

    public static Histogram<double> SealSeconds { get; } =
        Meter.CreateHistogram<double>("lineage.checkpoint.seal.duration", "s", "From open to seal");

    public static Histogram<double> VerifySeconds { get; } =
        Meter.CreateHistogram<double>("lineage.checkpoint.verify.duration", "s", "From seal to verified: so long it is no restore point");

    public static Histogram<long> CheckpointBytes { get; } =
        Meter.CreateHistogram<long>("lineage.checkpoint.stored", "By", "Stored bytes of a sealed checkpoint");

    public static Histogram<double> RecoverySeconds { get; } =
        Meter.CreateHistogram<double>("lineage.recovery.duration", "s", "From the start of a recovery until all ranks restored");

    public static Histogram<double> RankRestoreSeconds { get; } =
        Meter.CreateHistogram<double>("lineage.recovery.rank_restore.duration", "s", "What each rank says its restore took");

    public static Histogram<long> LostSteps { get; } =
        Meter.CreateHistogram<long>("lineage.recovery.lost_steps", "{step}", "Steps to do again after a recovery");

    public static Counter<long> Refusals { get; } = Meter.CreateCounter<long>("lineage.refusals", "{refusal}", "Refused commands, by code");
}
