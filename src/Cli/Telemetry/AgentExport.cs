using Lineage.Agents.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Lineage.Cli.Telemetry;

/// <summary>
/// Sends the traces and metrics of an agent process where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says; without it nothing is collected. What
/// was not sent when the process is killed is lost: telemetry is never evidence.
/// </summary>
internal sealed class AgentExport : IDisposable
{
    const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    readonly TracerProvider? traces;
    readonly MeterProvider? metrics;

    AgentExport(TracerProvider? traces, MeterProvider? metrics) => (this.traces, this.metrics) = (traces, metrics);

    /// <param name="role">What the process is, for example <c>rank</c>; its service name is <c>lineage-rank</c>.</param>
    /// <param name="instance">Which one of them.</param>
    public static AgentExport Start(string role, string instance)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Endpoint))) return new AgentExport(null, null);
        var resource = ResourceBuilder.CreateDefault().AddService($"lineage-{role}", serviceInstanceId: instance);
        return new AgentExport(
            Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(AgentTelemetry.Name).AddSource("MassTransit")
                .AddOtlpExporter().Build(),
            Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(AgentTelemetry.Name).AddOtlpExporter().Build());
    }

    public void Dispose()
    {
        traces?.Dispose();
        metrics?.Dispose();
    }
}
