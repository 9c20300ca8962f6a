using Lineage.Bus;
using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>Checkpoints, the facts about them, and what waits for a verification.</summary>
static class CheckpointEndpoints
{
    const string One = "/checkpoints/{run}/{generation}/{step}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut(One, OpenAsync).WithName("open-checkpoint");
        routes.MapGet(One, GetAsync).WithName("get-checkpoint");
        routes.MapPost($"{One}/abandon", AbandonAsync).WithName("abandon-checkpoint");
        routes.MapPost($"{One}/ranks/{{rank}}/failure", FailAsync).WithName("report-rank-failure");
        routes.MapGet($"{One}/manifest", ManifestAsync).WithName("get-manifest").Produces<Contracts.Format.Manifest>();
        routes.MapGet("/runs/{run}/checkpoints", ListAsync).WithName("list-checkpoints");
        routes.MapPost("/messages", PostMessagesAsync).WithName("post-messages");
        routes.MapGet("/verifications/pending", PendingAsync).WithName("list-pending-verifications");
    }

    static async Task<Results<Ok<SavePlan>, ProblemResult>> OpenAsync(
        string run, string generation, string step, OpenCheckpoint body, Ledger ledger, Queries queries, RunHistories histories,
        HttpContext http, CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        var depthMax = 1;
        var decision = await ledger.DecideAsync("checkpoint.open", id.Run, Request.Context(http, body.Actor, body.Correlation),
            async (session, token) =>
        {
            var owner = await session.RunAsync(id.Run, RunHold.Shared, token);
            depthMax = owner?.Policy.DepthMax ?? depthMax;
            var state = await session.CheckpointAsync(id, token);
            var history = owner is null || state is not null ? History.Empty : await histories.ForOpeningAsync(owner, id, token);
            var command = new CheckpointCommand.Open(id, body.WorldSize, body.LayoutDigest, history, body.Actor, RankOf(body.Actor),
                session.Now);
            return new Decided(id.StreamKey, CheckpointDecider.Decide(state, owner, command));
        }, ct);
        if (decision is Decision.Refused refused) return ProblemResult.From(refused);
        var row = (await queries.CheckpointAsync(id, ct))!;
        Request.Tag(http, row.Version);
        return TypedResults.Ok(CheckpointViews.Plan(row.State, depthMax));
    }

    static async Task<Results<Ok<CheckpointView>, ProblemResult>> GetAsync(
        string run, string generation, string step, Queries queries, HttpContext http, CancellationToken ct) =>
        await ShowAsync(Request.Checkpoint(run, generation, step), queries, http, ct);

    static async Task<Results<Ok<CheckpointView>, ProblemResult>> AbandonAsync(
        string run, string generation, string step, AbandonCheckpoint body, Ledger ledger, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        var decision = await DecideAbandonAsync(
            ledger, Request.Context(http, body.Actor), at => new CheckpointCommand.Abandon(id, AbandonCause.Requested, body.Reason, at), id,
            ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : await ShowAsync(id, queries, http, ct);
    }

    static async Task<Results<Ok<CheckpointView>, ProblemResult>> FailAsync(
        string run, string generation, string step, string rank, ReportRankFailure body, Ledger ledger, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var (id, who) = (Request.Checkpoint(run, generation, step), Request.Rank(rank));
        var decision = await DecideAbandonAsync(
            ledger, Request.Context(http, body.Actor, body.Correlation),
            at => new CheckpointCommand.Fail(id, who, body.Code, body.Reason, body.Actor, at), id, ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused) : await ShowAsync(id, queries, http, ct);
    }

    internal static Task<Decision> DecideAbandonAsync(
        Ledger ledger, CommandContext context, Func<DateTimeOffset, CheckpointCommand> command, CheckpointId id,
        CancellationToken ct) =>
        ledger.DecideAsync("checkpoint.abandon", id.Run, context, async (session, token) =>
        {
            var owner = await session.RunAsync(id.Run, RunHold.Shared, token);
            var state = await session.CheckpointAsync(id, token);
            return new Decided(id.StreamKey, CheckpointDecider.Decide(state, owner, command(session.Now)));
        }, ct);

    static async Task<Results<FileContentHttpResult, ProblemResult>> ManifestAsync(
        string run, string generation, string step, Queries queries, CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        if (await queries.CheckpointAsync(id, ct) is not { } row) return ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        return row.State.IsSealed
            ? TypedResults.Bytes(row.State.Manifest().CanonicalBytes(), "application/json")
            : new ProblemResult(Problem.Of(
                ProblemCodes.NotReady, 409, "The checkpoint is not sealed", $"Checkpoint {id} is not sealed, so it has no manifest. Ask " +
                    "again once it is."));
    }

    static async Task<Results<Ok<Page<CheckpointView>>, ProblemResult>> ListAsync(
        string run, string? after, int? limit, Queries queries, CancellationToken ct)
    {
        var id = Request.Run(run);
        if (await queries.RunAsync(id, ct) is null) return ProblemResult.From(Refusals.NoSuchRun(id));
        return TypedResults.Ok(PageOf(await queries.CheckpointsAsync(id, Request.Cursor(after), Request.Limit(limit) + 1, ct),
            Request.Limit(limit)));
    }

    static async Task<Ok<Page<CheckpointView>>> PendingAsync(string? after, int? limit, Queries queries, CancellationToken ct) =>
        TypedResults.Ok(PageOf(await queries.UnverifiedAsync(Request.Cursor(after), Request.Limit(limit) + 1, ct), Request.Limit(limit)));

    /// <summary>
    /// Answered after the commit: what the receipt does not name as refused is on record. While the database is away nothing is accepted.
    /// </summary>
    static async Task<Results<Accepted<FactReceipt>, ProblemResult>> PostMessagesAsync(
        FactBatch body, IFactSink sink, TimeProvider clock, CancellationToken ct)
    {
        if (body.Messages is not { Count: >= 1 and <= FactBatch.MessagesMax })
            throw Request.Bad("messages", $"{body.Messages.Count} messages in one post: expected 1-{FactBatch.MessagesMax}.");
        var now = clock.GetUtcNow();
        var outcomes = await Task.WhenAll(body.Messages.GroupBy(static m => m.Checkpoint)
            .Select(group => sink.RecordAsync(new Delivery(group.Key, [.. group], Carrier.Http, now), ct)));
        RefusedMessage[] refused = [.. outcomes.SelectMany(static o => o)
            .Select(static r => new RefusedMessage(r.Fact.Id.ToString(), r.Code, r.Reason))];
        return TypedResults.Accepted((string?)null, new FactReceipt(body.Messages.Count - refused.Length, refused));
    }

    static Page<CheckpointView> PageOf(IReadOnlyList<CheckpointRow> rows, int limit) => Pages.Of(
        rows, limit, static row => CheckpointViews.View(row.State, row.Version), static row => row.State.Id.ToString());

    internal static async Task<Results<Ok<CheckpointView>, ProblemResult>> ShowAsync(CheckpointId id, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        if (await queries.CheckpointAsync(id, ct) is not { } row) return ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        Request.Tag(http, row.Version);
        return TypedResults.Ok(CheckpointViews.View(row.State, row.Version));
    }

    /// <summary>Ranks name themselves <c>rank:run/generation/rank</c>; anybody else is no rank.</summary>
    static Rank? RankOf(ActorId actor) =>
        actor.ToString().StartsWith("rank:", StringComparison.Ordinal) && actor.ToString().Split('/') is [.., var last]
        && int.TryParse(last, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var rank)
        && rank <= Rank.Max
            ? new Rank(rank)
            : null;
}
