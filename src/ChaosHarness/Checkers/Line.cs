using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// Which checkpoints a recovery could have meant: the judge's own walk along the history (docs/PROTOCOL.md, "The history"), as it was at a
/// place of the store. From the newest generation back: its own checkpoints, then those of the generation of its restore point up to that
/// step, and so on; rewinds cut it; behind a fork it goes on in the other run.
/// </summary>
static class Line
{
    /// <param name="next">The generation that the recovery begins.</param>
    /// <param name="asOf">Sequence of the event that is judged; only what is before it counts.</param>
    /// <param name="chosen">Where it may end: what lies beyond is older than that, and is left out. Null: the whole line.</param>
    public static List<SaveRecord> ForRestoring(CaseFile file, RunRecord run, long next, long asOf, CheckpointId? chosen)
    {
        List<SaveRecord> line = [];
        var isWithin = chosen is { } point && point.Run == run.Id && !(run.Forked is { } fork && fork.Body.From.Step > point.Step);
        Walk(file, run, next - 1, upTo: long.MaxValue, asOf, withRewinds: true, line, forksLeft: 16,
            isWithin ? chosen : null);
        return line;
    }

    static void Walk(
        CaseFile file, RunRecord run, long generation, long upTo, long asOf, bool withRewinds, List<SaveRecord> line, int forksLeft,
        CheckpointId? end = null)
    {
        while (generation > 0)
        {
            if (withRewinds) Cut(run, asOf, ref generation, ref upTo);
            if (end is { } last && generation < last.Generation.Value && upTo <= last.Step.Value) return;
            foreach (var save in run.SavesOf(generation))
                if (save.Id.Step.Value <= upTo) line.Add(save);
            var turn = run.Recoveries.GetValueOrDefault(generation);
            if (turn?.Started is not { } started || started.Sequence >= asOf) break;   // it began with the first lease
            if (turn.ChoiceBy(asOf) is not { } choice || !Turned(run, turn, generation, asOf))
            {
                generation--;
                continue;
            }

            if (choice.Body.Chosen is not { } point) return;   // from the initial state
            if (point.Run != run.Id)
            {
                Behind(file, point, asOf, line, forksLeft);
                return;
            }

            if (point.Generation.Value >= generation) return;
            (generation, upTo) = (point.Generation.Value, Math.Min(upTo, point.Step.Value));
        }

        if (run.Forked is { } fork) Behind(file, fork.Body.From, asOf, line, forksLeft);
    }

    static void Behind(CaseFile file, CheckpointId point, long asOf, List<SaveRecord> line, int forksLeft)
    {
        if (forksLeft > 0 && file.FindRun(point.Run) is { } origin)
            Walk(file, origin, point.Generation.Value, point.Step.Value, asOf, withRewinds: false, line, forksLeft - 1);
    }

    /// <summary>A recovery that never completed and under which nothing was sealed did not turn the history.</summary>
    static bool Turned(RunRecord run, RecoveryRecord turn, long generation, long asOf)
    {
        if (turn.IsCompletedBy(asOf)) return true;
        foreach (var save in run.SavesOf(generation))
            if (save.IsSealedBy(asOf)) return true;
        return false;
    }

    static void Cut(RunRecord run, long asOf, ref long generation, ref long upTo)
    {
        for (var i = run.Rewinds.Count - 1; i >= 0; i--)
        {
            if (run.Rewinds[i].Sequence >= asOf) continue;
            var (seen, to) = (run.Rewinds[i].Body.Generation.Value, run.Rewinds[i].Body.To);
            if (seen < generation || to.Generation.Value > generation) continue;
            if (to.Generation.Value < generation || to.Step.Value < upTo)
                (generation, upTo) = (to.Generation.Value, Math.Min(upTo, to.Step.Value));
        }
    }
}
