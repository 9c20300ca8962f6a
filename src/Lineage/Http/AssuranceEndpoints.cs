using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Narration;
using Lineage.Positions;
using Lineage.Questions;
using Lineage.Sanity;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
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
        string run, string generation, string step, [FromQuery(Name = "as-of")] string? asOf, Queries queries, GraphReader graph,
        EvidenceReader events, PastReader past, TimeProvider clock, CancellationToken ct)
    {
        var (id, at) = (Request.Checkpoint(run, generation, step), Request.AsOf(asOf));
        if (await (at is { } then ? InvolvedAsync(id, then, past, ct) : InvolvedAsync(id, queries, graph, ct))
            is not var (chain, recoveries)) return ProblemResult.From(Refusals.NoSuchCheckpoint(id));
        string[] streams =
        [
            .. chain.Select(static link => link.StreamKey), .. chain.Select(static link => link.Run.StreamKey),
            .. recoveries.Select(static recovery => recovery.StreamKey),
        ];
        string[] asked = [.. streams.Distinct(StringComparer.Ordinal)];
        var (found, heads) = await (at is { } time ? events.OfStreamsAsync(asked, time, ct) : events.OfStreamsAsync(asked, ct));
        if (found.Count > EvidenceReader.EventsMax)
            return new ProblemResult(Problem.Of(
                ProblemCodes.BadRequest, 413, "Too much for one pack",
                $"The streams of {id} and its chain hold more than {Quantities.Number(EvidenceReader.EventsMax)} events. Nothing was "
                + "changed. Ask for a checkpoint with a shorter chain, or export the trail with 'lineage audit export'."));
        var evidence = new Evidence(Evidence.FormatName, id, clock.GetUtcNow(), chain, heads, found, at);
        var pack = new EvidencePack(CanonicalJson.Digest(evidence), evidence);
        return TypedResults.Bytes(CanonicalJson.Write(pack), "application/json");
    }

    /// <summary>Its chain, and the recoveries that chose it; null if there is no such checkpoint.</summary>
    static async Task<(List<CheckpointId> Chain, IReadOnlyList<RecoveryId> Recoveries)?> InvolvedAsync(
        CheckpointId id, Queries queries, GraphReader graph, CancellationToken ct)
    {
        if (await queries.CheckpointAsync(id, ct) is not { State: var state }) return null;
        var links = await queries.WithBasesAsync(id, ct);
        return (Links(state, links.GetValueOrDefault), await graph.RecoveriesOfAsync(id, ct));
    }

    static async Task<(List<CheckpointId> Chain, IReadOnlyList<RecoveryId> Recoveries)?> InvolvedAsync(
        CheckpointId id, DateTimeOffset at, PastReader past, CancellationToken ct)
    {
        if (await past.ReadAsync(id.Run, at, ct) is not { } was || !was.Checkpoints.TryGetValue(id, out var state)) return null;
        var runs = (await past.ForksAsync(id.Run, at, ct)).Prepend(was);
        return (Links(state, was.Checkpoints.GetValueOrDefault),
            [.. runs.SelectMany(static r => r.Recoveries).Where(r => r.Choices.Contains(id)).Select(static r => r.State.Id)]);
    }

    static List<CheckpointId> Links(Checkpoint target, Func<CheckpointId, Checkpoint?> find) =>
        [.. Chains.ChainBuilder.View(target, find).Links.Select(static link => link.Checkpoint)];

    static async Task<Results<Ok<Exposure>, ProblemResult>> ExposureAsync(
        int? days, string? run, string? after, int? limit, [FromQuery(Name = "as-of")] string? asOf, Queries queries,
        ExposureReader exposure, PastReader past, TimeProvider clock, CancellationToken ct)
    {
        var (age, count, at) = (days ?? DaysDefault, Request.Limit(limit), Request.AsOf(asOf));
        if (age is < 0 or > DaysMax) throw Request.Bad("days", $"{age} is out of range: expected 0-{DaysMax}.");
        RunId? of = run is null ? null : Request.Run(run);
        if (of is null && at is not null) throw Request.RunMissing("as-of");
        var since = (at ?? clock.GetUtcNow()).AddDays(-age);
        var was = at is { } time ? await past.ReadAsync(of!.Value, time, ct) : null;
        if (of is { } id && (at is null ? await queries.RunAsync(id, ct) is null : was is null))
            return ProblemResult.From(Refusals.NoSuchRun(id));
        var (due, oldest, page) = was is null
            ? await exposure.UncheckedAsync(of, since, TimedCursor.Parse(after), count + 1, ct)
            : Unchecked(was, since, TimedCursor.Parse(after), count + 1);
        var (newest, exported, exportedAt, filter) = await exposure.SealAsync(at, ct);
        var shown = page.Take(count).ToList();
        return TypedResults.Ok(new Exposure(
            age, since, due, oldest, shown, page.Count > count ? Place(shown[^1]) : null, newest, newest - (exported ?? 0), exportedAt,
            Seal(newest, exported, exportedAt, filter)));
    }

    static (long Count, DateTimeOffset? Oldest, IReadOnlyList<UncheckedCheckpoint> Page) Unchecked(
        PastRun was, DateTimeOffset since, (DateTimeOffset At, string Id)? after, int limit)
    {
        var all = PastAnswers.Unchecked(was, since).ToList();
        var page = all.Where(c => after is not { } seen || (c.CheckedAt ?? c.SealedAt) > seen.At
            || ((c.CheckedAt ?? c.SealedAt) == seen.At && string.CompareOrdinal(c.Checkpoint.ToString(), seen.Id) > 0));
        return (Math.Min(all.Count, ExposureReader.CountMax), all.Count > 0 ? all[0].CheckedAt ?? all[0].SealedAt : null,
            [.. page.Take(limit)]);
    }

    static string Place(UncheckedCheckpoint c) => TimedCursor.Text(c.CheckedAt ?? c.SealedAt, c.Checkpoint.ToString());

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
        string run, [FromQuery(Name = "as-of")] string? asOf, Queries queries, SaveReader saves, PastReader past, CancellationToken ct)
    {
        var id = Request.Run(run);
        if (Request.AsOf(asOf) is { } at)
            return await past.ReadAsync(id, at, ct) is { } was
                ? TypedResults.Ok(Continuity.Of(
                    id, [.. PastAnswers.Positions(was), .. await OriginAsync(was, past, ct)], [.. PastAnswers.Restarts(was)]))
                : ProblemResult.From(Refusals.NoSuchRun(id));
        if (await queries.RunAsync(id, ct) is not { State: var state }) return ProblemResult.From(Refusals.NoSuchRun(id));
        var positions = (await saves.PositionsAsync(id, MetricNames.DataSamples, HistoryMax, ct)).ToList();
        if (state.Origin is { } origin && await queries.CheckpointAsync(origin, ct) is { State: var begun })
            positions.Add(PastAnswers.Position(begun));
        return TypedResults.Ok(Continuity.Of(id, positions, await saves.RestartsAsync(id, ct)));
    }

    /// <summary>The save that a forked run goes on from.</summary>
    static async Task<IEnumerable<PositionedSave>> OriginAsync(PastRun was, PastReader past, CancellationToken ct) =>
        was.Run.Origin is { } origin && await past.ReadAsync(origin.Run, was.At, ct) is { } before
            && before.Checkpoints.TryGetValue(origin, out var begun)
                ? [PastAnswers.Position(begun)]
                : [];
}
