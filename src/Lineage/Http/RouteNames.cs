using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>How the table of permissions, the audit trail and the description of the API call a route.</summary>
public static class RouteNames
{
    /// <summary>Its name, or its pattern where it has none.</summary>
    public static string Of(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName
        ?? (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? endpoint.DisplayName ?? "";
}
