using Lineage.Audit;
using Lineage.Bus;
using Lineage.Http;
using Lineage.Store;
using Lineage.Telemetry;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Lineage.Hosting;

/// <summary>What is wired to what.</summary>
static class ServerComposition
{
    public static WebApplication Build(ServerOptions options, Uri url, ServerFacts facts, NpgsqlDataSource database, TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = options.RequestBytesMax;
            kestrel.AddServerHeader = false;
        });
        builder.WebHost.UseUrls(url.ToString());
        ServerLogging.Configure(builder.Logging);
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(20));
        builder.Services.ConfigureHttpJsonOptions(static json => ContractBinding.Configure(json.SerializerOptions));
        builder.Services.Configure<Microsoft.AspNetCore.Routing.RouteHandlerOptions>(static routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddSingleton(clock).AddSingleton(facts).AddSingleton(options).AddSingleton(database);
        AddStore(builder.Services, database, clock);
        builder.Services.AddSingleton<IFactSink, LedgerFactSink>();
        builder.Services.AddFactBus(facts.Broker);
        builder.Services.AddSingleton<Answering>();
        AddAudit(builder.Services);
        builder.Services.AddHostedService<ProcessClock>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealth>("database", tags: ["ready"]);
        builder.Services.AddOpenApi("v1");
        AddTelemetry(builder.Services);

        var application = builder.Build();
        application.UseMiddleware<AccessMiddleware>();
        application.UseMiddleware<FailureMiddleware>();
        application.UseRouting();
        ApiRoutes.Map(application);
        return application;
    }

    static void AddStore(IServiceCollection services, NpgsqlDataSource database, TimeProvider clock)
    {
        services.AddSingleton<IDocumentStore>(_ => DocumentStore.For(store => MartenSetup.Configure(store, database, clock)));
        services.AddSingleton<HistoryReader>();
        services.AddSingleton<EventLog>();
        services.AddSingleton<Ledger>();
        services.AddSingleton<Queries>();
        services.AddSingleton<Views>();
    }

    static void AddAudit(IServiceCollection services)
    {
        services.AddSingleton<AuditReader>().AddSingleton<TrailReader>().AddSingleton<AuditExporter>().AddSingleton<AccessJournal>();
        services.AddHostedService(static provider => provider.GetRequiredService<AccessJournal>());
    }

    /// <summary>Nothing leaves this machine unless an exporter's address is set.</summary>
    static void AddTelemetry(IServiceCollection services)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"))) return;
        services.AddOpenTelemetry()
            .WithTracing(static tracing => tracing
                .AddSource(LineageTelemetry.Name).AddSource("MassTransit").AddAspNetCoreInstrumentation().AddNpgsql().AddOtlpExporter())
            .WithMetrics(static metrics => metrics
                .AddMeter(LineageTelemetry.Name).AddMeter("Marten").AddMeter("MassTransit").AddAspNetCoreInstrumentation()
                    .AddOtlpExporter());
    }
}

/// <summary>Ready means that the database answers.</summary>
sealed class DatabaseHealth(NpgsqlDataSource database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = database.CreateCommand("select 1");
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (StoreFailure.Classify(e) is StoreUnavailableException)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}
