using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Questions;
using Lineage.Resharding;
using Lineage.Restores;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>Tensor layouts, and what a checkpoint is worth on another number of ranks.</summary>
static class ReshardEndpoints
{
    const int PointsDefault = 10, PointsMax = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/layouts/{digest}", PutAsync).WithName("put-layout");
        routes.MapGet("/layouts/{digest}", GetAsync).WithName("get-layout");
        routes.MapGet("/checkpoints/{run}/{generation}/{step}/reshard", ReshardAsync).WithName("plan-reshard");
        routes.MapGet("/runs/{run}/restore-points/compatible", CompatibleAsync).WithName("list-compatible-restore-points");
    }

    /// <summary>Content-addressed: a body that is not what the address says is refused; the same one again changes nothing.</summary>
    static async Task<Results<NoContent, ProblemResult>> PutAsync(
        string digest, TensorLayout body, Layouts layouts, CancellationToken ct)
    {
        var expected = Request.Hash("digest", digest);
        if (body.Objection() is { } objection) throw Request.Bad("layout", objection);
        var got = body.Digest();
        if (got != expected)
            return new ProblemResult(Problem.Of(
                ProblemCodes.LayoutMismatch, 400, "The layout is not the one of that digest",
                $"The layout sent to {expected} has the digest {got}. Nothing was kept. Send it to its own address."));
        await layouts.KeepAsync(got, body, ct);
        return TypedResults.NoContent();
    }

    static async Task<Results<Ok<TensorLayout>, ProblemResult>> GetAsync(string digest, Layouts layouts, CancellationToken ct)
    {
        var hash = Request.Hash("digest", digest);
        return await layouts.FindAsync(hash, ct) is { } layout ? TypedResults.Ok(layout) : NoSuchLayout($"No layout has the digest {hash}");
    }

    static async Task<Results<Ok<ReshardView>, ProblemResult>> ReshardAsync(
        string run, string generation, string step, string world, string? rank, Queries queries, Layouts layouts, CancellationToken ct)
    {
        var (id, to) = (Request.Checkpoint(run, generation, step), Request.World(world));
        var of = rank is null ? (Rank?)null : Request.Rank(rank);
        if (of is { } asked && !to.Contains(asked)) throw Request.Bad("rank", $"{asked} is no rank of a world of {to}.");
        if (await queries.OpenedAsync(id, ct) is not { } opened) return ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        var (view, refused) = await ViewAsync(id, opened.LayoutDigest, to, of, layouts, ct);
        return view is null ? refused! : TypedResults.Ok(view);
    }

    /// <param name="of">Whose pieces are listed; null: nobody's.</param>
    internal static async Task<(ReshardView? View, ProblemResult? Refused)> ViewAsync(
        CheckpointId id, ContentHash layoutDigest, WorldSize to, Rank? of, Layouts layouts, CancellationToken ct)
    {
        if (await layouts.FindAsync(layoutDigest, ct) is not { } layout)
            return (null, NoSuchLayout($"The tensor layout {layoutDigest.Short} of {id} was never told"));
        var plan = ReshardPlan.Of(layout, to);
        return (new ReshardView(
            id, layout.WorldSize, to, plan.IsUsable, plan.Why, plan.Components, plan.Pieces, plan.Bytes, plan.RankBytesMax, of,
            of is { } r ? [.. plan.Of(r)] : null), null);
    }

    static async Task<Results<Ok<CompatiblePoints>, ProblemResult>> CompatibleAsync(
        string run, string world, int? limit, [FromQuery(Name = "as-of")] string? asOf, Asking ask, Layouts layouts, CancellationToken ct)
    {
        var (id, to) = (Request.Run(run), Request.World(world));
        if (limit is < 1 or > PointsMax) throw Request.Bad("limit", $"{limit} is out of range: expected 1-{PointsMax}.");
        var question = new PointQuestion.Newest(AtOrBefore: null, World: null, limit ?? PointsDefault);
        if (await ask.Of(asOf).JudgeAsync(id, question, ct) is not var (_, judgement)) return ProblemResult.From(Refusals.NoSuchRun(id));
        Dictionary<ContentHash, TensorLayout?> known = [];   // points of one run mostly have one layout
        List<CompatiblePoint> points = [];
        foreach (var (_, chain) in judgement.Found)
        {
            var digest = chain.Target.LayoutDigest;
            if (!known.TryGetValue(digest, out var layout)) known[digest] = layout = await layouts.FindAsync(digest, ct);
            points.Add(Judge(chain, layout, to));
        }

        RejectedCandidate[] lost = [.. points.Where(static p => !p.Usable).Select(static p => new RejectedCandidate(
            p.Point.Checkpoint, RejectionReason.ComponentsLost, p.Why))];
        var best = points.Find(static p => p.Usable)?.Point.Checkpoint;
        return TypedResults.Ok(new CompatiblePoints(id, to, best, points, [.. lost, .. judgement.Rejected]));
    }

    static CompatiblePoint Judge(Chain chain, TensorLayout? layout, WorldSize to)
    {
        var (target, view) = (chain.Target, RestorePointChooser.View(chain));
        if (layout is not null)
        {
            var components = ComponentVerdicts.Of(layout, to);
            return new CompatiblePoint(
                view, ComponentVerdicts.IsUsable(components), ComponentVerdicts.Why(components, layout.WorldSize, to), components);
        }

        return target.WorldSize == to
            ? new CompatiblePoint(view, Usable: true, $"saved by {to.Value} ranks, as asked for; its tensor layout was never told", [])
            : new CompatiblePoint(view, Usable: false, $"saved by {target.WorldSize.Value} ranks, and its tensor layout "
                + $"{target.LayoutDigest.Short} was never told: nothing says how to divide it among {to.Value}", []);
    }

    static ProblemResult NoSuchLayout(string what) => new(Problem.Of(
        ProblemCodes.NoSuchLayout, 404, "No such layout",
        $"{what}. Ranks tell it with their first save of that layout; without it nothing says which rows another number of ranks reads."));
}
