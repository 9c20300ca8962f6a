using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Chains;

/// <summary>Walks a run's line from its newest end back to where it began; see <see cref="History"/>.</summary>
static class HistoryWalk
{
    /// <summary>What lies before a stretch: an older one of the same run, a checkpoint of another run, or (neither) nothing.</summary>
    readonly record struct Leg(Stretch? Older, CheckpointId? Elsewhere, bool IsFirst = false);

    public static History From(
        Stretch newest, bool writing, IEnumerable<Candidate> checkpoints, IEnumerable<HistoryTurn> turns, Course? course)
    {
        course ??= Course.Straight;
        var newestFirst = checkpoints.OrderByDescending(static c => c.Id.Step).ThenByDescending(static c => c.Id.Generation).ToList();
        var turnOf = turns.GroupBy(static turn => turn.Generation).ToDictionary(static group => group.Key, static group => group.Last());
        var sealedUnder = newestFirst.Where(static c => c.IsSealed).Select(static c => c.Id.Generation).ToHashSet();
        bool IsElsewhere(CheckpointId point) => newestFirst is [var any, ..] ? point.Run != any.Id.Run : Leads(course.Ancestry, point.Run);
        var stretches = new List<Stretch>();
        var leg = new Leg(newest, Elsewhere: null);
        while (leg.Older is { } next && next.Generation.Value > 0)
        {
            next = Cut(next, course.Rewinds);
            stretches.Add(next);
            var isWriter = writing && next.Generation == newest.Generation;
            leg = Before(next, turnOf.GetValueOrDefault(next.Generation), sealedUnder.Contains(next.Generation), isWriter, IsElsewhere);
        }

        var upTo = stretches.ToDictionary(static stretch => stretch.Generation, static stretch => stretch.UpTo);
        var on = newestFirst.ToLookup(c => upTo.TryGetValue(c.Id.Generation, out var limit)
            && (limit is not { } step || c.Id.Step <= step));
        var begun = turnOf.GetValueOrDefault(newest.Generation) is { Phase: not RecoveryPhase.Failed } own ? own.Chosen : null;
        var left = leg.Elsewhere ?? (leg.Older is not null || leg.IsFirst ? course.Ancestry?.From : null);
        return new History(newest.Generation, stretches, [.. on[true]], [.. on[false]], begun, Behind(left, course.Ancestry));
    }

    /// <summary>What is before that point in the run that it belongs to.</summary>
    static History? Behind(CheckpointId? point, Ancestry? ancestry)
    {
        for (; point is not null && ancestry is not null; ancestry = ancestry.Further)
            if (ancestry.From.Run == point.Value.Run)
                return History.At(point.Value, ancestry.Checkpoints, ancestry.Turns, ancestry.Further);
        return null;
    }

    static Leg Before(Stretch stretch, HistoryTurn? turn, bool hasSealed, bool isWriter, Func<CheckpointId, bool> isElsewhere)
    {
        if (turn is null) return new Leg(Older: null, Elsewhere: null, IsFirst: true);
        var binding = turn.HasChoice && (hasSealed || isWriter || turn.Phase == RecoveryPhase.Completed);
        if (!binding) return new Leg(stretch with { Generation = new Generation(stretch.Generation.Value - 1) }, Elsewhere: null);
        if (turn.Chosen is not { } point) return default;                       // from the initial state
        if (isElsewhere(point)) return new Leg(Older: null, point);
        return point.Generation < stretch.Generation
            ? new Leg(new Stretch(point.Generation, Least(stretch.UpTo, point.Step), stretch.Generation), Elsewhere: null)
            : default;                                                          // a damaged store: never walk upwards
    }

    /// <summary>
    /// The stretch as rewinds leave it, the newest one first: generations that a rewind saw are left for the line of its target. A target
    /// that is above the stretch was left behind by a later recovery, which chose something older still.
    /// </summary>
    static Stretch Cut(Stretch stretch, IReadOnlyList<RunRewound> rewinds)
    {
        for (var i = rewinds.Count - 1; i >= 0; i--)
        {
            var (generation, to) = (rewinds[i].Generation, rewinds[i].To);
            if (generation < stretch.Generation || to.Generation > stretch.Generation) continue;
            if (to.Generation < stretch.Generation || stretch.UpTo is not { } limit || to.Step < limit)
                stretch = new Stretch(to.Generation, Least(stretch.UpTo, to.Step), TurnedBackBy: null, rewinds[i]);
        }

        return stretch;
    }

    static bool Leads(Ancestry? ancestry, RunId run)
    {
        for (; ancestry is not null; ancestry = ancestry.Further)
            if (ancestry.From.Run == run) return true;
        return false;
    }

    static Step Least(Step? limit, Step step) => limit is { } l && l < step ? l : step;
}
