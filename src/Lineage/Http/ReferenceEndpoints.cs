using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Decisions;
using Lineage.References;
using Lineage.Restores;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>What a reference names, and how to rebuild it.</summary>
static class ReferenceEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/resolve", ResolveAsync).WithName("resolve");
        routes.MapGet("/restore-plans", PlanAsync).WithName("plan-restore");
    }

    static async Task<Results<Ok<ResolvedReference>, ProblemResult>> ResolveAsync(
        [FromQuery(Name = "ref")] string? reference, [FromQuery(Name = "as-of")] string? asOf, Queries queries, HistoryReader histories,
        PastReader past, CancellationToken ct)
    {
        var (answer, _) = await FindAsync(reference, Request.AsOf(asOf), queries, histories, past, ct);
        return answer switch
        {
            ReferenceAnswer.Found found => TypedResults.Ok(new ResolvedReference(reference!, found.Run, found.Checkpoint)),
            ReferenceAnswer.Refused refused => ProblemResult.From(refused.Refusal),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>A run by itself means its newest restore point.</summary>
    static async Task<Results<Ok<RestorePlan>, ProblemResult>> PlanAsync(
        [FromQuery(Name = "ref")] string? reference, Queries queries, HistoryReader histories, PastReader past, Views views,
        CancellationToken ct)
    {
        var (answer, history) = await FindAsync(reference, asOf: null, queries, histories, past, ct);
        if (answer is ReferenceAnswer.Found { Checkpoint: null } whole)
            answer = ReferenceResolver.Resolve(new Reference.LatestVerified(whole.Run.Value), whole.Run, history);
        if (answer is ReferenceAnswer.Refused refused) return ProblemResult.From(refused.Refusal);
        var target = ((ReferenceAnswer.Found)answer).Checkpoint!.Value;
        if (await queries.CheckpointAsync(target, ct) is not { State: var state } || await views.ChainAsync(target, ct) is not { } chain)
            return ProblemResult.From(Refusals.NoSuchCheckpoint(target));
        var survey = RestorePointChooser.Survey(history, new RestoreFilter());
        var isBest = survey.Best?.Target.Id == target;
        var rejected = isBest ? survey.NewerRejected : survey.Rejected.Where(r => r.Checkpoint == target);
        return TypedResults.Ok(RestoreEstimate.Plan(
            chain, state.Opened.WorldSize, isBest ? survey.Why : $"{reference} names {target}", [.. rejected],
            await histories.RatesAsync(target.Run, ct)));
    }

    static async Task<(ReferenceAnswer Answer, History History)> FindAsync(
        string? text, DateTimeOffset? asOf, Queries queries, HistoryReader histories, PastReader past, CancellationToken ct)
    {
        switch (ReferenceGrammar.Parse(text ?? throw Request.Bad("ref", $"it is missing. Supported forms: {ReferenceGrammar.Supported}.")))
        {
            case ReferenceParse.Refused refused:
                return (new ReferenceAnswer.Refused(refused.Refusal), History.Empty);
            case ReferenceParse.Parsed { Reference: var reference }:
                var owner = ReferenceResolver.Run(reference.Run, await queries.RunNamesAsync(reference.Run, ct));
                if (owner is not ReferenceAnswer.Found { Run: var run }) return (owner, History.Empty);
                var picture = asOf is { } at ? (await past.ReadAsync(run, at, ct))?.Picture() : await histories.WholeAsync(run, ct);
                if (picture is null) return (new ReferenceAnswer.Refused(Refusals.NoSuchRun(run)), History.Empty);
                var history = picture.ForWriting(picture.Run.Generation);
                return (ReferenceResolver.Resolve(reference, run, history), history);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }
}
