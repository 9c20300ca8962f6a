using System.Reflection;
using Lineage.Contracts.Api;
using Lineage.Decisions;
using Lineage.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Lineage.Http;

/// <summary>A refusal over HTTP, as RFC 9457 says.</summary>
public sealed class ProblemResult(Problem problem) : IResult, IEndpointMetadataProvider, IStatusCodeHttpResult
{
    public const string MediaType = "application/problem+json";

    public int? StatusCode => problem.Status;

    public static ProblemResult From(Decision.Refused refused) => new(refused.ToProblem());

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        LineageTelemetry.Refusals.Add(1, new KeyValuePair<string, object?>("code", problem.Code));
        AccessMiddleware.Refused(httpContext, problem.Code);
        httpContext.Response.StatusCode = problem.Status;
        await httpContext.Response.WriteAsJsonAsync(problem, options: null, MediaType, httpContext.RequestAborted);
    }

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(Problem), [MediaType]));
}
