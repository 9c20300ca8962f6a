using Lineage.Contracts.Api;
using Lineage.Decisions;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>A checkpoint that was stored anew without its base.</summary>
static class RebaseEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/checkpoints/{run}/{generation}/{step}/base", RebaseAsync).WithName("rebase-checkpoint");

    static async Task<Results<Ok<CheckpointView>, ProblemResult>> RebaseAsync(
        string run, string generation, string step, RebaseCheckpoint body, RebaseLedger ledger, Queries queries, HttpContext http,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        var decision = await ledger.RebaseAsync(id, body, Request.Context(http, body.Actor), ct);
        return decision is Decision.Refused refused
            ? ProblemResult.From(refused)
            : await CheckpointEndpoints.ShowAsync(id, queries, http, ct);
    }
}
