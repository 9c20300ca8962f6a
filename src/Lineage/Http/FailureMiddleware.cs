using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Lineage.Http;

/// <summary>Turns what was thrown into a problem. A stack trace goes to the log, never to the caller.</summary>
internal sealed partial class FailureMiddleware(RequestDelegate next, ILogger<FailureMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response is { StatusCode: >= 400, ContentLength: null, ContentType: null })
                await new ProblemResult(Empty(context)).ExecuteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            LogGone(log, context.Request.Path);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var problem = Describe(e);
            if (problem.Status == StatusCodes.Status500InternalServerError) LogBug(log, e, context.Request.Method, context.Request.Path);
            if (problem.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
                context.Response.Headers.RetryAfter = "1";
            if (problem.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer realm=\"lineage\"";
            await new ProblemResult(problem).ExecuteAsync(context);
        }
    }

    static Problem Describe(Exception e) => e switch
    {
        LineageProblemException known => known.Problem,
        BadHttpRequestException { InnerException: JsonException json } => Problem.Of(
            ProblemCodes.BadRequest, 400, "The request body cannot be read", $"At {json.Path ?? "$"}: {json.Message} Nothing was " +
                "changed. Correct that field and send it again."),
        BadHttpRequestException bad => Problem.Of(
            ProblemCodes.BadRequest, bad.StatusCode, "The request cannot be read",
            $"{bad.Message} Nothing was changed. The API is described at /openapi/v1.json."),
        ConcurrentChangeException => Problem.Of(
            ProblemCodes.ConcurrentChange, 409, "Other writers were faster every time",
            "The command was decided again and again, and each time another writer changed the same stream first. Nothing was changed " +
            "by this request. Send it again."),
        StoreUnavailableException => Problem.Of(
            ProblemCodes.DatabaseUnreachable, 503, "The database does not answer",
            "PostgreSQL did not answer or broke off. Whether this request took effect is unknown; sending it again is safe. A private " +
            "PostgreSQL is started again by the server."),
        _ when StoreFailure.Classify(e) is { } store => Describe(store),
        _ => Problem.Of(
            ProblemCodes.Internal, 500, "The server has a defect",
            "This request met a defect of the server; the server's log has the details under its trace id. Sending it again is safe, " +
            "and reporting it helps."),
    };

    static Problem Empty(HttpContext context) => context.Response.StatusCode switch
    {
        404 => Problem.Of(
            ProblemCodes.NotFound, 404, "There is no such address", $"{context.Request.Method} {context.Request.Path} is not part of " +
                "this API. It is described at /openapi/v1.json."),
        413 => Problem.Of(
            ProblemCodes.BadRequest, 413, "The request is too large",
            $"The body of {context.Request.Method} {context.Request.Path} is too large. Nothing was changed. Send it in smaller parts."),
        var status => Problem.Of(
            ProblemCodes.BadRequest, status, "The request was not taken",
            $"{context.Request.Method} {context.Request.Path} was refused with status {status}: this address takes another method or " +
            "media type (application/json). " +
            "The API is described at /openapi/v1.json."),
    };

    [LoggerMessage(3001, LogLevel.Error, "{Method} {Path} met a defect")]
    static partial void LogBug(ILogger log, Exception e, string method, string path);

    [LoggerMessage(3002, LogLevel.Debug, "{Path}: the caller went away")]
    static partial void LogGone(ILogger log, string path);
}
