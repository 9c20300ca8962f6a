using Lineage.Access;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Microsoft.AspNetCore.Http;

namespace Lineage.Http;

/// <summary>
/// Holds a key that is bound to one run to that run, and each reported fact to an actor for whom the caller may speak. Looks at the bound
/// arguments, so it covers every route; a request whose run cannot be seen is refused to such a key.
/// </summary>
static class RunScope
{
    /// <summary>Routes that tell nothing about any run.</summary>
    static readonly string[] AboutNoRun = ["get-service", "who-am-i"];

    public static ValueTask<object?> CheckAsync(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        var (http, caller) = (call.HttpContext, Request.Caller(call.HttpContext));
        if (caller.Kind == CallerKind.Open) return next(call);
        foreach (var batch in call.Arguments.OfType<FactBatch>()) CheckActors(batch, caller);
        if (caller.Run is not { } only || AboutNoRun.Contains(RouteNames.Of(http.GetEndpoint()!), StringComparer.Ordinal))
            return next(call);
        var runs = RunsOf(call).ToList();
        var what = $"{http.Request.Method} {http.Request.Path}";
        if (runs.Count == 0) throw AccessRefusals.OtherRun(what, caller, asked: null);
        foreach (var run in runs)
            if (run != only.ToString()) throw AccessRefusals.OtherRun(what, caller, RunId.TryParse(run, out var other) ? other : null);
        return next(call);
    }

    static void CheckActors(FactBatch batch, Caller caller)
    {
        foreach (var actor in (batch.Messages ?? []).Select(static m => m.Actor).Distinct())
            if (!caller.MayActAs(actor)) throw AccessRefusals.SomebodyElse(caller, actor);
    }

    /// <summary>Texts, because a reference may name its run by a prefix: that is refused, for it could become another run's.</summary>
    static IEnumerable<string> RunsOf(EndpointFilterInvocationContext call)
    {
        var request = call.HttpContext.Request;
        if (request.RouteValues.TryGetValue("run", out var named)) yield return named?.ToString() ?? "";
        foreach (var query in request.Query.Where(static q => q.Key is "run" or "ref"))
            foreach (var text in query.Value) yield return text?.Split('@', ':', '/', '~')[0] ?? "";
        foreach (var argument in call.Arguments)
        {
            if (argument is FactBatch batch)
                foreach (var message in batch.Messages ?? []) yield return message.Checkpoint.Run.ToString();
            else if (argument is RegisterRun register) yield return register.Run.ToString();
        }
    }
}
