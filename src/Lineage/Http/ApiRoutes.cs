using Lineage.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Scalar.AspNetCore;

namespace Lineage.Http;

/// <summary>The whole surface: <c>/v1</c>, its description, and health.</summary>
static class ApiRoutes
{
    public static void Map(WebApplication application)
    {
        var v1 = application.MapGroup("/v1");
        v1.AddEndpointFilter(RunScope.CheckAsync).AddEndpointFilter(Preconditions.ReadAsync);
        RunEndpoints.Map(v1);
        CheckpointEndpoints.Map(v1);
        RecoveryEndpoints.Map(v1);
        LogEndpoints.Map(v1);
        LogStream.Map(v1);
        KeyEndpoints.Map(v1);
        ReferenceEndpoints.Map(v1);
        QuestionEndpoints.Map(v1);
        MarkEndpoints.Map(v1);
        RunChangeEndpoints.Map(v1);
        DeadLetterEndpoints.Map(v1);
        ReshardEndpoints.Map(v1);
        ServiceEndpoints.Map(v1);
        RetentionEndpoints.Map(v1);
        RebaseEndpoints.Map(v1);
        GraphEndpoints.Map(v1);
        TelemetryEndpoints.Map(v1);
        AssuranceEndpoints.Map(v1);
        AuditEndpoints.Map(v1);
        application.MapOpenApi("/openapi/{documentName}.json");
        application.MapScalarApiReference("/docs", static page => page.WithTitle("Lineage").DisableDefaultFonts());
        Telemetry.TelemetrySetup.MapMetrics(application);
        application.MapHealthChecks("/health/live", HealthAnswers.For(static _ => false));
        application.MapHealthChecks("/health/startup", HealthAnswers.For(static check => check.Name == StartedHealth.Name));
        application.MapHealthChecks("/health/ready", HealthAnswers.For(static _ => true));
    }
}
