using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lineage.Http;

/// <summary>Health with a body that says what is wrong: one entry per thing that was looked at.</summary>
static class HealthAnswers
{
    static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Degraded is not ready: a load balancer should try another server first.</summary>
    public static HealthCheckOptions For(Func<HealthCheckRegistration, bool> looksAt) => new()
    {
        Predicate = looksAt,
        ResponseWriter = WriteAsync,
        ResultStatusCodes =
        {
            [HealthStatus.Degraded] = StatusCodes.Status503ServiceUnavailable,
        },
    };

    static async Task WriteAsync(HttpContext http, HealthReport report)
    {
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store";
        using var text = new MemoryStream();
        await using (var json = new Utf8JsonWriter(text, Indented))
        {
            json.WriteStartObject();
            json.WriteString("status", Name(report.Status));
            json.WriteStartArray("checks");
            foreach (var (name, entry) in report.Entries)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("status", Name(entry.Status));
                if (entry.Description is { Length: > 0 } said) json.WriteString("detail", said);
                json.WriteNumber("seconds", Math.Round(entry.Duration.TotalSeconds, 4));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        await http.Response.Body.WriteAsync(text.ToArray(), http.RequestAborted);
    }

    static string Name(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
