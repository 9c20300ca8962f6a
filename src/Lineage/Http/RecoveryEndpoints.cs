using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>Recoveries: the next generation and the one point that all its ranks restore.</summary>
static class RecoveryEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/runs/{run}/restore-points", RestorePointsAsync).WithName("list-restore-points");
        routes.MapPost("/runs/{run}/recoveries", StartAsync).WithName("start-recovery");
        routes.MapGet("/recoveries/{run}/{generation}", GetAsync).WithName("get-recovery");
        routes.MapPost("/recoveries/{run}/{generation}/choices", ChooseAgainAsync).WithName("choose-again");
        routes.MapPut("/recoveries/{run}/{generation}/ranks/{rank}", ReportRankAsync).WithName("report-rank-restored");
    }

    /// <summary>What a recovery that began now could restore, and why not the others.</summary>
    static async Task<Results<Ok<RestorePoints>, ProblemResult>> RestorePointsAsync(
        string run, string? world, [FromQuery(Name = "at-or-before")] string? atOrBefore, Queries queries, RunHistories histories,
        CancellationToken ct)
    {
        var id = Request.Run(run);
        if (await queries.RunAsync(id, ct) is not { State: var state }) return ProblemResult.From(Refusals.NoSuchRun(id));
        var history = await histories.ForRestoringAsync(state, new Generation(state.Generation.Value + 1), ct);
        var filter = new RestoreFilter(world is null ? null : Request.World(world), atOrBefore is null ? null : Request.Step(atOrBefore));
        return TypedResults.Ok(RestorePointChooser.View(id, RestorePointChooser.Survey(history, filter)));
    }

    static async Task<Results<Ok<RecoveryView>, ProblemResult>> StartAsync(
        string run, StartRecovery body, Ledger ledger, Queries queries, RunHistories histories, Views views, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Run(run);
        var generation = default(Generation);
        var decision = await ledger.DecideAsync("recovery.start", id, Request.Context(http, body.Holder), async (session, token) =>
        {
            // Held before the candidates are read, so that none of them is reclaimed while it is being chosen.
            var state = await session.RunAsync(id, RunHold.Exclusive, token);
            if (state is null) return new Decided(id.StreamKey, Refusals.NoSuchRun(id));
            generation = new Generation(state.Generation.Value + 1);
            var next = new RecoveryId(id, generation);
            var current = await session.RecoveryAsync(new RecoveryId(id, state.Generation), token);
            var decided = RecoveryDecider.Start(
                state, current, await histories.ForRecoveryAsync(state, generation, body.WorldSize, token), new RecoveryCommand.Start(
                id, body.Holder, body.WorldSize, body.FailedGeneration, body.Cause, body.FailedRanks, body.ReachedStep,
                await session.LeaseUntilAsync(id, state.Generation, token), session.Now));
            if (decided is Decision.AlreadyDone) generation = state.Generation;
            return new Decided(next.StreamKey, decided) { Guarded = id.StreamKey };
        }, ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused)
            : await ShowAsync(new RecoveryId(id, generation), queries, views, http, ct);
    }

    static Task<Results<Ok<RecoveryView>, ProblemResult>> GetAsync(
        string run, string generation, Queries queries, Views views, HttpContext http, CancellationToken ct) =>
        ShowAsync(Request.Recovery(run, generation), queries, views, http, ct);

    static async Task<Results<Ok<RecoveryView>, ProblemResult>> ChooseAgainAsync(
        string run, string generation, ChooseAgain body, Ledger ledger, Queries queries, RunHistories histories, Views views,
        HttpContext http, CancellationToken ct)
    {
        var id = Request.Recovery(run, generation);
        var decision = await ledger.DecideAsync("recovery.choose-again", id.Run, Request.Context(http, body.Holder),
            async (session, token) =>
        {
            // May give the lease back when nothing is left to choose, so the run is held for appending.
            var owner = await session.RunAsync(id.Run, RunHold.Exclusive, token);
            var state = await session.RecoveryAsync(id, token);
            var history = owner is null ? History.Empty : await histories.ForRestoringAsync(owner, id.Generation, token);
            return new Decided(id.StreamKey, RecoveryDecider.ChooseAgain(
                owner, state, history,
                new RecoveryCommand.ChooseAgain(id, body.Holder, body.Attempt, body.Reason, session.Now)));
        }, ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : await ShowAsync(id, queries, views, http, ct);
    }

    static async Task<Results<Ok<RecoveryView>, ProblemResult>> ReportRankAsync(
        string run, string generation, string rank, ReportRankRestored body, Ledger ledger, Queries queries, Views views, HttpContext http,
        CancellationToken ct)
    {
        var (id, who) = (Request.Recovery(run, generation), Request.Rank(rank));
        var decision = await ledger.DecideAsync("recovery.rank-restored", id.Run, Request.Context(http, body.Actor),
            async (session, token) =>
        {
            var owner = await session.RunAsync(id.Run, RunHold.Shared, token);
            var state = await session.RecoveryAsync(id, token);
            return new Decided(id.StreamKey, RecoveryDecider.ReportRankRestored(owner, state, new RecoveryCommand.ReportRankRestored(
                id, who, body.Checkpoint, body.ReadBytes, body.Tier, body.StateDigest, body.Milliseconds, body.Actor, session.Now)));
        }, ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : await ShowAsync(id, queries, views, http, ct);
    }

    static async Task<Results<Ok<RecoveryView>, ProblemResult>> ShowAsync(RecoveryId id, Queries queries, Views views, HttpContext http,
        CancellationToken ct)
    {
        if (await queries.RecoveryAsync(id, ct) is not { } row)
            return new ProblemResult(Problem.Of(
                ProblemCodes.NoSuchRecovery, 404, "No such recovery",
                $"There is no recovery {id}: that generation began with the run's first lease, or not at all. Nothing was changed. Look " +
                $"at the run: GET /v1/runs/{id.Run}."));
        Request.Tag(http, row.Version);
        return TypedResults.Ok(await views.OfAsync(row, ct));
    }
}
