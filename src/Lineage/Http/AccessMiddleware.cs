using Lineage.Audit;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>
/// Notes every refusal, and every answer to a question that matters: what would be restored, from which bytes, what was exported, and who
/// read the audit trail. Commands that were accepted are events of their own; health, metrics and what agents ask again and again is noted
/// only when it is refused.
/// </summary>
internal sealed class AccessMiddleware(RequestDelegate next, AccessJournal journal, TimeProvider clock)
{
    const int TextMax = 300;

    const string CodeItem = "lineage.problem";

    static readonly string[] Matters = ["restore", "chain", "manifest", "export", "evidence", "recover", "audit"];

    /// <summary>Ranks and launchers report through these; what they report is an event.</summary>
    static readonly string[] Commands = ["report-rank-restored", "start-recovery"];

    /// <summary>Called by whoever writes a problem: the status alone does not say which refusal it was.</summary>
    public static void Refused(HttpContext http, string code) => http.Items[CodeItem] = code;

    public async Task InvokeAsync(HttpContext http)
    {
        await next(http);
        var operation = http.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName;
        var status = http.Response.StatusCode;
        if (status < 400 ? !IsNoted(operation) : IsProbe(http, operation)) return;
        if (http.RequestAborted.IsCancellationRequested && status < 400) return;
        journal.Note(new AccessEntry(
            clock.GetUtcNow(), Request.Asker(http), operation ?? "no-such-route", TargetOf(http), status,
            status < 400 ? null : http.Items[CodeItem] as string ?? ProblemCodes.Internal, Request.Trace(http)));
    }

    static bool IsNoted(string? operation) => operation is not null && !Commands.Contains(operation, StringComparer.Ordinal)
        && Array.Exists(Matters, word => operation.Contains(word, StringComparison.Ordinal));

    /// <summary>A service that is not ready yet answers probes with 503 and refuses nobody anything.</summary>
    static bool IsProbe(HttpContext http, string? operation) =>
        operation is null && http.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal);

    /// <summary>What the route is about: run, generation and step as far as they are named; else the reference or stream that was asked;
    /// else the path.</summary>
    static string TargetOf(HttpContext http)
    {
        string[] places = ["run", "generation", "step", "rank"];
        var named = string.Join('/', places.Select(name => http.GetRouteValue(name)?.ToString()).OfType<string>());
        if (named.Length == 0)
        {
            var query = http.Request.Query;
            named = query["ref"].FirstOrDefault() ?? query["stream"].FirstOrDefault() ?? query["run"].FirstOrDefault()
                ?? http.Request.Path.Value ?? "/";
        }

        // Half a surrogate pair or a control character must never make a record unwritable.
        named = new string([.. named.Take(TextMax).Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);
        return named;
    }
}
