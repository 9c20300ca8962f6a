using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>S20: whoever does a step again does the same step, and no sample is lost or used twice on the line that survived.</summary>
static class ResumeChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        var s20 = bench["S20"];
        foreach (var group in file.Journal.Trained.GroupBy(static one => one.Run))
        {
            var authorised = WithoutZombies(group);
            Repeats(group, s20);
            var line = Surviving(authorised);
            Samples(group.Key, line, s20);
            if (file.Evidence.Golden is { } golden) AgainstGolden(Of(group.Key, golden), line, s20);
        }
    }

    /// <summary>Once a newer generation has trained, what an older one trains is nobody's history.</summary>
    static List<Entry.Trained> WithoutZombies(IEnumerable<Entry.Trained> trained)
    {
        List<Entry.Trained> kept = [];
        var newest = 0L;
        foreach (var one in trained)
        {
            if (one.Generation < newest) continue;
            newest = one.Generation;
            kept.Add(one);
        }

        return kept;
    }

    /// <summary>The same step of the same rank gives the same state, whichever generation does it.</summary>
    static void Repeats(IEnumerable<Entry.Trained> trained, Docket s20)
    {
        var first = new Dictionary<(long Step, int Rank), Entry.Trained>();
        foreach (var one in trained)
        {
            if (first.TryAdd((one.Step, one.Rank), one)) continue;
            s20.Look();
            var before = first[(one.Step, one.Rank)];
            if (before.State != one.State)
                s20.Violate(
                    $"Rank {one.Rank} did step {one.Step} of {one.Run} again under generation {one.Generation}. Expected state "
                    + $"{before.State.Short}, as under "
                    + $"generation {before.Generation}; observed {one.State.Short}: the resume was not bit-exact.",
                    one.Run.StreamKey, null, before.Index, one.Index);
            else if ((before.SampleFrom, before.SampleTo) != (one.SampleFrom, one.SampleTo))
                s20.Violate(
                    $"Rank {one.Rank} did step {one.Step} of {one.Run} again with samples {one.SampleFrom} to {one.SampleTo}. "
                    + $"Expected {before.SampleFrom} to "
                    + $"{before.SampleTo}: the data cursor moved.",
                    one.Run.StreamKey, null, before.Index, one.Index);
        }
    }

    /// <summary>Per rank and step the last one that was not given back: a step that is done again takes all later ones with it.</summary>
    static List<Entry.Trained> Surviving(List<Entry.Trained> trained)
    {
        var line = new Dictionary<int, SortedList<long, Entry.Trained>>();
        foreach (var one in trained)
        {
            if (!line.TryGetValue(one.Rank, out var steps)) line[one.Rank] = steps = [];
            while (steps.Count > 0 && steps.GetKeyAtIndex(steps.Count - 1) >= one.Step) steps.RemoveAt(steps.Count - 1);
            steps.Add(one.Step, one);
        }

        return [.. line.Values.SelectMany(static steps => steps.Values)];
    }

    static void Samples(RunId run, List<Entry.Trained> line, Docket s20)
    {
        if (line.Count == 0) return;
        var firstStep = line.Min(static one => one.Step);
        var shared = line.Where(one => one.Step == firstStep).Select(static one => one.SampleFrom).ToHashSet();
        var isPerRank = shared.Count == 1 && line.Any(one => one.Rank != line[0].Rank);
        foreach (var group in line.GroupBy(one => isPerRank ? one.Rank : 0))
        {
            Entry.Trained? before = null;
            foreach (var one in group.OrderBy(static one => one.SampleFrom).ThenBy(static one => one.Step))
            {
                s20.Look();
                if (before is not null && before.SampleTo != one.SampleFrom)
                    s20.Violate(
                        $"On the surviving line of {run}, samples {Math.Min(before.SampleTo, one.SampleFrom)} to "
                        + $"{Math.Max(before.SampleTo, one.SampleFrom)} "
                        + $"were {(one.SampleFrom > before.SampleTo ? "never used" : "used twice")} (step {before.Step} ended at "
                        + $"{before.SampleTo}, step "
                        + $"{one.Step} began at {one.SampleFrom}). Expected each exactly once.",
                        run.StreamKey, null, before.Index, one.Index);
                before = one;
            }
        }
    }

    /// <summary>What was trained without failures under that name, or under any if it has another one.</summary>
    static IEnumerable<Entry.Trained> Of(RunId run, IReadOnlyList<Entry.Trained> golden) =>
        golden.Any(one => one.Run == run) ? golden.Where(one => one.Run == run) : golden;

    static void AgainstGolden(IEnumerable<Entry.Trained> golden, List<Entry.Trained> line, Docket s20)
    {
        var expected = new Dictionary<(long Step, int Rank), Entry.Trained>();
        foreach (var one in golden) expected[(one.Step, one.Rank)] = one;
        foreach (var one in line)
        {
            if (!expected.TryGetValue((one.Step, one.Rank), out var twin)) continue;
            s20.Look();
            if (twin.State != one.State)
                s20.Violate(
                    $"Rank {one.Rank} holds {one.State.Short} after step {one.Step} of {one.Run}. Expected {twin.State.Short}, as in "
                    + $"the run that never failed.",
                    one.Run.StreamKey, null, one.Index);
        }
    }
}
