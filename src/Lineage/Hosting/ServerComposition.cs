using Lineage.Audit;
using Lineage.Bus;
using Lineage.Http;
using Lineage.Store;
using Lineage.Telemetry;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
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
        Listening.Configure(builder.WebHost, options, url);
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
        builder.Services.AddHostedService<AnswerExpiry>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealth>("database", tags: ["ready"])
            .AddCheck<StartedHealth>(StartedHealth.Name);
        builder.Services.AddSingleton<StreamGate>().AddSingleton<Tokens>();
        RateLimits.Add(builder.Services, options.Rate ?? (AccessRules.IsLoopback(url) ? RateOptions.Loopback : RateOptions.Network));
        OpenApiDescription.Add(builder.Services);
        builder.Services.AddLineageTelemetry(Environment.MachineName);

        var application = builder.Build();
        if (options.BehindProxy) application.UseForwardedHeaders(BehindProxy());
        application.Use(static next => http => SecurityHeaders.SetAsync(http, next));
        application.UseMiddleware<AccessMiddleware>();
        application.UseMiddleware<FailureMiddleware>();
        application.UseMiddleware<PostGate>();
        application.UseRouting();
        application.UseMiddleware<CallerMiddleware>();
        application.UseRateLimiter();
        application.UseMiddleware<IdempotencyMiddleware>();
        ApiRoutes.Map(application);
        return application;
    }

    static void AddStore(IServiceCollection services, NpgsqlDataSource database, TimeProvider clock)
    {
        services.AddSingleton<IDocumentStore>(_ => DocumentStore.For(store => MartenSetup.Configure(store, database, clock)));
        services.AddSingleton<HistoryReader>();
        services.AddSingleton<PastReader>();
        services.AddSingleton<Asking>();
        services.AddSingleton<LogTail>().AddSingleton<EventLog>();
        services.AddSingleton<Layouts>();
        services.AddSingleton<Ledger>();
        services.AddSingleton<Queries>();
        services.AddSingleton<RunHistories>();
        services.AddSingleton<NamedPointsReader>();
        services.AddSingleton<Views>();
        services.AddSingleton<RetentionReader>().AddSingleton<RetentionLedger>().AddSingleton<RebaseLedger>();
        services.AddSingleton<GraphReader>().AddSingleton<SaveReader>().AddSingleton<SeriesTable>().AddSingleton<SpikeReader>();
        services.AddSingleton<RestorationReader>().AddSingleton<EvidenceReader>().AddSingleton<ExposureReader>();
        services.AddSingleton<KeyQueries>();
        services.AddSingleton<KeptAnswers>();
    }

    /// <summary>The nearest proxy is believed, whatever its address; it has to replace what its own callers say.</summary>
    static ForwardedHeadersOptions BehindProxy()
    {
        var headers = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto };
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        return headers;
    }

    static void AddAudit(IServiceCollection services)
    {
        services.AddSingleton<AuditReader>().AddSingleton<TrailReader>().AddSingleton<AuditExporter>().AddSingleton<AccessJournal>();
        services.AddHostedService(static provider => provider.GetRequiredService<AccessJournal>());
    }
}

/// <summary>Started means that the schema is there, the bus takes messages, and requests are answered.</summary>
sealed class StartedHealth(IHostApplicationLifetime life) : IHealthCheck
{
    public const string Name = "started";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(life.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("the server is stopping")
            : life.ApplicationStarted.IsCancellationRequested ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("the server is starting"));
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
            return HealthCheckResult.Unhealthy($"the database does not answer: {e.Message}");
        }
    }
}
