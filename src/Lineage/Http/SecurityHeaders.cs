using Microsoft.AspNetCore.Http;

namespace Lineage.Http;

/// <summary>What keeps a browser from doing with an answer what it was not made for.</summary>
static class SecurityHeaders
{
    /// <summary>The page of the API brings its own script and style; nothing comes from elsewhere and nothing frames it.</summary>
    const string PagePolicy = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        + "img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";

    const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";

    public static Task SetAsync(HttpContext http, RequestDelegate next)
    {
        http.Response.OnStarting(static state =>
        {
            var (request, response) = (((HttpContext)state).Request, ((HttpContext)state).Response);
            var isPage = response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) is true;
            response.Headers.XContentTypeOptions = "nosniff";
            response.Headers["Referrer-Policy"] = "no-referrer";
            if (response.Headers.ContentSecurityPolicy.Count == 0)
                response.Headers.ContentSecurityPolicy = isPage ? PagePolicy : ApiPolicy;
            if (isPage) response.Headers.XFrameOptions = "DENY";
            if (request.IsHttps) response.Headers.StrictTransportSecurity = "max-age=31536000";
            return Task.CompletedTask;
        }, http);
        return next(http);
    }
}
