using System.Globalization;
using Lineage.Checkpoints;
using Lineage.Comparisons;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Questions;
using Lineage.Store;
using Lineage.Upcasting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>Questions to the graph: what hangs on a checkpoint, how two differ, who restored what, which saves are incomplete.</summary>
static class GraphEndpoints
{
    const string One = "/checkpoints/{run}/{generation}/{step}";

    /// <summary>More events between two checkpoints are not listed; the log has them.</summary>
    const int BetweenMax = 100;

    /// <summary>Longest walk from a checkpoint up to the ancestor that it shares with another.</summary>
    const int AncestorsMax = 10_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet($"{One}/blast-radius", BlastRadiusAsync).WithName("get-blast-radius");
        routes.MapGet($"{One}/restores", RestoresOfCheckpointAsync).WithName("list-restores-of-checkpoint");
        routes.MapGet("/runs/{run}/restores", RestoresOfRunAsync).WithName("list-restores-of-run");
        routes.MapGet("/checkpoints/compare", CompareAsync).WithName("compare-checkpoints");
        routes.MapGet("/saves/incomplete", IncompleteAsync).WithName("list-incomplete-saves");
    }

    static async Task<Results<Ok<BlastRadius>, ProblemResult>> BlastRadiusAsync(
        string run, string generation, string step, string? after, int? limit, [FromQuery(Name = "as-of")] string? asOf,
        Queries queries, GraphReader graph, PastReader past, TimeProvider clock, CancellationToken ct)
    {
        var (id, count) = (Request.Checkpoint(run, generation, step), Request.Limit(limit));
        if (Request.AsOf(asOf) is { } at)
            return await past.ReadAsync(id.Run, at, ct) is { } was && was.Checkpoints.TryGetValue(id, out var then)
                ? TypedResults.Ok(BlastRadii.View(
                    id, then.Phase, PastGraph.Below(was, await past.ForksAsync(id.Run, at, ct), id, Place(after), count + 1,
                        GraphReader.AffectedMax), count, isWhole: true))
                : ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        if (await queries.CheckpointAsync(id, ct) is not { State: var state }) return ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        var reach = await graph.DependantsAsync(id, Place(after), count + 1, clock.GetUtcNow(), ct);
        return TypedResults.Ok(BlastRadii.View(id, state.Phase, reach, count, isWhole: reach.Count < GraphReader.DependantsMax));
    }

    /// <summary>Of a dependant: <c>distance~id</c>.</summary>
    static (int Distance, string Id)? Place(string? after) => after is null ? null
        : after.Split('~') is [var distance, var id] && CheckpointId.TryParse(id, out _)
            && int.TryParse(distance, NumberStyles.None, CultureInfo.InvariantCulture, out var far)
                ? (far, id)
                : throw Request.Bad("after", $"\"{after}\" is no cursor of this list: pass on what \"next\" said.");

    static async Task<Results<Ok<Page<Restoration>>, ProblemResult>> RestoresOfCheckpointAsync(
        string run, string generation, string step, string? after, int? limit, [FromQuery(Name = "as-of")] string? asOf,
        Queries queries, RestorationReader restorations, PastReader past, CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        if (Request.AsOf(asOf) is { } at)
            return await past.ReadAsync(id.Run, at, ct) is { } was && was.Checkpoints.ContainsKey(id)
                ? TypedResults.Ok(Restores(was, id, after, Request.Limit(limit)))
                : ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        if (await queries.CheckpointAsync(id, ct) is null) return ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        return TypedResults.Ok(await RestoresAsync(id.Run, id, after, Request.Limit(limit), restorations, ct));
    }

    static async Task<Results<Ok<Page<Restoration>>, ProblemResult>> RestoresOfRunAsync(
        string run, string? after, int? limit, [FromQuery(Name = "as-of")] string? asOf, Queries queries, RestorationReader restorations,
        PastReader past, CancellationToken ct)
    {
        var id = Request.Run(run);
        if (Request.AsOf(asOf) is { } at)
            return await past.ReadAsync(id, at, ct) is { } was
                ? TypedResults.Ok(Restores(was, of: null, after, Request.Limit(limit)))
                : ProblemResult.From(Refusals.NoSuchRun(id));
        if (await queries.RunAsync(id, ct) is null) return ProblemResult.From(Refusals.NoSuchRun(id));
        return TypedResults.Ok(await RestoresAsync(id, of: null, after, Request.Limit(limit), restorations, ct));
    }

    static async Task<Page<Restoration>> RestoresAsync(
        RunId run, CheckpointId? of, string? after, int limit, RestorationReader restorations, CancellationToken ct)
    {
        var found = await restorations.ListAsync(run, of, TimedCursor.Parse(after), limit + 1, ct);
        return Pages.Of(found, limit, Place);
    }

    static Page<Restoration> Restores(PastRun past, CheckpointId? of, string? after, int limit) =>
        Pages.Of([.. PastAnswers.Restores(past, of, TimedCursor.Parse(after)).Take(limit + 1)], limit, Place);

    static string Place(Restoration r) => TimedCursor.Text(r.At, r.Kind == RestorationKind.Recovery ? $"recovery/{r.Name}" : r.Name);

    static async Task<Results<Ok<CheckpointComparison>, ProblemResult>> CompareAsync(
        string? a, string? b, [FromQuery(Name = "as-of")] string? asOf, Asking ask, EvidenceReader events, CancellationToken ct)
    {
        var (left, right, at) = (Named("a", a), Named("b", b), Request.AsOf(asOf));
        var (source, sides) = (ask.Source(at), new List<ComparedCheckpoint>());
        foreach (var id in new[] { left, right })
        {
            if (await ask.StateAsync(id, at, ct) is not var (state, owner)) return ProblemResult.From(Refusals.NoSuchCheckpoint(id));
            sides.Add(new ComparedCheckpoint(state, owner, (await source.PathAsync(id, AncestorsMax, ct)).Path));
        }

        var times = sides.Select(static s => s.State.Opened.OpenedAt).Order().ToList();
        var between = await events.BetweenAsync([.. sides.Select(static s => s.Run.Id).Distinct()], times[0], times[1], BetweenMax + 1, ct);
        return TypedResults.Ok(CheckpointComparisons.Of(
            sides[0], sides[1], [.. between.Take(BetweenMax).Select(Told)], between.Count > BetweenMax));
    }

    static BetweenEvent Told(EvidenceEvent e) => new(e.Sequence, e.Stream, e.Name, e.At, EventReader.Today.Tell(e.Name, e.Body));

    static CheckpointId Named(string name, string? text) => Request.Cursor(text)
        ?? throw Request.Bad(name, "it is missing: expected run/generation/step, for example a=demo/1/120.");

    static async Task<Results<Ok<Page<IncompleteSave>>, ProblemResult>> IncompleteAsync(
        string? run, bool? abandoned, string? after, int? limit, [FromQuery(Name = "as-of")] string? asOf, Queries queries,
        SaveReader saves, PastReader past, CancellationToken ct)
    {
        RunId? of = run is null ? null : Request.Run(run);
        var count = Request.Limit(limit);
        if (Request.AsOf(asOf) is { } at)
        {
            var named = of ?? throw Request.RunMissing("as-of");
            if (await past.ReadAsync(named, at, ct) is not { } was) return ProblemResult.From(Refusals.NoSuchRun(named));
            var then = PastAnswers.Incomplete(was, abandoned ?? false, Request.Cursor(after)).Take(count + 1).ToList();
            return TypedResults.Ok(Pages.Of(then, count, IncompleteSaves.View, static save => save.Id.ToString()));
        }

        if (of is { } id && await queries.RunAsync(id, ct) is null) return ProblemResult.From(Refusals.NoSuchRun(id));
        var found = await saves.IncompleteAsync(of, abandoned ?? false, Request.Cursor(after), count + 1, ct);
        return TypedResults.Ok(Pages.Of(found, count, IncompleteSaves.View, static save => save.Id.ToString()));
    }
}

/// <summary>A place in a list that is ordered by time, then name: <c>time~name</c>.</summary>
static class TimedCursor
{
    public static string Text(DateTimeOffset at, string name) => $"{at.ToUniversalTime():O}~{name}";

    public static (DateTimeOffset At, string Name)? Parse(string? after)
    {
        if (after is null) return null;
        var cut = after.IndexOf('~', StringComparison.Ordinal);
        return cut > 0 && DateTimeOffset.TryParseExact(
            after[..cut], "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                ? (at, after[(cut + 1)..])
                : throw Request.Bad("after", $"\"{after}\" is no cursor of this list: pass on what \"next\" said.");
    }
}
