using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Runs;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Answered = Microsoft.AspNetCore.Http.HttpResults.Results<Microsoft.AspNetCore.Http.HttpResults.Ok<
    Lineage.Contracts.Api.RunView>, Lineage.Http.ProblemResult>;

namespace Lineage.Http;

/// <summary>What people decide about a run: tags, policies, rewinds, forks, and that it is over.</summary>
static class RunChangeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/runs/{run}/tags/{tag}", PlaceTagAsync).WithName("place-tag");
        routes.MapDelete("/runs/{run}/tags/{tag}", RemoveTagAsync).WithName("remove-tag");
        routes.MapPut("/runs/{run}/policy", ChangePolicyAsync).WithName("change-policy");
        routes.MapPut("/runs/{run}/retention", ChangeRetentionAsync).WithName("change-retention");
        routes.MapPost("/runs/{run}/rewinds", RewindAsync).WithName("rewind-run");
        routes.MapPost("/runs/{run}/archive", ArchiveAsync).WithName("archive-run");
        routes.MapPost("/runs/{run}/forks", ForkAsync).WithName("fork-run");
    }

    /// <summary>Held exclusively, so that what is tagged cannot expire in between: retention holds the run too when it decides.</summary>
    static Task<Answered> PlaceTagAsync(
        string run, string tag, PlaceTag body, Ledger ledger, Queries queries, Views views, HttpContext http, CancellationToken ct)
    {
        var id = Request.Run(run);
        return ChangeAsync("run.place-tag", id, RunHold.Exclusive, ledger, queries, views, http, async (session, _, token) =>
        {
            var target = await session.CheckpointAsync(body.Checkpoint, token);
            return new RunChange.PlaceTag(id, tag, body.Checkpoint, target, body.Before, session.Now);
        }, ct);
    }

    static Task<Answered> RemoveTagAsync(
        string run, string tag, Ledger ledger, Queries queries, Views views, HttpContext http, CancellationToken ct)
    {
        var id = Request.Run(run);
        return ChangeAsync("run.remove-tag", id, RunHold.Optimistic, ledger, queries, views, http, (session, _, _) =>
            Task.FromResult<RunChange>(new RunChange.RemoveTag(id, tag, session.Now)), ct);
    }

    static Task<Answered> ChangePolicyAsync(
        string run, ChangePolicy body, Ledger ledger, Queries queries, Views views, HttpContext http, CancellationToken ct)
    {
        var id = Request.Run(run);
        return ChangeAsync("run.change-policy", id, RunHold.Optimistic, ledger, queries, views, http, (session, _, _) =>
            Task.FromResult<RunChange>(new RunChange.ChangePolicy(id, body.Policy, body.Reason, session.Now)), ct);
    }

    static Task<Answered> ChangeRetentionAsync(
        string run, ChangeRetention body, Ledger ledger, Queries queries, Views views, HttpContext http, CancellationToken ct)
    {
        var id = Request.Run(run);
        return ChangeAsync("run.change-retention", id, RunHold.Optimistic, ledger, queries, views, http, (session, _, _) =>
            Task.FromResult<RunChange>(new RunChange.ChangeRetention(id, body.Policy, body.Reason, session.Now)), ct);
    }

    static Task<Answered> RewindAsync(
        string run, RewindRun body, Ledger ledger, Queries queries, Views views, RunHistories histories, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Run(run);
        return ChangeAsync("run.rewind", id, RunHold.Exclusive, ledger, queries, views, http, async (session, state, token) =>
        {
            var history = state is null ? History.Empty
                : await histories.ForRestoringAsync(state, new Generation(state.Generation.Value + 1), token);
            return new RunChange.Rewind(id, body.To, body.Reason, history, await LeaseAsync(session, state, token), session.Now);
        }, ct);
    }

    static Task<Answered> ArchiveAsync(
        string run, ArchiveRun body, Ledger ledger, Queries queries, Views views, HttpContext http, CancellationToken ct)
    {
        var id = Request.Run(run);
        return ChangeAsync("run.archive", id, RunHold.Exclusive, ledger, queries, views, http, async (session, state, token) =>
            new RunChange.Archive(id, body.Reason, await LeaseAsync(session, state, token), session.Now), ct);
    }

    /// <summary>The other run is only read: what its stream says cannot make a fork of a sealed checkpoint wrong. It is held shared all the
    /// same, so that the checkpoint cannot expire in between.</summary>
    static Task<Answered> ForkAsync(
        string run, ForkRun body, Ledger ledger, Queries queries, Views views, HttpContext http, CancellationToken ct)
    {
        var id = Request.Run(run);
        if (body.From.Run != id)
            throw Request.Bad("from", $"{body.From} is no checkpoint of run {id}; send the fork to the run that it belongs to.");
        return ChangeAsync("run.fork", body.Run, RunHold.Optimistic, ledger, queries, views, http, async (session, _, token) =>
        {
            var origin = await session.RunAsync(id, RunHold.Shared, token);
            var chain = await session.CheckpointAsync(body.From, token) is { } target
                ? Built(target, await queries.WithBasesAsync(body.From, token))
                : null;
            return new RunChange.Fork(
                body.Run, body.From, origin, chain, body.Policy, body.Labels, body.Reason, session.Now);
        }, ct);
    }

    static Chain Built(Checkpoint target, IReadOnlyDictionary<CheckpointId, Checkpoint> links) => ChainBuilder.Build(
        Candidate.Of(target), link => links.TryGetValue(link, out var found) ? Candidate.Of(found) : null);

    static async Task<DateTimeOffset?> LeaseAsync(LedgerSession session, Run? state, CancellationToken ct) =>
        state is null ? null : await session.LeaseUntilAsync(state.Id, state.Generation, ct);

    static async Task<Answered> ChangeAsync(
        string useCase, RunId run, RunHold hold, Ledger ledger, Queries queries, Views views, HttpContext http,
        Func<LedgerSession, Run?, CancellationToken, Task<RunChange>> command, CancellationToken ct)
    {
        var decision = await ledger.DecideAsync(useCase, run, Request.Context(http), async (session, token) =>
        {
            var state = await session.RunAsync(run, hold, token);
            return new Decided(run.StreamKey, RunChangeDecider.Decide(state, await command(session, state, token)));
        }, ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused)
            : await RunEndpoints.ShowAsync(run, queries, views, http, ct);
    }
}
