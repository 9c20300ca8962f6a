using System.Security.Cryptography;
using Lineage.Access;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>API keys, and who the service takes a caller for.</summary>
static class KeyEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/keys", IssueKeyAsync).WithName("issue-key").WithMetadata(AnswerNotKept.Instance);
        routes.MapGet("/keys", ListAsync).WithName("list-keys");
        routes.MapGet("/keys/{key}", GetAsync).WithName("get-key");
        routes.MapDelete("/keys/{key}", RevokeAsync).WithName("revoke-key");
        routes.MapGet("/caller", (Delegate)WhoAmI).WithName("who-am-i");
    }

    /// <summary>Issues a key and answers its secret, once. Sent again, it issues another one.</summary>
    static async Task<Results<Ok<IssuedKey>, ProblemResult>> IssueKeyAsync(
        IssueKey body, Ledger ledger, KeyQueries keys, TimeProvider clock, HttpContext http, CancellationToken ct)
    {
        var context = Request.Context(http);
        var secret = KeySecret.Of(
            RandomNumberGenerator.GetBytes(KeySecret.IdBytes), RandomNumberGenerator.GetBytes(KeySecret.SecretBytes));
        var decision = await IssueAsync(
            ledger, context, secret,
            at => new KeyCommand.Issue(secret.Id, body.Actor, body.Roles, body.Run, body.Days, context.Actor, at), ct);
        if (decision is Decision.Refused refused) return ProblemResult.From(refused);
        var row = (await keys.KeyAsync(secret.Id, ct))!;
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new IssuedKey(row.State.View(clock.GetUtcNow(), row.Version), secret.Token()));
    }

    internal static Task<Decision> IssueAsync(
        Ledger ledger, CommandContext context, KeySecret secret, Func<DateTimeOffset, KeyCommand.Issue> command, CancellationToken ct) =>
        ledger.DecideAsync("key.issue", default, context, async (session, token) =>
        {
            var decided = KeyDecider.Decide(await session.KeyAsync(secret.Id, token), command(session.Now));
            if (decided is Decision.Accepted) session.KeepHash(secret.Id, ContentHash.FromDigest(secret.Hash()));
            return new Decided(AccessKey.StreamKey(secret.Id), decided);
        }, ct);

    static async Task<Ok<Page<KeyView>>> ListAsync(string? after, int? limit, KeyQueries keys, TimeProvider clock, CancellationToken ct)
    {
        var rows = await keys.KeysAsync(after, Request.Limit(limit) + 1, ct);
        return TypedResults.Ok(Pages.Of(
            rows, Request.Limit(limit), row => row.State.View(clock.GetUtcNow(), row.Version), static row => row.State.Issued.Key));
    }

    static Task<Results<Ok<KeyView>, ProblemResult>> GetAsync(
        string key, KeyQueries keys, TimeProvider clock, HttpContext http, CancellationToken ct) => ShowAsync(key, keys, clock, http, ct);

    /// <summary>From the answer on the key is refused, by every server.</summary>
    static async Task<Results<Ok<KeyView>, ProblemResult>> RevokeAsync(
        string key, [FromBody] RevokeKey body, Ledger ledger, KeyQueries keys, TimeProvider clock, HttpContext http,
        CancellationToken ct)
    {
        var context = Request.Context(http);
        var decision = await ledger.DecideAsync("key.revoke", default, context, async (session, token) => new Decided(
            AccessKey.StreamKey(key),
            KeyDecider.Decide(
                await session.KeyAsync(key, token), new KeyCommand.Revoke(key, context.Actor, body.Reason, session.Now))), ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : await ShowAsync(key, keys, clock, http, ct);
    }

    /// <summary>Who the service takes the caller for, and what it may do.</summary>
    static Ok<CallerView> WhoAmI(HttpContext http) => TypedResults.Ok(Request.Caller(http).View);

    static async Task<Results<Ok<KeyView>, ProblemResult>> ShowAsync(
        string key, KeyQueries keys, TimeProvider clock, HttpContext http, CancellationToken ct)
    {
        if (await keys.KeyAsync(key, ct) is not { } row) return ProblemResult.From(KeyDecider.NoSuchKey(key));
        Request.Tag(http, row.Version);
        return TypedResults.Ok(row.State.View(clock.GetUtcNow(), row.Version));
    }
}
