using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Lineage.Telemetry;

/// <summary>
/// What is collected and where it goes: metrics for whoever scrapes <c>/metrics</c>, and traces and metrics to the collector that
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names. Without that nothing leaves this machine and no span is made.
/// </summary>
static class TelemetrySetup
{
    public const string MetricsPath = "/metrics";

    const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    static readonly string[] Meters =
        [LineageTelemetry.Name, "Marten", "MassTransit", "Npgsql", "System.Runtime", "Microsoft.AspNetCore.Hosting"];

    public static IServiceCollection AddLineageTelemetry(this IServiceCollection services, string instance)
    {
        var isExported = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Endpoint));
        services.AddHostedService<StandingGauges>();
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("lineage-server", serviceInstanceId: instance))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Meters).AddView(WithoutAddress).AddPrometheusExporter();
                if (isExported) metrics.AddOtlpExporter();
            });
        if (isExported)
            telemetry.WithTracing(static tracing => tracing
                .AddSource(LineageTelemetry.Name).AddSource("MassTransit").AddAspNetCoreInstrumentation().AddNpgsql().AddOtlpExporter());
        return services;
    }

    /// <summary>The driver names a pool by its connection string; addresses are nobody's business who only counts.</summary>
    static MetricStreamConfiguration? WithoutAddress(Instrument instrument) =>
        instrument.Name.StartsWith("db.client", StringComparison.Ordinal)
            ? new MetricStreamConfiguration { TagKeys = ["db.client.connection.state", "error.type"] }
            : null;

    public static void MapMetrics(WebApplication application) => application.MapPrometheusScrapingEndpoint(MetricsPath);
}
