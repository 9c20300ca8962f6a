using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Narration;
using Lineage.Positions;
using Lineage.Sanity;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>Why the record can be relied on, and where not: evidence, exposure, findings and the continuity of the data.</summary>
static class AssuranceEndpoints
{
    const int DaysDefault = 30, DaysMax = 36_500, SavesMax = 2_000, HistoryMax = 20_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/checkpoints/{run}/{generation}/{step}/evidence", EvidenceAsync).WithName("get-evidence");
        routes.MapGet("/exposure", ExposureAsync).WithName("get-exposure");
        routes.MapGet("/runs/{run}/findings", FindingsAsync).WithName("list-findings");
        routes.MapGet("/runs/{run}/continuity", ContinuityAsync).WithName("get-continuity");
    }

    static async Task<Results<FileContentHttpResult, ProblemResult>> EvidenceAsync(
        string run, string generation, string step, Queries queries, GraphReader graph, EvidenceReader events, TimeProvider clock,
        CancellationToken ct)
    {
        var id = Request.Checkpoint(run, generation, step);
        if (await queries.CheckpointAsync(id, ct) is not { State: var state }) return ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        var links = await queries.WithBasesAsync(id, ct);
        var chain = Chains.ChainBuilder.View(state, links.GetValueOrDefault).Links.Select(static link => link.Checkpoint).ToList();
        var recoveries = await graph.RecoveriesOfAsync(id, ct);
        string[] streams =
        [
            .. chain.Select(static link => link.StreamKey), .. chain.Select(static link => link.Run.StreamKey),
            .. recoveries.Select(static recovery => recovery.StreamKey),
        ];
        var (found, heads) = await events.OfStreamsAsync([.. streams.Distinct(StringComparer.Ordinal)], ct);
        if (found.Count > EvidenceReader.EventsMax)
            return new ProblemResult(Problem.Of(
                ProblemCodes.BadRequest, 413, "Too much for one pack",
                $"The streams of {id} and its chain hold more than {Quantities.Number(EvidenceReader.EventsMax)} events. Nothing was "
                + "changed. Ask for a checkpoint with a shorter chain, or export the trail with 'lineage audit export'."));
        var evidence = new Evidence(Evidence.FormatName, id, clock.GetUtcNow(), chain, heads, found);
        var pack = new EvidencePack(CanonicalJson.Digest(evidence), evidence);
        return TypedResults.Bytes(CanonicalJson.Write(pack), "application/json");
    }

    static async Task<Results<Ok<Exposure>, ProblemResult>> ExposureAsync(
        int? days, string? run, string? after, int? limit, Queries queries, ExposureReader exposure, TimeProvider clock,
        CancellationToken ct)
    {
        var (age, count) = (days ?? DaysDefault, Request.Limit(limit));
        if (age is < 0 or > DaysMax) throw Request.Bad("days", $"{age} is out of range: expected 0-{DaysMax}.");
        RunId? of = run is null ? null : Request.Run(run);
        if (of is { } id && await queries.RunAsync(id, ct) is null) return ProblemResult.From(Refusals.NoSuchRun(id));
        var since = clock.GetUtcNow().AddDays(-age);
        var (due, oldest, page) = await exposure.UncheckedAsync(of, since, TimedCursor.Parse(after), count + 1, ct);
        var (newest, exported, at, filter) = await exposure.SealAsync(ct);
        var shown = page.Take(count).ToList();
        return TypedResults.Ok(new Exposure(
            age, since, due, oldest, shown,
            page.Count > count ? TimedCursor.Text(shown[^1].CheckedAt ?? shown[^1].SealedAt, shown[^1].Checkpoint.ToString()) : null,
            newest, newest - (exported ?? 0), at, Seal(newest, exported, at, filter)));
    }

    /// <summary>Says no more than holds: there is no transparency log, and an export covers what its filter let through.</summary>
    static string Seal(long newest, long? exported, DateTimeOffset? at, string? filter) =>
        "no transparency log is kept: events are linked into a hash chain per stream, which shows a change to whoever holds an earlier "
        + "head; " + (exported is { } known
            ? $"the newest exported heads are of {Refusals.Time(at!.Value)} (filter: {(filter is { Length: > 0 } f ? f : "none")}), so at "
                + $"most {Quantities.Plural(newest - known, "event")} lie behind them"
            : $"no head was ever exported, so nothing outside this database vouches for any of the at most "
                + $"{Quantities.Plural(newest, "event")}");

    static async Task<Results<Ok<SanityReport>, ProblemResult>> FindingsAsync(
        string run, Queries queries, SaveReader saves, CancellationToken ct)
    {
        var id = Request.Run(run);
        if (await queries.RunAsync(id, ct) is null) return ProblemResult.From(Refusals.NoSuchRun(id));
        var newest = await saves.FactsAsync(id, SavesMax + 1, ct);
        var isWhole = newest.Count <= SavesMax;
        var looked = isWhole ? newest : [.. newest.Skip(1)];
        var known = looked.Select(static s => s.Save.Id).ToHashSet();
        var bases = new Dictionary<CheckpointId, Chains.Candidate>();
        foreach (var edge in looked.Select(static s => s.Save.Base?.Checkpoint).OfType<CheckpointId>().Distinct()
            .Where(edge => !known.Contains(edge)))
            if (await queries.CheckpointAsync(edge, ct) is { Candidate: var candidate }) bases[edge] = candidate;
        return TypedResults.Ok(SanityRules.Check(id, looked, isWhole, edge => bases.GetValueOrDefault(edge)));
    }

    static async Task<Results<Ok<DataContinuity>, ProblemResult>> ContinuityAsync(
        string run, Queries queries, SaveReader saves, CancellationToken ct)
    {
        var id = Request.Run(run);
        if (await queries.RunAsync(id, ct) is not { State: var state }) return ProblemResult.From(Refusals.NoSuchRun(id));
        var positions = (await saves.PositionsAsync(id, MetricNames.DataSamples, HistoryMax, ct)).ToList();
        if (state.Origin is { } origin && await queries.CheckpointAsync(origin, ct) is { State: var begun })
            positions.Add(new PositionedSave(origin, begun.Opened.Parent, begun.IsSealed, SaveReader.Whole(
                begun.Marks?.Metrics.GetValueOrDefault(MetricNames.DataSamples))));
        return TypedResults.Ok(Continuity.Of(id, positions, await saves.RestartsAsync(id, ct)));
    }
}
