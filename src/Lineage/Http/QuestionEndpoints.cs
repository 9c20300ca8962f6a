using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Questions;
using Lineage.Runs;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>Questions about restore points, descent and chains; each also as of a time, from the events up to it.</summary>
static class QuestionEndpoints
{
    const string Points = "/runs/{run}/restore-points", One = "/checkpoints/{run}/{generation}/{step}";

    /// <summary>In place of an interval: the newest spike that is found in the recorded metrics.</summary>
    const string FoundSpike = "auto";

    /// <summary>More points in one answer are refused.</summary>
    const int LimitMax = 200;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet($"{Points}/latest", LatestAsync).WithName("latest-restore-point");
        routes.MapGet($"{Points}/best", BestAsync).WithName("best-restore-point");
        routes.MapGet($"{Points}/cheapest", CheapestAsync).WithName("cheapest-restore-point");
        routes.MapGet($"{Points}/ancestry", AncestryAsync).WithName("restore-points-along-ancestry");
        routes.MapGet($"{One}/ancestors", AncestorsAsync).WithName("get-ancestors");
        routes.MapGet($"{One}/chain", ChainAsync).WithName("get-chain");
        routes.MapGet("/common-ancestor", CommonAsync).WithName("common-ancestor");
        routes.MapGet("/runs/{run}/branches", BranchesAsync).WithName("get-branches");
    }

    static async Task<Results<Ok<PointAnswer>, ProblemResult>> LatestAsync(
        string run, string? world, int? limit, [FromQuery(Name = "at-or-before")] string? atOrBefore,
        [FromQuery(Name = "before-spike")] string? spike, string? metric, [FromQuery(Name = "as-of")] string? asOf, Asking ask,
        SpikeReader spikes, CancellationToken ct)
    {
        if (spike is null)
            return await PointsAsync(run, new PointQuestion.Newest(StepOf(atOrBefore), WorldOf(world), LimitOf(limit)), asOf, ask, ct);
        if (atOrBefore is not null) throw Request.Bad("before-spike", "it excludes at-or-before; give one of them.");
        var (from, to) = spike == FoundSpike ? await FoundAsync(Request.Run(run), metric ?? MetricNames.Loss, asOf, spikes, ct)
            : IntervalOf(spike);
        return await PointsAsync(run, new PointQuestion.BeforeSpike(from, to, WorldOf(world), LimitOf(limit)), asOf, ask, ct);
    }

    static (Step From, Step To) IntervalOf(string spike) =>
        spike.Split("..") is [var from, var to] && Request.Step(from) is var first && Request.Step(to) is var last && first <= last
            ? (first, last)
            : throw Request.Bad(
                "before-spike", $"\"{spike}\" is no interval: expected FROM..TO in steps, for example 1200..1350, or {FoundSpike}.");

    /// <summary>The newest spike that the recorded metrics show now.</summary>
    static async Task<(Step From, Step To)> FoundAsync(
        RunId run, string metric, string? asOf, SpikeReader spikes, CancellationToken ct)
    {
        if (asOf is not null)
            throw Request.Bad("before-spike", $"{FoundSpike} looks at what is recorded now; with as-of name the interval, FROM..TO.");
        if (MetricNames.Objection(metric) is { } objection) throw Request.Bad("metric", objection);
        return await spikes.NewestAsync(run, metric, ct) is { } found
            ? (found.FirstStep, found.LastStep)
            : throw Failure.Of(
                ProblemCodes.NoSpike, 404, "No spike",
                $"Nothing recorded of run {run} shows a spike of {metric}. 'lineage run spikes {run}' says what was looked at; without "
                + "--before-spike the newest restore point is given.");
    }

    static Task<Results<Ok<PointAnswer>, ProblemResult>> BestAsync(
        string run, string? metric, string? order, string? world, int? limit, [FromQuery(Name = "as-of")] string? asOf, Asking ask,
        CancellationToken ct)
    {
        if (metric is not { Length: >= 1 and <= 200 }) throw Request.Bad("metric", "it is missing: name one, for example metric=val_loss.");
        if (order is not (null or "lowest" or "highest")) throw Request.Bad("order", $"\"{order}\" is none: expected lowest or highest.");
        return PointsAsync(
            run, new PointQuestion.Best(metric, order is not "highest", WorldOf(world), LimitOf(limit)), asOf, ask, ct);
    }

    static Task<Results<Ok<PointAnswer>, ProblemResult>> CheapestAsync(
        string run, string? world, int? limit, [FromQuery(Name = "as-of")] string? asOf, Asking ask, CancellationToken ct) =>
        PointsAsync(run, new PointQuestion.Cheapest(WorldOf(world), LimitOf(limit)), asOf, ask, ct);

    static async Task<Results<Ok<PointAnswer>, ProblemResult>> AncestryAsync(
        string run, string? world, int? limit, [FromQuery(Name = "as-of")] string? asOf, Asking ask, CancellationToken ct)
    {
        var id = Request.Run(run);
        return Found(await ask.Of(asOf).AncestryAsync(id, WorldOf(world), LimitOf(limit), ct), id);
    }

    static async Task<Results<Ok<AncestorsView>, ProblemResult>> AncestorsAsync(
        string run, string generation, string step, int? limit, [FromQuery(Name = "as-of")] string? asOf, Asking ask, CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        return await ask.Of(asOf).AncestorsAsync(id, Request.Limit(limit), ct) is { } answer
            ? TypedResults.Ok(answer) : ProblemResult.From(Refusals.NoSuchCheckpoint(id));
    }

    static async Task<Results<Ok<ChainView>, ProblemResult>> ChainAsync(
        string run, string generation, string step, [FromQuery(Name = "as-of")] string? asOf, Asking ask, CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        return await ask.ChainAsync(id, Request.AsOf(asOf), ct) is { } chain
            ? TypedResults.Ok(chain) : ProblemResult.From(Refusals.NoSuchCheckpoint(id));
    }

    static async Task<Results<Ok<CommonAncestorView>, ProblemResult>> CommonAsync(
        string? a, string? b, [FromQuery(Name = "as-of")] string? asOf, Asking ask, CancellationToken ct)
    {
        var (one, other) = (Named("a", a), Named("b", b));
        var (answer, missing) = await ask.Of(asOf).CommonAsync(one, other, ct);
        return answer is null ? ProblemResult.From(Refusals.NoSuchCheckpoint(missing!.Value)) : TypedResults.Ok(answer);
    }

    static async Task<Results<Ok<BranchesView>, ProblemResult>> BranchesAsync(
        string run, [FromQuery(Name = "as-of")] string? asOf, Asking ask, CancellationToken ct)
    {
        var id = Request.Run(run);
        return await ask.Of(asOf).BranchesAsync(id, ct) is { } answer
            ? TypedResults.Ok(answer) : ProblemResult.From(Refusals.NoSuchRun(id));
    }

    static async Task<Results<Ok<PointAnswer>, ProblemResult>> PointsAsync(
        string run, PointQuestion question, string? asOf, Asking ask, CancellationToken ct)
    {
        var id = Request.Run(run);
        return Found(await ask.Of(asOf).AskAsync(id, question, ct), id);
    }

    static Results<Ok<PointAnswer>, ProblemResult> Found(PointAnswer? answer, RunId run) =>
        answer is null ? ProblemResult.From(Refusals.NoSuchRun(run)) : TypedResults.Ok(answer);

    static CheckpointId Named(string name, string? text) =>
        Request.Cursor(text) ?? throw Request.Bad(name, "it is missing: name a checkpoint as run/generation/step.");

    static WorldSize? WorldOf(string? world) => world is null ? null : Request.World(world);

    static Step? StepOf(string? step) => step is null ? null : Request.Step(step);

    static int LimitOf(int? limit) => limit switch
    {
        null => 1,
        < 1 or > LimitMax => throw Request.Bad("limit", $"{Refusals.Number(limit.Value)} is out of range: expected 1-{LimitMax}."),
        { } given => given,
    };
}

/// <summary>Whom a question is put to: the rows, or the events up to a time.</summary>
sealed class Asking(HistoryReader histories, PastReader past, Queries queries, Views views)
{
    public PointQuestions Of(string? asOf) => new(Source(Request.AsOf(asOf)));

    public IPointSource Source(DateTimeOffset? asOf) => asOf is { } at ? Past(at) : histories;

    /// <summary>A checkpoint with its run; null if there is none, or was none then.</summary>
    public async Task<(Checkpoint Checkpoint, Run Run)?> StateAsync(CheckpointId id, DateTimeOffset? asOf, CancellationToken ct)
    {
        if (asOf is { } at)
            return await past.ReadAsync(id.Run, at, ct) is { } was && was.Checkpoints.TryGetValue(id, out var then)
                ? (then, was.Run)
                : null;
        return await queries.CheckpointAsync(id, ct) is { State: var state } && await queries.RunAsync(id.Run, ct) is { State: var owner }
            ? (state, owner)
            : null;
    }

    public async Task<ChainView?> ChainAsync(CheckpointId id, DateTimeOffset? asOf, CancellationToken ct)
    {
        if (asOf is not { } at) return await views.ChainAsync(id, ct);
        return await past.ReadAsync(id.Run, at, ct) is { } run && run.Checkpoints.TryGetValue(id, out var target)
            ? ChainBuilder.View(target, link => run.Checkpoints.GetValueOrDefault(link))
            : null;
    }

    PictureSource Past(DateTimeOffset at) => new(
        at, async (run, ct) => (await past.ReadAsync(run, at, ct))?.Picture(), queries.ForksAsync);
}
