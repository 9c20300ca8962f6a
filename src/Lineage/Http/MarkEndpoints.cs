using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Answered = Microsoft.AspNetCore.Http.HttpResults.Results<Microsoft.AspNetCore.Http.HttpResults.Ok<
    Lineage.Contracts.Api.CheckpointView>, Lineage.Http.ProblemResult>;

namespace Lineage.Http;

/// <summary>Pins, holds, metrics and exports of a checkpoint.</summary>
static class MarkEndpoints
{
    const string One = "/checkpoints/{run}/{generation}/{step}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut($"{One}/pin", PinAsync).WithName("pin-checkpoint");
        routes.MapDelete($"{One}/pin", UnpinAsync).WithName("unpin-checkpoint");
        routes.MapPut($"{One}/holds/{{hold}}", PlaceHoldAsync).WithName("place-hold");
        routes.MapDelete($"{One}/holds/{{hold}}", LiftHoldAsync).WithName("lift-hold");
        routes.MapPost($"{One}/metrics", RecordMetricsAsync).WithName("record-metrics");
        routes.MapPost($"{One}/exports", RecordExportAsync).WithName("record-export");
    }

    static Task<Answered> PinAsync(
        string run, string generation, string step, PinCheckpoint body, Ledger ledger, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        return MarkAsync("checkpoint.pin", id, ledger, queries, http, (by, at) =>
            new MarkCommand.Pin(id, by, body.Reason, body.Until, at), ct);
    }

    static Task<Answered> UnpinAsync(
        string run, string generation, string step, [FromBody] UnpinCheckpoint body, Ledger ledger, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        return MarkAsync("checkpoint.unpin", id, ledger, queries, http, (by, at) => new MarkCommand.Unpin(id, by, body.Reason, at), ct);
    }

    static Task<Answered> PlaceHoldAsync(
        string run, string generation, string step, string hold, PlaceHold body, Ledger ledger, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        return MarkAsync("checkpoint.place-hold", id, ledger, queries, http, (by, at) =>
            new MarkCommand.PlaceHold(id, hold, by, body.Reason, at), ct);
    }

    static Task<Answered> LiftHoldAsync(
        string run, string generation, string step, string hold, [FromBody] LiftHold body, Ledger ledger, Queries queries,
        HttpContext http, CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        return MarkAsync("checkpoint.lift-hold", id, ledger, queries, http, (by, at) =>
            new MarkCommand.LiftHold(id, hold, by, body.Reason, at), ct);
    }

    static Task<Answered> RecordMetricsAsync(
        string run, string generation, string step, RecordMetrics body, Ledger ledger, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        return MarkAsync("checkpoint.record-metrics", id, ledger, queries, http, (by, at) =>
            new MarkCommand.RecordMetrics(id, by, body.Metrics, at), ct);
    }

    static Task<Answered> RecordExportAsync(
        string run, string generation, string step, RecordExport body, Ledger ledger, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        return MarkAsync("checkpoint.record-export", id, ledger, queries, http, (by, at) =>
            new MarkCommand.RecordExport(id, by, body.Format, body.Target, body.Bytes, body.Digest, at), ct);
    }

    static async Task<Answered> MarkAsync(
        string useCase, CheckpointId id, Ledger ledger, Queries queries, HttpContext http,
        Func<ActorId, DateTimeOffset, MarkCommand> command, CancellationToken ct)
    {
        var context = Request.Context(http);
        var decision = await ledger.DecideAsync(useCase, id.Run, context, async (session, token) => new Decided(
            id.StreamKey, MarkDecider.Decide(await session.CheckpointAsync(id, token), command(context.Actor, session.Now))), ct);
        return decision is Decision.Refused refused ? ProblemResult.From(refused)
            : await CheckpointEndpoints.ShowAsync(id, queries, http, ct);
    }
}
