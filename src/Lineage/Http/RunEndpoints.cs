using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Runs;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>Runs, their leases and their ranks.</summary>
static class RunEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/runs", RegisterAsync).WithName("register-run");
        routes.MapGet("/runs", ListAsync).WithName("list-runs");
        routes.MapGet("/runs/{run}", GetAsync).WithName("get-run");
        routes.MapPost("/runs/{run}/leases", TakeLeaseAsync).WithName("take-lease");
        routes.MapPut("/runs/{run}/leases/{generation}", RenewLeaseAsync).WithName("renew-lease");
        routes.MapDelete("/runs/{run}/leases/{generation}", ReleaseLeaseAsync).WithName("release-lease");
        routes.MapPut("/runs/{run}/generations/{generation}/ranks/{rank}", JoinRankAsync).WithName("join-rank");
        routes.MapPost("/runs/{run}/complete", CompleteAsync).WithName("complete-run");
    }

    static async Task<Results<Ok<RunView>, ProblemResult>> RegisterAsync(
        RegisterRun body, Ledger ledger, Queries queries, Views views, HttpContext http, CancellationToken ct)
    {
        var decision = await DecideAsync(
            ledger, "run.register", body.Run, Request.Context(http), at => new RunCommand.Register(body.Run, body.Policy, body.Labels, at),
            ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : await ShowAsync(body.Run, queries, views, http, ct);
    }

    static async Task<Ok<Page<RunView>>> ListAsync(
        string? after, int? limit, bool? archived, Queries queries, Views views, CancellationToken ct)
    {
        var rows = await queries.RunsAsync(after, Request.Limit(limit) + 1, archived is true, ct);
        var page = new List<RunView>();
        foreach (var row in rows.Take(Request.Limit(limit))) page.Add(await views.OfAsync(row, ct));
        return TypedResults.Ok(new Page<RunView>(page, rows.Count > page.Count ? page[^1].Run.ToString() : null));
    }

    static Task<Results<Ok<RunView>, ProblemResult>> GetAsync(string run, Queries queries, Views views, HttpContext http,
        CancellationToken ct) =>
        ShowAsync(Request.Run(run), queries, views, http, ct);

    static async Task<Results<Ok<LeaseView>, ProblemResult>> TakeLeaseAsync(
        string run, TakeLease body, Ledger ledger, Queries queries, HttpContext http, CancellationToken ct)
    {
        var id = Request.Run(run);
        var decision = await ledger.DecideAsync("run.take-lease", id, Request.Context(http, body.Holder), async (session, token) =>
        {
            var state = await session.RunAsync(id, RunHold.Optimistic, token);
            var until = state is null ? null : await session.LeaseUntilAsync(id, state.Generation, token);
            return new Decided(id.StreamKey, RunDecider.Decide(state, new RunCommand.TakeLease(id, body.Holder, body.WorldSize, until,
                session.Now)));
        }, ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : TypedResults.Ok(await LeaseAsync(id, queries, ct));
    }

    static async Task<Results<Ok<LeaseView>, ProblemResult>> RenewLeaseAsync(
        string run, string generation, RenewLease body, Ledger ledger, Queries queries, HttpContext http, CancellationToken ct)
    {
        var (id, presented) = (Request.Run(run), Request.Generation(generation));
        var decision = await ledger.DecideAsync("run.renew-lease", id, Request.Context(http, body.Holder), async (session, token) =>
        {
            var state = await session.RunAsync(id, RunHold.Optimistic, token);
            var decided = RunDecider.Decide(state, new RunCommand.RenewLease(id, presented, body.Holder, session.Now));
            if (decided is Decision.AlreadyDone) session.Renew(id, presented, session.Now.AddSeconds(state!.LeaseSeconds));
            return new Decided(id.StreamKey, decided);
        }, ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : TypedResults.Ok(await LeaseAsync(id, queries, ct));
    }

    static async Task<Results<NoContent, ProblemResult>> ReleaseLeaseAsync(
        string run, string generation, [FromBody] ReleaseLease body, Ledger ledger, HttpContext http, CancellationToken ct)
    {
        var (id, presented) = (Request.Run(run), Request.Generation(generation));
        var decision = await DecideAsync(
            ledger, "run.release-lease", id, Request.Context(http, body.Holder),
            at => new RunCommand.ReleaseLease(id, presented, body.Holder, body.Reason, at), ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : TypedResults.NoContent();
    }

    static async Task<Results<NoContent, ProblemResult>> JoinRankAsync(
        string run, string generation, string rank, JoinRank body, Ledger ledger, HttpContext http, CancellationToken ct)
    {
        var (id, presented, who) = (Request.Run(run), Request.Generation(generation), Request.Rank(rank));
        var decision = await DecideAsync(
            ledger, "run.join-rank", id, Request.Context(http, body.Actor),
            at => new RunCommand.JoinRank(id, presented, who, body.Host, body.ProcessId, body.Actor, at), ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : TypedResults.NoContent();
    }

    static async Task<Results<Ok<RunView>, ProblemResult>> CompleteAsync(
        string run, CompleteRun body, Ledger ledger, Queries queries, Views views, HttpContext http, CancellationToken ct)
    {
        var id = Request.Run(run);
        var decision = await DecideAsync(
            ledger, "run.complete", id, Request.Context(http, body.Actor),
            at => new RunCommand.CompleteRun(id, body.Generation, body.FinalStep, body.StateDigest, body.Actor, at), ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : await ShowAsync(id, queries, views, http, ct);
    }

    static Task<Decision> DecideAsync(
        Ledger ledger, string useCase, RunId run, CommandContext context, Func<DateTimeOffset, RunCommand> command, CancellationToken ct) =>
        ledger.DecideAsync(useCase, run, context, async (session, token) => new Decided(
            run.StreamKey, RunDecider.Decide(await session.RunAsync(run, RunHold.Optimistic, token), command(session.Now))), ct);

    internal static async Task<Results<Ok<RunView>, ProblemResult>> ShowAsync(RunId run, Queries queries, Views views, HttpContext http,
        CancellationToken ct)
    {
        if (await queries.RunAsync(run, ct) is not { } row) return ProblemResult.From(Refusals.NoSuchRun(run));
        Request.Tag(http, row.Version);
        return TypedResults.Ok(await views.OfAsync(row, ct));
    }

    static async Task<LeaseView> LeaseAsync(RunId run, Queries queries, CancellationToken ct)
    {
        var state = (await queries.RunAsync(run, ct))!.State;
        var until = await queries.LeaseUntilAsync(run, state.Generation, ct);
        return new LeaseView(run, state.Generation, state.Holder!.Value, state.LeaseSeconds, until!.Value);
    }
}
