using Lineage.Contracts.Api;
using Lineage.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>What the server runs on.</summary>
static class ServiceEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/service", Get).WithName("get-service");

    static Ok<ServiceView> Get(ServerFacts facts) => TypedResults.Ok(new ServiceView(
        typeof(ServiceEndpoints).Assembly.GetName().Version!.ToString(3), facts.PostgresVersion, facts.PrivatePostgres,
        facts.Broker is null ? "in-memory" : "rabbitmq", facts.Broker?.Shown, facts.StartedAt, facts.Choices));
}
