using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
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
        [FromQuery(Name = "ref")] string? reference, [FromQuery(Name = "as-of")] string? asOf, Queries queries, RunHistories histories,
        NamedPointsReader names, PastReader past, CancellationToken ct)
    {
        var (answer, _) = Request.AsOf(asOf) is { } at ? await FindPastAsync(reference, at, queries, past, ct)
            : await FindAsync(reference, queries, histories, names, ct);
        return answer switch
        {
            ReferenceAnswer.Found found => TypedResults.Ok(new ResolvedReference(reference!, found.Run, found.Checkpoint)),
            ReferenceAnswer.Refused refused => ProblemResult.From(refused.Refusal),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>A run by itself means its newest restore point.</summary>
    static async Task<Results<Ok<RestorePlan>, ProblemResult>> PlanAsync(
        [FromQuery(Name = "ref")] string? reference, string? world, Queries queries, RunHistories histories, NamedPointsReader names,
        HistoryReader restores, Views views, Layouts layouts, CancellationToken ct)
    {
        WorldSize? to = world is null ? null : Request.World(world);
        var (answer, history) = await FindAsync(reference, queries, histories, names, ct);
        if (answer is ReferenceAnswer.Found { Checkpoint: null } whole)
            answer = ReferenceResolver.Resolve(new Reference.LatestVerified(whole.Run.Value), whole.Run, history);
        if (answer is ReferenceAnswer.Refused refused) return ProblemResult.From(refused.Refusal);
        var target = ((ReferenceAnswer.Found)answer).Checkpoint!.Value;
        if (await queries.CheckpointAsync(target, ct) is not { State: var state } || await views.ChainAsync(target, ct) is not { } chain)
            return ProblemResult.From(Refusals.NoSuchCheckpoint(target));
        if (Retention.RetentionDecider.Unrestorable(state) is { } unrestorable) return ProblemResult.From(unrestorable);
        var survey = RestorePointChooser.Survey(history, new RestoreFilter());
        var isBest = survey.Best?.Target.Id == target;
        var rejected = isBest ? survey.NewerRejected : survey.Rejected.Where(r => r.Checkpoint == target);
        var reshard = to is { } wanted ? await ReshardEndpoints.ViewAsync(target, state.Opened.LayoutDigest, wanted, of: null, layouts, ct)
            : default;
        if (reshard.Refused is { } unknown) return unknown;
        var plan = RestoreEstimate.Plan(
            chain, to ?? state.Opened.WorldSize, isBest ? survey.Why : $"{reference} names {target}", [.. rejected],
            await restores.RatesAsync(target.Run, ct));
        return TypedResults.Ok(plan with { Reshard = reshard.View });
    }

    /// <summary>As it was at a time: from the events alone, behind a fork too.</summary>
    static Task<(ReferenceAnswer Answer, History History)> FindPastAsync(
        string? text, DateTimeOffset at, Queries queries, PastReader past, CancellationToken ct) =>
        FindAsync(text, queries, async (reference, run) =>
        {
            if (await past.ReadAsync(run, at, ct) is not { } was)
                return (new ReferenceAnswer.Refused(Refusals.NoSuchRun(run)), History.Empty);
            var picture = was.Picture();
            var history = History.ForWriting(
                picture.Run.Generation, picture.Candidates, picture.Turns,
                new Course(picture.Run.Rewound ?? [], await past.AncestryAsync(picture.Run.Origin, at, RunHistories.AncestorsMax, ct)));
            return (ReferenceResolver.Resolve(reference, run, history, was.Names()), history);
        }, ct);

    static Task<(ReferenceAnswer Answer, History History)> FindAsync(
        string? text, Queries queries, RunHistories histories, NamedPointsReader names, CancellationToken ct) =>
        FindAsync(text, queries, async (reference, run) =>
        {
            var state = (await queries.RunAsync(run, ct))!.State;
            var history = await histories.OfAsync(state, ct);
            return (ReferenceResolver.Resolve(reference, run, history, await names.ReadAsync(state, reference, ct)), history);
        }, ct);

    /// <summary>Reads the text and finds the run that it names.</summary>
    static async Task<(ReferenceAnswer Answer, History History)> FindAsync(
        string? text, Queries queries, Func<Reference, RunId, Task<(ReferenceAnswer Answer, History History)>> resolve,
        CancellationToken ct)
    {
        switch (ReferenceGrammar.Parse(text ?? throw Request.Bad("ref", $"it is missing. Supported forms: {ReferenceGrammar.Supported}.")))
        {
            case ReferenceParse.Refused refused:
                return (new ReferenceAnswer.Refused(refused.Refusal), History.Empty);
            case ReferenceParse.Parsed { Reference: var reference }:
                var owner = ReferenceResolver.Run(reference.Run, await queries.RunNamesAsync(reference.Run, ct));
                return owner is ReferenceAnswer.Found { Run: var run } ? await resolve(reference, run) : (owner, History.Empty);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }
}
