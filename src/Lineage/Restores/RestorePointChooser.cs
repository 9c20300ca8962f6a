using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Restores;

/// <summary>What a restore point must also satisfy.</summary>
/// <param name="WorldSize">Null: any.</param>
/// <param name="AtOrBefore">Null: any step.</param>
public sealed record RestoreFilter(WorldSize? WorldSize = null, Step? AtOrBefore = null);

/// <summary>Every checkpoint of a run, judged.</summary>
/// <param name="Usable">Restore points, newest first, with their chains.</param>
/// <param name="Rejected">All others, newest first.</param>
/// <param name="NewerRejected">Those that are newer than the best: what the choice has to explain.</param>
/// <param name="EverSealed">Whether any checkpoint of the run was ever sealed; if not, the initial state is the point to begin from. A
/// forked run never begins there.</param>
/// <param name="Forked">The run behind the fork where the best one lies; null if it is the run's own.</param>
public sealed record Survey(
    IReadOnlyList<Chain> Usable, IReadOnlyList<RejectedCandidate> Rejected, IReadOnlyList<RejectedCandidate> NewerRejected, bool EverSealed,
    RunId? Forked = null)
{
    /// <summary>What a recovery chooses: the newest usable one. Null: none.</summary>
    public Chain? Best => Usable is [var best, ..] ? best : null;

    /// <summary>One sentence for people.</summary>
    public string Why => this switch
    {
        { Best: { } best } =>
            $"newest restore point of {(Forked is { } run ? $"run {run} at or before the fork" : "the history")}: "
            + $"{best.Target.Id} and its chain of {Count(best.Links.Count, "link")} are sealed and "
            + "verified"
            + (NewerRejected.Count > 0 ? $"; {Count(NewerRejected.Count, "newer checkpoint")} rejected" : ""),
        { EverSealed: false } => "no checkpoint of the run was ever sealed: begin from the initial state",
        _ when Rejected.Count(static r => r.Reason == RejectionReason.NotVerified) is var waiting and > 0 =>
            $"no restore point: all {Count(Rejected.Count, "checkpoint")} were rejected; {Refusals.Number(waiting)} of them only wait for "
                + "their verification: run a keeper, then recover again",
        _ => $"no restore point: all {Count(Rejected.Count, "checkpoint")} were rejected",
    };

    static string Count(int number, string noun) => $"{Refusals.Number(number)} {noun}{(number == 1 ? "" : "s")}";
}

/// <summary>
/// Where to begin again: the newest checkpoint of the history that is verified, unquarantined and whose chain is whole and verified. A pure
/// function of what is on record, so that two services, or a judge, choose the same; ties cannot occur, because step and generation order a
/// history totally.
/// </summary>
public static class RestorePointChooser
{
    /// <summary>Own checkpoints are judged on the history and off it; behind a fork only what lies on the line.</summary>
    public static Survey Survey(History history, RestoreFilter filter)
    {
        var known = history.Known().ToDictionary(static c => c.Id);
        var off = history.Off.Select(static c => c.Id).ToHashSet();
        var ours = history.Candidates.Concat(history.Off).Select(static c => (Candidate: c, IsOurs: true));
        var theirs = history.Before?.Line().Select(static c => (Candidate: c, IsOurs: false)) ?? [];
        List<Chain> usable = [];
        List<RejectedCandidate> rejected = [], newer = [];
        RunId? forked = null;
        foreach (var (candidate, isOurs) in ours.Concat(theirs).OrderByDescending(static c => c.Candidate.Id.Step)
            .ThenByDescending(static c => c.IsOurs).ThenByDescending(static c => c.Candidate.Id.Generation))
        {
            var chain = ChainBuilder.Build(candidate, id => known.GetValueOrDefault(id));
            if (Reject(chain, filter, off.Contains(candidate.Id) ? history.WhyOff(candidate) : null) is not { } rejection)
            {
                if (usable.Count == 0 && !isOurs) forked = candidate.Id.Run;
                usable.Add(chain);
                continue;
            }

            rejected.Add(rejection);
            if (usable.Count == 0) newer.Add(rejection);
        }

        return new Survey(
            usable, rejected, newer, history.Before is not null || known.Values.Any(static c => c.IsSealed), forked);
    }

    public static RestorePoint View(Chain chain) => new(
        chain.Target.Id, chain.Target.Kind, chain.Depth, chain.Target.WorldSize, chain.ReadBytes, chain.Target.SealedAt!.Value,
        chain.Target.VerifiedAt!.Value);

    public static RestorePoints View(RunId run, Survey survey) =>
        new(run, survey.Best is { } best ? View(best) : null, survey.Why, [.. survey.Usable.Select(View)], survey.Rejected);

    /// <summary>Null if <paramref name="chain"/> rebuilds a restore point. The first reason that applies is given: the state of the
    /// checkpoint before its place.</summary>
    /// <param name="whyOff">Why it is off the history; null if it is on it.</param>
    public static RejectedCandidate? Reject(Chain chain, RestoreFilter filter, string? whyOff)
    {
        var candidate = chain.Target;
        (RejectionReason, string)? rejection = candidate switch
        {
            _ when filter.AtOrBefore is { } step && candidate.Id.Step > step =>
                (RejectionReason.AfterRequestedStep, $"after the requested step {Refusals.Number(step.Value)}"),
            { Phase: CheckpointPhase.Abandoned } => (RejectionReason.Abandoned, $"abandoned: {candidate.Cause}{Missing(candidate, "; ")}"),
            { Phase: CheckpointPhase.Open } => (RejectionReason.NotSealed, $"not sealed{Missing(candidate, ": ")}"),
            { Phase: CheckpointPhase.Reclaimed } => (RejectionReason.Expired, "reclaimed: its bytes are deleted"),
            { Phase: CheckpointPhase.Expired } => (RejectionReason.Expired, $"expired: {candidate.Cause}"),
            _ when whyOff is not null => (RejectionReason.OffHistory, whyOff),
            { Phase: CheckpointPhase.Quarantined } => (RejectionReason.Quarantined, $"quarantined: {candidate.Cause}"),
            _ when filter.WorldSize is { } world && candidate.WorldSize != world =>
                (RejectionReason.OtherWorldSize, $"saved by a world of {candidate.WorldSize}, asked for {world}"),
            _ when chain.Broken is { } broken => (RejectionReason.ChainBroken, $"chain broken: {broken}"),
            { Phase: CheckpointPhase.Sealed } =>
                (RejectionReason.NotVerified, "sealed, but not verified yet: nobody has read its stored bytes back"),
            _ when chain.Links.FirstOrDefault(static link => link.Phase != CheckpointPhase.Verified) is { } link =>
                (RejectionReason.ChainBroken, $"chain not verified: base {link.Id} is sealed, but nobody has read its stored bytes back"),
            _ => null,
        };
        return rejection is var (reason, detail) ? new RejectedCandidate(candidate.Id, reason, detail) : null;
    }

    static string Missing(Candidate candidate, string lead) => candidate.MissingRanks switch
    {
        [] => "",
        [var rank] => $"{lead}rank {rank} missing",
        var ranks when ranks.Count <= 16 => $"{lead}ranks {string.Join(", ", ranks)} missing",
        var ranks => $"{lead}ranks {string.Join(", ", ranks.Take(16))} and {Refusals.Number(ranks.Count - 16)} more missing",
    };
}
