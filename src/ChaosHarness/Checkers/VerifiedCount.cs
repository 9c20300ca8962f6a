using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// How many verified checkpoints of a run were neither expired nor quarantined at a place of the store. One pass over the run, then a
/// search for each question: a run of a hundred thousand saves asks as often.
/// </summary>
sealed class VerifiedCount
{
    readonly CaseFile file;
    readonly long[] places;
    readonly int[] counts;
    readonly List<SaveRecord> doubtful = [];

    public VerifiedCount(CaseFile file, RunRecord run)
    {
        this.file = file;
        List<(long Place, int Change)> changes = [];
        foreach (var save in run.Saves)
        {
            if (save.Verifieds.Count == 0) continue;
            if (save.Quarantines.Count > 0) doubtful.Add(save);   // few, and when they count depends on who asks
            else Changes(save, changes);
        }

        changes.Sort(static (a, b) => a.Place.CompareTo(b.Place));
        places = [.. changes.Select(static change => change.Place)];
        counts = new int[places.Length];
        for (var i = 0; i < counts.Length; i++) counts[i] = (i == 0 ? 0 : counts[i - 1]) + changes[i].Change;
    }

    /// <summary>Right after that expiry.</summary>
    public int LeftBy(Fact<CheckpointExpired> expired)
    {
        var place = Array.BinarySearch(places, expired.Sequence);
        if (place < 0) place = ~place - 1;
        while (place + 1 < places.Length && places[place + 1] == expired.Sequence) place++;
        return (place < 0 ? 0 : counts[place]) + doubtful.Count(save => Counts(save, expired.Sequence)
            && !file.SurelyBefore(save.Quarantines[0].Sequence, save.Quarantines[0].AtMs, expired.Sequence, expired.AtMs));
    }

    static bool Counts(SaveRecord save, long sequence) => save.IsVerifiedBy(sequence) && !save.IsExpiredBy(sequence + 1);

    static void Changes(SaveRecord save, List<(long Place, int Change)> changes)
    {
        var counted = false;
        foreach (var place in save.Endings.Select(static ending => ending.Sequence).Append(save.Verifieds[0].Sequence + 1).Order())
        {
            var counts = Counts(save, place);
            if (counts != counted) changes.Add((place, counts ? 1 : -1));
            counted = counts;
        }
    }
}
