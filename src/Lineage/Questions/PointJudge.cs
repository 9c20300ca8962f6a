using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;

namespace Lineage.Questions;

/// <summary>What came of walking candidates in the order of a question.</summary>
/// <param name="Rejected">Those that come before the last one found; all others, if fewer were found than wanted.</param>
public sealed record Judgement(IReadOnlyList<(CheckpointOutline Outline, Chain Chain)> Found, IReadOnlyList<RejectedCandidate> Rejected);

/// <summary>
/// Answers questions about restore points from a picture of a run. The rules of being a restore point are
/// <see cref="RestorePointChooser.Reject"/>'s alone; here is only the order in which candidates are asked. Pure: the same picture, live,
/// sliced or of the past, gives the same answer.
/// </summary>
public static class PointJudge
{
    /// <param name="isLookedAt">Of a slice: whether this checkpoint is one of the first in the order, and not only a link or a
    /// generation's newest. Null: the picture is whole.</param>
    public static Judgement Judge(RunPicture picture, PointQuestion question, Func<CheckpointId, bool>? isLookedAt = null)
    {
        var history = picture.ForRestoring();
        var off = history.Off.Select(static c => c.Id).ToHashSet();
        var looked = isLookedAt is null ? picture.Checkpoints : picture.Checkpoints.Where(c => isLookedAt(c.Id));
        return Walk(
            question.InOrder(looked), Finder(picture.Checkpoints), question,
            candidate => off.Contains(candidate.Id) ? history.WhyOff(candidate) : null);
    }

    /// <summary>Along the descent of a checkpoint: every ancestor is on its own line, whatever its run did since.</summary>
    /// <param name="path">Nearest first.</param>
    /// <param name="links">What the chains of the path are built on, and the path itself.</param>
    public static Judgement AlongDescent(
        IEnumerable<CheckpointOutline> path, IEnumerable<CheckpointOutline> links, PointQuestion question) =>
        Walk(path, Finder(links), question, static _ => null);

    static Judgement Walk(
        IEnumerable<CheckpointOutline> order, Func<CheckpointId, Candidate?> find, PointQuestion question,
        Func<Candidate, string?> whyOff)
    {
        List<(CheckpointOutline, Chain)> found = [];
        List<RejectedCandidate> rejected = [];
        var filter = new RestoreFilter(question.World);
        foreach (var outline in order)
        {
            if (found.Count == question.Limit) break;
            var chain = ChainBuilder.Build(outline.Candidate, find);
            var rejection = RestorePointChooser.Reject(chain, filter, whyOff(outline.Candidate));
            if (rejection is null && question.Objection(outline) is var (reason, detail))
                rejection = new RejectedCandidate(outline.Id, reason, detail);
            if (rejection is null) found.Add((outline, chain));
            else rejected.Add(rejection);
        }

        return new Judgement(found, rejected);
    }

    public static Func<CheckpointId, Candidate?> Finder(IEnumerable<CheckpointOutline> known)
    {
        Dictionary<CheckpointId, Candidate> byId = [];
        foreach (var outline in known) byId[outline.Id] = outline.Candidate;
        return id => byId.GetValueOrDefault(id);
    }

    /// <param name="links">Where the outlines of the links are found, for copies and tiers.</param>
    public static PointAnswer View(
        RunId run, PointQuestion question, Judgement judgement, IEnumerable<CheckpointOutline> links, IReadOnlyList<RestoreRate> rates,
        DateTimeOffset? asOf)
    {
        var byId = question is PointQuestion.Cheapest ? links.DistinctBy(static c => c.Id).ToDictionary(static c => c.Id) : [];
        List<PointFound> found = [.. judgement.Found.Select(one => Found(question, one.Outline, one.Chain, byId, rates))];
        var reasons = judgement.Rejected.GroupBy(static r => r.Reason).OrderByDescending(static group => group.Count())
            .ThenBy(static group => group.Key).Select(static group => new ReasonCount(group.Key, group.Count()));
        return new PointAnswer(
            run, found is [var best, ..] ? best : null, Why(question, judgement), found,
            [.. judgement.Rejected.Take(PointAnswer.RejectedMax)], [.. reasons], asOf);
    }

    static string Why(PointQuestion question, Judgement judgement)
    {
        var passed = judgement.Rejected.Count;
        if (judgement.Found is not [var (best, chain), ..])
            return passed == 0
                ? $"no {question.Order}: there is no checkpoint to look at"
                : $"no {question.Order}: {Count(passed, "checkpoint")} looked at, every one rejected";
        var value = question is PointQuestion.Best { Metric: var name } && best.Metric(name) is { } metric
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $" ({metric})") : "";
        return $"{question.Order}{value}: {best.Id} and its chain of {Count(chain.Links.Count, "link")} are sealed and verified"
            + (passed > 0 ? $"; {Count(passed, "checkpoint")} that would come before rejected" : "");
    }

    static string Count(int number, string noun) => $"{Refusals.Number(number)} {noun}{(number == 1 ? "" : "s")}";

    static PointFound Found(
        PointQuestion question, CheckpointOutline outline, Chain chain, Dictionary<CheckpointId, CheckpointOutline> byId,
        IReadOnlyList<RestoreRate> rates)
    {
        var c = outline.Candidate;
        return new PointFound(
            c.Id, c.Kind, chain.Depth, c.WorldSize, chain.ReadBytes, c.SealedAt!.Value, c.VerifiedAt!.Value,
            question is PointQuestion.Best { Metric: var metric } ? outline.Metric(metric) : null,
            question is PointQuestion.Cheapest ? Cost(chain, byId, rates) : null);
    }

    static PointCost Cost(Chain chain, Dictionary<CheckpointId, CheckpointOutline> byId, IReadOnlyList<RestoreRate> rates)
    {
        var estimate = RestoreEstimate.Of(chain.ReadBytes, chain.Target.WorldSize, rates);
        List<CheckpointOutline> links = [.. chain.Links.Select(link => byId[link.Id])];
        var objects = links.Sum(static link => link.Candidate.WorldSize.Value);
        var copies = links.Min(static link => link.Copies);
        var oldest = links.Min(static link => link.Candidate.CheckedAt);
        var why = $"{Count(objects, "object")} in {Count(links.Count, "link")} must all be intact, each saved in "
            + (copies == 1 ? "one copy" : $"at least {Refusals.Number(copies)} copies");
        return new PointCost(
            estimate.Seconds, estimate.Basis,
            [.. links.SelectMany(static link => link.Tiers).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            new RestoreRisk(links.Count, objects, copies, oldest, why));
    }
}
