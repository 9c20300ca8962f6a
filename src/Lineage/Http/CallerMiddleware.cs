using Lineage.Access;
using Lineage.Contracts.Api;
using Lineage.Hosting;
using Lineage.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Lineage.Http;

/// <summary>
/// Establishes who asks, before anything else looks at the request: by key, by token, or, where no access control is configured, nobody
/// in particular. A key that is presented is looked at in any case, so that what works on an open server works on a closed one.
/// </summary>
internal sealed class CallerMiddleware(
    RequestDelegate next, ServerOptions options, KeyQueries keys, Tokens tokens, TimeProvider clock)
{
    const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext http)
    {
        var endpoint = http.GetEndpoint();
        var needed = endpoint is null ? Permission.Anybody : RoutePermissions.Of(RouteNames.Of(endpoint));
        var caller = needed == Permission.Anybody ? Caller.Open : await RecogniseAsync(http);
        http.Features.Set(caller);
        if (!caller.May(needed)) throw AccessRefusals.NotAllowed(What(http), caller, needed);
        if (caller.Kind != CallerKind.Open && Request.Actor(http) is var claimed && !caller.MayActAs(claimed))
            throw AccessRefusals.SomebodyElse(caller, claimed);
        await next(http);
    }

    async Task<Caller> RecogniseAsync(HttpContext http)
    {
        var header = http.Request.Headers[HeaderNames.Authorization].ToString();
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
        if (KeySecret.IsOne(token)) return await ByKeyAsync(http, token);
        if (!options.Access.Required) return Caller.Open;
        if (token.Length == 0) throw AccessRefusals.Unknown(What(http), "it carries neither an API key nor a token");
        return await tokens.RecogniseAsync(token) switch
        {
            TokenAnswer.Known known => known.Caller,
            TokenAnswer.Refused refused => throw AccessRefusals.Unknown(What(http), refused.Why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Whether a key exists, or only its secret is wrong, is not said: nobody learns ids by trying.</summary>
    async Task<Caller> ByKeyAsync(HttpContext http, string token)
    {
        var key = KeySecret.Parse(token) is { } presented ? await keys.FindAsync(presented, http.RequestAborted) : null;
        return key?.Phase(clock.GetUtcNow()) switch
        {
            KeyPhase.Active => key.Caller,
            KeyPhase.Expired => throw AccessRefusals.Unknown(
                What(http), $"key {key.Issued.Key} expired at {Decisions.Refusals.Time(key.Issued.ExpiresAt!.Value)}"),
            KeyPhase.Revoked => throw AccessRefusals.Unknown(
                What(http), $"key {key.Issued.Key} was revoked by {key.Revoked!.By} at {Decisions.Refusals.Time(key.Revoked.At)} "
                + $"({key.Revoked.Reason})"),
            _ => throw AccessRefusals.Unknown(What(http), "the API key is not known here"),
        };
    }

    static string What(HttpContext http) => $"{http.Request.Method} {http.Request.Path}";
}
