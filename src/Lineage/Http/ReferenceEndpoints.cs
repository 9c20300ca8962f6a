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
        [FromQuery(Name = "ref")] string? reference, Queries queries, RunHistories histories, NamedPointsReader names,
        CancellationToken ct)
    {
        var (answer, _) = await FindAsync(reference, queries, histories, names, ct);
        return answer switch
        {
            ReferenceAnswer.Found found => TypedResults.Ok(new ResolvedReference(reference!, found.Run, found.Checkpoint)),
            ReferenceAnswer.Refused refused => ProblemResult.From(refused.Refusal),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>A run by itself means its newest restore point.</summary>
    static async Task<Results<Ok<RestorePlan>, ProblemResult>> PlanAsync(
        [FromQuery(Name = "ref")] string? reference, Queries queries, RunHistories histories, NamedPointsReader names,
        HistoryReader restores, Views views, CancellationToken ct)
    {
        var (answer, history) = await FindAsync(reference, queries, histories, names, ct);
        if (answer is ReferenceAnswer.Found { Checkpoint: null } whole)
            answer = ReferenceResolver.Resolve(new Reference.LatestVerified(whole.Run.Value), whole.Run, history);
        if (answer is ReferenceAnswer.Refused refused) return ProblemResult.From(refused.Refusal);
        var target = ((ReferenceAnswer.Found)answer).Checkpoint!.Value;
        if (await queries.CheckpointAsync(target, ct) is not { State: var state })
            return ProblemResult.From(Refusals.NoSuchCheckpoint(target));
        if (Retention.RetentionDecider.Unrestorable(state) is { } unrestorable) return ProblemResult.From(unrestorable);
        var survey = RestorePointChooser.Survey(history, new RestoreFilter());
        var isBest = survey.Best?.Target.Id == target;
        var rejected = isBest ? survey.NewerRejected : survey.Rejected.Where(r => r.Checkpoint == target);
        return TypedResults.Ok(RestoreEstimate.Plan(
            await views.ChainAsync(state, ct), state.Opened.WorldSize, isBest ? survey.Why : $"{reference} names {target}", [.. rejected],
            await restores.RestoredRanksAsync(target.Run, ct)));
    }

    static async Task<(ReferenceAnswer Answer, History History)> FindAsync(
        string? text, Queries queries, RunHistories histories, NamedPointsReader names, CancellationToken ct)
    {
        switch (ReferenceGrammar.Parse(text ?? throw Request.Bad("ref", $"it is missing. Supported forms: {ReferenceGrammar.Supported}.")))
        {
            case ReferenceParse.Refused refused:
                return (new ReferenceAnswer.Refused(refused.Refusal), History.Empty);
            case ReferenceParse.Parsed { Reference: var reference }:
                var owner = ReferenceResolver.Run(reference.Run, await queries.RunNamesAsync(reference.Run, ct));
                if (owner is not ReferenceAnswer.Found { Run: var run }) return (owner, History.Empty);
                var state = (await queries.RunAsync(run, ct))!.State;
                var history = await histories.OfAsync(state, ct);
                return (ReferenceResolver.Resolve(reference, run, history, await names.ReadAsync(state, reference, ct)), history);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }
}
