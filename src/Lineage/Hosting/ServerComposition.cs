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
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

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
        builder.Services.AddSingleton<IFactSink, LedgerFactSink>();
        builder.Services.AddFactBus(facts.Broker);
        builder.Services.AddSingleton<Answering>();
        builder.Services.AddHostedService<ProcessClock>();
        builder.Services.AddHostedService<AnswerExpiry>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealth>("database", tags: ["ready"])
            .AddCheck<StartedHealth>(StartedHealth.Name);
        builder.Services.AddSingleton<StreamGate>().AddSingleton<Tokens>();
        RateLimits.Add(builder.Services, options.Rate ?? (AccessRules.IsLoopback(url) ? RateOptions.Loopback : RateOptions.Network));
        OpenApiDescription.Add(builder.Services);
        AddTelemetry(builder.Services);

        var application = builder.Build();
        if (options.BehindProxy) application.UseForwardedHeaders(BehindProxy());
        application.Use(static next => http => SecurityHeaders.SetAsync(http, next));
        application.UseMiddleware<FailureMiddleware>();
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
        services.AddSingleton<EventLog>();
        services.AddSingleton<Ledger>();
        services.AddSingleton<Queries>();
        services.AddSingleton<Views>();
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
