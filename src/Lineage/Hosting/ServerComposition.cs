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
        builder.Services.AddFactBus(facts.Broker);
        builder.Services.AddSingleton<Answering>();
        AddAudit(builder.Services);
        builder.Services.AddHostedService<ProcessClock>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealth>("database", tags: ["ready"]);
        builder.Services.AddOpenApi("v1");
        builder.Services.AddLineageTelemetry(Environment.MachineName);

        var application = builder.Build();
        application.UseMiddleware<AccessMiddleware>();
        application.UseMiddleware<FailureMiddleware>();
        application.UseMiddleware<PostGate>();
        application.UseRouting();
        ApiRoutes.Map(application);
        return application;
    }

    static void AddStore(IServiceCollection services, NpgsqlDataSource database, TimeProvider clock)
    {
        services.AddSingleton<IDocumentStore>(_ => DocumentStore.For(store => MartenSetup.Configure(store, database, clock)));
        services.AddSingleton<HistoryReader>();
        services.AddSingleton<PastReader>();
        services.AddSingleton<Asking>();
        services.AddSingleton<EventLog>();
        services.AddSingleton<Layouts>().AddHostedService(static all => all.GetRequiredService<Layouts>());
        services.AddSingleton<Ledger>();
        services.AddSingleton<Queries>();
        services.AddSingleton<RunHistories>();
        services.AddSingleton<NamedPointsReader>();
        services.AddSingleton<Views>();
        services.AddSingleton<RetentionReader>().AddSingleton<RetentionLedger>();
        services.AddSingleton<GraphReader>().AddSingleton<SaveReader>().AddSingleton<SeriesTable>().AddSingleton<SpikeReader>();
        services.AddSingleton<RestorationReader>().AddSingleton<EvidenceReader>().AddSingleton<ExposureReader>();
    }

    static void AddAudit(IServiceCollection services)
    {
        services.AddSingleton<AuditReader>().AddSingleton<TrailReader>().AddSingleton<AuditExporter>().AddSingleton<AccessJournal>();
        services.AddHostedService(static provider => provider.GetRequiredService<AccessJournal>());
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
