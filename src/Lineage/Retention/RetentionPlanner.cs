using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;
using static Lineage.Narration.Quantities;

namespace Lineage.Retention;

/// <summary>
/// Which checkpoints of a run stay, which go, and why. A pure function: the same standing gives the same plan and the same digest, and a
/// plan that was applied leaves nothing for the next one to expire.
/// </summary>
/// <remarks>
/// Whatever the policy says, a plan never expires: what is pinned, held or tagged; the newest restore point and what is newer and not yet
/// judged; the policy's minimum of verified ones; what a fork, a recovery or an open save needs; and the bases of all of these.
/// </remarks>
public static class RetentionPlanner
{
    /// <param name="policy">Null: keep everything. Another than the run's own answers "what if".</param>
    public static RetentionPlan Plan(RetentionStanding standing, RetentionPolicy? policy, DateTimeOffset now)
    {
        var survey = RestorePointChooser.Survey(standing.History, new RestoreFilter());
        IReadOnlyList<Candidate> points = [.. survey.Usable.Select(static chain => chain.Target).Where(c => c.Id.Run == standing.Run.Id)];
        var kept = new KeptCheckpoints(standing.All);
        kept.Add(Marked(standing, now));
        kept.Add(Undecided(standing, points));
        if (policy is null)
            kept.Add(standing.All.Where(IsSettled)
                .Select(static c => (c.Id, new KeepReason(KeepRule.Everything, "the run has no retention policy"))));
        else
            kept.Add(RetentionRules.Of(policy, points, id => MetricOf(standing, id, policy)));
        if (policy is not null) KeepMinimum(kept, policy, points, standing);
        kept.KeepBases();

        var whyGone = WhyGone(standing, policy, survey);
        var entries = standing.All.Select(c => Entry(c, standing, kept, whyGone, now)).OfType<RetentionEntry>().ToList();
        var (stay, go) = (entries.FindAll(static e => e.Outcome == RetentionOutcome.Keep),
            entries.FindAll(static e => e.Outcome == RetentionOutcome.Expire));
        return new RetentionPlan(
            standing.Run.Id, standing.RunVersion, policy, entries, stay.Count, go.Count, stay.Sum(static e => e.StoredBytes),
            go.Sum(static e => e.StoredBytes), DigestOf(standing, policy, go));
    }

    /// <summary>What a plan expires, in the order in which it has to go on record: what is built on a checkpoint before the checkpoint.
    /// Whoever is killed in the middle leaves nothing whose base is expired.</summary>
    public static IReadOnlyList<RetentionEntry> InOrder(RetentionPlan plan) =>
    [
        .. plan.Entries.Where(static entry => entry.Outcome == RetentionOutcome.Expire)
            .OrderByDescending(static entry => entry.Checkpoint.Step).ThenByDescending(static entry => entry.Checkpoint.Generation),
    ];

    /// <summary>Sealed, and neither expired nor gone: what a plan decides about.</summary>
    static bool IsSettled(Candidate c) => c.Phase is CheckpointPhase.Sealed or CheckpointPhase.Verified or CheckpointPhase.Quarantined;

    static double? MetricOf(RetentionStanding standing, CheckpointId id, RetentionPolicy policy) =>
        policy.BestBy is { } name && standing.MarksOf(id).Metrics.TryGetValue(name, out var value) ? value : null;

    /// <summary>What people and other parts of the service asked to keep, whatever its phase and place.</summary>
    static IEnumerable<(CheckpointId, KeepReason)> Marked(RetentionStanding standing, DateTimeOffset now)
    {
        foreach (var id in standing.All.Select(static c => c.Id))
        {
            var marks = standing.MarksOf(id);
            if (marks is { Pin: { } pin } && marks.IsPinned(now))
                yield return (id, new KeepReason(KeepRule.Pin, Pinned(pin.Actor, pin.Until, pin.Reason)));
            foreach (var hold in marks.Holds.Values) yield return (id, new KeepReason(KeepRule.Hold, $"legal hold {hold.Hold}"));
        }

        foreach (var (tag, id) in standing.Tags) yield return (id, new KeepReason(KeepRule.Tag, $"tag {tag}"));
        foreach (var need in standing.Needs) yield return (need.Checkpoint, new KeepReason(need.Rule, need.Detail));
        foreach (var open in standing.All.Where(static c => c.Phase == CheckpointPhase.Open))
            yield return (open.Id, new KeepReason(KeepRule.UnderWay, $"its save is under way until {Refusals.Time(open.Deadline)}"));
    }

    internal static string Pinned(ActorId actor, DateTimeOffset? until, string reason) =>
        $"pinned by {actor}{(until is { } end ? $" until {Refusals.Time(end)}" : "")}: {reason}";

    static IEnumerable<(CheckpointId, KeepReason)> Undecided(
        RetentionStanding standing, IReadOnlyList<Candidate> restorable)
    {
        if (restorable is [var best, ..]) yield return (best.Id, new KeepReason(KeepRule.NewestRestorePoint, "newest restore point"));
        var points = restorable.Select(static c => c.Id).ToHashSet();
        var known = standing.All.ToDictionary(static c => c.Id);
        foreach (var candidate in standing.History.Candidates)
        {
            if (candidate.Phase == CheckpointPhase.Sealed)
            {
                if (ChainBuilder.LostBase(candidate, id => known.GetValueOrDefault(id)) is null)
                    yield return (candidate.Id, new KeepReason(KeepRule.Undecided, "not verified yet"));
            }
            else if (candidate.Phase == CheckpointPhase.Verified && !points.Contains(candidate.Id)
                && ChainBuilder.Build(candidate, id => known.GetValueOrDefault(id)).Broken is null)
                yield return (candidate.Id, new KeepReason(KeepRule.Undecided, "its chain is not verified yet"));
        }
    }

    /// <summary>
    /// Restore points first; a verified one with a broken chain is better than nothing. Those on the history alone have to reach the
    /// minimum as far as they can; only then one off the history makes up what is missing, because a fork can begin from it.
    /// </summary>
    static void KeepMinimum(KeptCheckpoints kept, RetentionPolicy policy, IReadOnlyList<Candidate> points, RetentionStanding standing)
    {
        var verified = points.Concat(Verified(standing.History.Candidates)).Select(static c => c.Id).Distinct().ToList();
        TopUp(kept, policy, verified);
        TopUp(kept, policy, [.. verified, .. Verified(standing.History.Off).Select(static c => c.Id)]);
    }

    static IEnumerable<Candidate> Verified(IEnumerable<Candidate> candidates) =>
        candidates.Where(static c => c.Phase == CheckpointPhase.Verified);

    static void TopUp(KeptCheckpoints kept, RetentionPolicy policy, List<CheckpointId> verified)
    {
        var missing = policy.VerifiedMin - verified.Count(kept.Has);
        foreach (var id in verified.Where(id => !kept.Has(id)).Take(Math.Max(0, missing)).ToList())
            kept.Add(id, new KeepReason(
                KeepRule.VerifiedMin, $"fewer than {Plural(policy.VerifiedMin, "verified checkpoint")} would remain"));
    }

    /// <summary>Null for what is gone.</summary>
    static RetentionEntry? Entry(
        Candidate c, RetentionStanding standing, KeptCheckpoints kept, Func<Candidate, string> whyGone, DateTimeOffset now)
    {
        var reasons = kept.Of(c.Id);
        if (c.Phase == CheckpointPhase.Abandoned && now < c.Deadline)
            reasons = [.. reasons, new KeepReason(KeepRule.Grace, $"its ranks may still store until {Refusals.Time(c.Deadline)}")];
        var why = string.Join("; ", reasons.Select(static reason => reason.Detail));
        RetentionEntry Of(RetentionOutcome outcome, string because, DateTimeOffset? after = null) =>
            new(c.Id, c.Phase, outcome, reasons, because, c.StoredBytes, after);
        return c.Phase switch
        {
            CheckpointPhase.Reclaimed => null,
            CheckpointPhase.Abandoned when standing.EndingOf(c.Id)?.Reclaimed is not null => null,
            CheckpointPhase.Abandoned => Of(
                reasons.Count == 0 ? RetentionOutcome.Reclaimable : RetentionOutcome.Keep,
                $"abandoned: {c.Cause}{(why.Length > 0 ? $"; {why}" : "")}", c.Deadline),
            CheckpointPhase.Expired => Of(
                RetentionOutcome.Expired, $"expired: {c.Cause}{(why.Length > 0 ? $"; still needed: {why}" : "")}",
                standing.EndingOf(c.Id)?.Expired?.ReclaimAfter),
            _ when reasons.Count > 0 => Of(RetentionOutcome.Keep, why),
            _ => Of(RetentionOutcome.Expire, whyGone(c)),
        };
    }

    static Func<Candidate, string> WhyGone(RetentionStanding standing, RetentionPolicy? policy, Survey survey)
    {
        var off = standing.History.Off.Select(static c => c.Id).ToHashSet();
        var rejected = survey.Rejected.ToDictionary(static r => r.Checkpoint, static r => r.Detail);
        return c => c switch
        {
            _ when off.Contains(c.Id) => standing.History.WhyOff(c),
            { Phase: CheckpointPhase.Quarantined } => $"quarantined: {c.Cause}",
            _ when rejected.TryGetValue(c.Id, out var detail) => $"no restore point: {detail}",
            _ => RetentionRules.Unmet(policy!),
        };
    }

    sealed record Doing(RunId Run, long RunVersion, RetentionPolicy? Policy, IReadOnlyList<Going> Expire);

    sealed record Going(CheckpointId Checkpoint, string Why, long StoredBytes);

    static ContentHash DigestOf(RetentionStanding standing, RetentionPolicy? policy, IEnumerable<RetentionEntry> go) =>
        CanonicalJson.Digest(new Doing(
            standing.Run.Id, standing.RunVersion, policy, [.. go.Select(static e => new Going(e.Checkpoint, e.Why, e.StoredBytes))]));
}
