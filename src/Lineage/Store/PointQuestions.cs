using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Questions;

namespace Lineage.Store;

/// <summary>
/// Asks the pure judge about a slice of a run's record, and about a larger one while that did not settle the answer. What is found in a
/// slice is what would be found in the whole, because both are walked in the same total order.
/// </summary>
/// <param name="first">Candidates of the first slice; a parameter so that a law can make it small.</param>
public sealed class PointQuestions(IPointSource source, int first = PointQuestions.FirstSlice)
{
    public const int FirstSlice = 12, Wider = 8, AncestorsMax = 1_000;

    /// <summary>A walk this long over descent edges is no training run but a damaged store.</summary>
    const int DescentMax = 1_000_000;

    /// <returns>Null if there is no such run.</returns>
    public async Task<PointAnswer?> AskAsync(RunId run, PointQuestion question, CancellationToken ct) =>
        await JudgeAsync(run, question, ct) is var (picture, judgement)
            ? PointJudge.View(run, question, judgement, picture.Checkpoints, picture.Rates, source.AsOf)
            : null;

    /// <summary>As <see cref="AskAsync"/>, before it is put in words.</summary>
    public async Task<(RunPicture Picture, Judgement Judgement)?> JudgeAsync(RunId run, PointQuestion question, CancellationToken ct)
    {
        for (var count = Math.Max(first, question.Limit + (question.Limit / 2)); ; count = checked(count * Wider))
        {
            if (await source.SliceAsync(run, question, count, ct) is not { } slice) return null;
            var judgement = PointJudge.Judge(slice.Picture, question, slice.First.Contains);
            if (judgement.Found.Count == question.Limit || slice.IsAll) return (slice.Picture, judgement);
        }
    }

    /// <summary>The last restore points along the descent of where the run stands, across forks.</summary>
    /// <returns>Null if there is no such run.</returns>
    public async Task<PointAnswer?> AncestryAsync(RunId run, WorldSize? world, int limit, CancellationToken ct)
    {
        if (await source.SliceAsync(run, new PointQuestion.Newest(AtOrBefore: null, world), first, ct) is not { } slice) return null;
        var question = new PointQuestion.AlongDescent(world, limit);
        List<CheckpointOutline> path = [], links = [];
        for (var next = Head(slice.Picture); ;)
        {
            var judgement = PointJudge.AlongDescent(path, links, question);
            if (judgement.Found.Count == limit || next is not { } from || path.Count >= DescentMax)
                return PointJudge.View(run, question, judgement, [], [], source.AsOf);
            var more = await source.DescentAsync(from, Math.Max(first, path.Count + limit + (limit / 2)), withLinks: true, ct);
            path.AddRange(more.Path);
            links.AddRange(more.Links);
            next = more.Path.Count == 0 ? null : more.Next;
        }
    }

    /// <summary>The newest sealed checkpoint of the history; of a fork that has none, its origin.</summary>
    static CheckpointId? Head(RunPicture picture) =>
        picture.ForRestoring().Candidates.FirstOrDefault(static c => c.IsSealed)?.Id ?? picture.Run.Origin;

    /// <returns>Null if there is no such checkpoint.</returns>
    public async Task<AncestorsView?> AncestorsAsync(CheckpointId of, int limit, CancellationToken ct)
    {
        var slice = await source.DescentAsync(of, limit + 1, withLinks: false, ct);
        return slice.Path.Count > 0 ? Descent.View(of, [.. slice.Path.Skip(1)], slice.Next, source.AsOf) : null;
    }

    /// <returns>Null with the name of the one that does not exist.</returns>
    public async Task<(CommonAncestorView? Answer, CheckpointId? Missing)> CommonAsync(CheckpointId a, CheckpointId b, CancellationToken ct)
    {
        var fromA = await PathAsync(a, ct);
        if (fromA.Count == 0) return (null, a);
        var fromB = await PathAsync(b, ct);
        return fromB.Count == 0 ? (null, b) : (Descent.Common(fromA, fromB, source.AsOf), null);
    }

    async Task<IReadOnlyList<CheckpointId>> PathAsync(CheckpointId from, CancellationToken ct)
    {
        List<CheckpointId> path = [];
        for (CheckpointId? next = from; next is { } at && path.Count < DescentMax;)
        {
            var more = await source.PathAsync(at, AncestorsMax, ct);
            path.AddRange(more.Path);
            next = more.Path.Count == 0 ? null : more.Next;
        }

        return path;
    }

    /// <returns>Null if there is no such run.</returns>
    public async Task<BranchesView?> BranchesAsync(RunId run, CancellationToken ct) =>
        await source.SliceAsync(run, new PointQuestion.Newest(AtOrBefore: null, World: null), first, ct) is { } slice
            ? Descent.Branches(slice.Picture, await source.ForksAsync(run, ct), source.AsOf)
            : null;
}
