using Lineage.Contracts.Api;
using Lineage.Decisions;
using Lineage.Retention;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>A policy to try out: what is given replaces the run's own. Nothing given: the run's own.</summary>
public sealed record PolicyQuery(
    [FromQuery(Name = "latest")] int? Latest, [FromQuery(Name = "best")] int? Best, [FromQuery(Name = "best-by")] string? BestBy,
    [FromQuery(Name = "best-order")] string? BestOrder, [FromQuery(Name = "daily")] int? Daily, [FromQuery(Name = "weekly")] int? Weekly,
    [FromQuery(Name = "grace")] int? Grace, [FromQuery(Name = "verified-min")] int? VerifiedMin)
{
    public RetentionPolicy? Over(RetentionPolicy? own)
    {
        if (this == new PolicyQuery(null, null, null, null, null, null, null, null)) return own;
        var from = own ?? new RetentionPolicy();
        return new RetentionPolicy(
            Latest ?? from.Latest, Best ?? from.Best, BestBy ?? from.BestBy, BestOrder is null ? from.BestOrder : Order(BestOrder),
            Daily ?? from.Daily, Weekly ?? from.Weekly, Grace ?? from.GraceSeconds, VerifiedMin ?? from.VerifiedMin);
    }

    static MetricOrder Order(string text) => text switch
    {
        "lower-is-better" => MetricOrder.LowerIsBetter,
        "higher-is-better" => MetricOrder.HigherIsBetter,
        _ => throw Request.Bad("best-order", $"\"{text}\" is neither lower-is-better nor higher-is-better."),
    };
}

/// <summary>Retention: plan, apply, undo, reclaim, and what holds a checkpoint.</summary>
static class RetentionEndpoints
{
    const string One = "/checkpoints/{run}/{generation}/{step}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/runs/{run}/retention/plan", PlanAsync).WithName("plan-retention");
        routes.MapPost("/runs/{run}/retention/apply", ApplyAsync).WithName("apply-retention");
        routes.MapPost("/runs/{run}/retention/undo", UndoPlanAsync).WithName("undo-retention-plan");
        routes.MapGet("/retention/runs", RetainedAsync).WithName("list-retained-runs");
        routes.MapPost($"{One}/expiry/undo", UndoAsync).WithName("undo-expiry");
        routes.MapGet($"{One}/holders", HoldersAsync).WithName("list-holders");
        routes.MapGet("/reclaim/pending", PendingAsync).WithName("list-pending-reclaims");
        routes.MapPost($"{One}/reclaim", StartReclaimAsync).WithName("start-reclaim");
        routes.MapPut($"{One}/reclaim", ReportReclaimedAsync).WithName("report-reclaimed");
    }

    static async Task<Results<Ok<RetentionPlan>, ProblemResult>> PlanAsync(
        string run, [AsParameters] PolicyQuery policy, RetentionLedger retention, CancellationToken ct) =>
        Answer(await retention.PlanAsync(Request.Run(run), policy.Over, ct));

    static async Task<Results<Ok<RetentionApplied>, ProblemResult>> ApplyAsync(
        string run, ApplyRetention body, RetentionLedger retention, HttpContext http, CancellationToken ct) =>
        Answer(await retention.ApplyAsync(Request.Run(run), body, Request.Context(http, body.Actor), ct));

    static async Task<Results<Ok<PlanUndone>, ProblemResult>> UndoPlanAsync(
        string run, UndoPlan body, RetentionLedger retention, HttpContext http, CancellationToken ct) =>
        Answer(await retention.UndoPlanAsync(Request.Run(run), body, Request.Context(http, body.Actor), ct));

    static async Task<Ok<Page<RetainedRun>>> RetainedAsync(string? after, int? limit, RetentionReader reader, CancellationToken ct)
    {
        var found = await reader.RetainedAsync(after, Request.Limit(limit) + 1, ct);
        return TypedResults.Ok(Pages.Of(found, Request.Limit(limit), static run => run.Run.ToString()));
    }

    static async Task<Results<Ok<CheckpointView>, ProblemResult>> UndoAsync(
        string run, string generation, string step, UndoExpiry body, RetentionLedger retention, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        var decision = await retention.UndoAsync(id, body, Request.Context(http, body.Actor), ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused)
            : await CheckpointEndpoints.ShowAsync(id, queries, http, ct);
    }

    static async Task<Results<Ok<Holders>, ProblemResult>> HoldersAsync(
        string run, string generation, string step, [FromQuery(Name = "as-of")] string? asOf, RetentionLedger retention,
        RetentionReader reader, Queries queries, PastReader past, TimeProvider clock, CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        if (Request.AsOf(asOf) is { } at)
            return await past.HoldersAsync(id, at, ct) is { } then
                ? TypedResults.Ok(then)
                : ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        if (await queries.CheckpointAsync(id, ct) is not { State: var state }) return ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        var plan = await retention.PlanAsync(id.Run, static own => own, ct);
        if (plan.Value is null) return ProblemResult.From(plan.Refused!);
        return TypedResults.Ok(RetentionViews.Holders(
            state, plan.Value.Entries.FirstOrDefault(entry => entry.Checkpoint == id), await reader.NeedsOfAsync(id, ct),
            clock.GetUtcNow()));
    }

    static async Task<Ok<Page<ReclaimWork>>> PendingAsync(
        string? after, int? limit, RetentionReader reader, TimeProvider clock, CancellationToken ct)
    {
        var found = await reader.PendingAsync(Request.Cursor(after), Request.Limit(limit) + 1, clock.GetUtcNow(), ct);
        return TypedResults.Ok(Pages.Of(found, Request.Limit(limit), static work => work.Checkpoint.ToString()));
    }

    static async Task<Results<Ok<ReclaimWork>, ProblemResult>> StartReclaimAsync(
        string run, string generation, string step, StartReclaim body, RetentionLedger retention, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        var decision = await retention.StartReclaimAsync(id, body.Keeper, Request.Context(http, body.Keeper), ct);
        return decision is Decision.Refused refused
            ? ProblemResult.From(refused)
            : TypedResults.Ok(RetentionViews.Work((await queries.CheckpointAsync(id, ct))!.State));
    }

    static async Task<Results<Ok<CheckpointView>, ProblemResult>> ReportReclaimedAsync(
        string run, string generation, string step, ReportReclaimed body, RetentionLedger retention, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        var decision = await retention.ReportReclaimedAsync(id, body, Request.Context(http, body.Keeper), ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused)
            : await CheckpointEndpoints.ShowAsync(id, queries, http, ct);
    }

    static Results<Ok<T>, ProblemResult> Answer<T>(Answered<T> answered) where T : class =>
        answered.Value is { } value ? TypedResults.Ok(value) : ProblemResult.From(answered.Refused!);
}
