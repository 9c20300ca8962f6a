using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Incidents;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>Telemetry series of a run, and the loss spikes in them.</summary>
static class TelemetryEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/runs/{run}/series", AddAsync).WithName("add-series");
        routes.MapGet("/runs/{run}/series/{name}", ReadAsync).WithName("get-series");
        routes.MapGet("/runs/{run}/spikes", SpikesAsync).WithName("list-spikes");
    }

    /// <summary>Not fenced: a point stands under the generation that measured it, and what a later one turned back from is cut when
    /// read.</summary>
    static async Task<Results<NoContent, ProblemResult>> AddAsync(
        string run, SeriesBatch body, Queries queries, SeriesTable series, CancellationToken ct)
    {
        var id = Request.Run(run);
        if (body.Points is not { Count: >= 1 and <= SeriesBatch.PointsMax })
            throw Request.Bad("points", $"{body.Points?.Count ?? 0} points in one post: expected 1-{SeriesBatch.PointsMax}.");
        foreach (var name in body.Points.Select(static p => p.Name).Distinct(StringComparer.Ordinal))
            if (MetricNames.Objection(name) is { } objection) throw Request.Bad("name", objection);
        if (await queries.RunAsync(id, ct) is not { State: var state }) return ProblemResult.From(Refusals.NoSuchRun(id));
        var newest = body.Points.Max(static p => p.Generation);
        if (newest > state.Generation) return ProblemResult.From(Refusals.UnknownGeneration(state, newest));
        await series.AddAsync(id, body.Points, ct);
        return TypedResults.NoContent();
    }

    static async Task<Results<Ok<Page<SeriesPoint>>, ProblemResult>> ReadAsync(
        string run, string name, string? from, string? to, string? after, int? limit, Queries queries, SeriesTable series,
        CancellationToken ct)
    {
        var (id, count) = (Request.Run(run), Request.Limit(limit));
        if (await queries.RunAsync(id, ct) is null) return ProblemResult.From(Refusals.NoSuchRun(id));
        var found = await series.ReadAsync(id, name, Place(after), StepOf(from), StepOf(to), count + 1, ct);
        return TypedResults.Ok(Pages.Of(
            found, count, p => new SeriesPoint(p.Generation, p.Step, name, p.Value), static p => $"{p.Generation}~{p.Step}"));
    }

    static async Task<Results<Ok<SpikeReport>, ProblemResult>> SpikesAsync(
        string run, string? metric, string? from, int? window, [FromQuery(Name = "warm-up")] int? warmUp, double? threshold, int? min,
        Queries queries, SpikeReader spikes, CancellationToken ct)
    {
        var id = Request.Run(run);
        var standard = SpikeRule.Default;
        var rule = new SpikeRule(window ?? standard.Window, warmUp ?? Math.Min(standard.WarmUp, window ?? standard.Window),
            threshold ?? standard.Threshold, min ?? standard.PointsMin);
        if (rule.Objection() is { } objection) throw Request.Bad("rule", objection);
        if (await queries.RunAsync(id, ct) is null) return ProblemResult.From(Refusals.NoSuchRun(id));
        return TypedResults.Ok(await spikes.OfRunAsync(id, metric ?? MetricNames.Loss, rule, StepOf(from), ct));
    }

    static Step? StepOf(string? text) => text is null ? null : Request.Step(text);

    static (Generation, Step)? Place(string? after) => after is null ? null
        : after.Split('~') is [var g, var s] ? (Request.Generation(g), Request.Step(s))
        : throw Request.Bad("after", string.Create(CultureInfo.InvariantCulture, $"\"{after}\" is no cursor of this list."));
}
