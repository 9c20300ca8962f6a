using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Narration;
using Lineage.Questions;

namespace Lineage.Checkpoints;

/// <summary>What the loss of a checkpoint's bytes takes with it, as the API shows it.</summary>
public static class BlastRadii
{
    /// <param name="reach">With one dependant more than <paramref name="limit"/> if there are more.</param>
    public static BlastRadius View(CheckpointId id, CheckpointPhase phase, Reach reach, int limit, bool isWhole)
    {
        var (count, phases, depth, kinds, affected, dependants) = reach;
        var page = dependants.Take(limit).ToList();
        var known = phases.OrderBy(static p => p.Phase).Select(static p => new PhaseCount(p.Phase, p.Count)).ToList();
        return new BlastRadius(
            id, phase, count, depth, isWhole, known,
            [.. kinds.OrderBy(static k => k.Kind).Select(static k => new AffectedCount(k.Kind, k.Count))], affected, page,
            dependants.Count > limit ? $"{page[^1].Distance}~{page[^1].Checkpoint}" : null, Why(id, count, depth, known, kinds));
    }

    static string Why(
        CheckpointId id, long count, int depth, List<PhaseCount> phases, IReadOnlyList<(AffectedKind Kind, long Count)> kinds)
    {
        var restorable = phases.Find(static p => p.Phase == CheckpointPhase.Verified)?.Count ?? 0;
        var what = count == 0
            ? $"no checkpoint is stored as differences against {id}: only itself is lost"
            : $"{Quantities.Plural(count, "checkpoint")} cannot be rebuilt without {id}, the farthest over "
                + $"{Quantities.Plural(depth, "delta")}; {Quantities.Number(restorable)} of them {(restorable == 1 ? "is" : "are")} "
                + "verified and would no longer be restore points";
        var running = kinds.FirstOrDefault(static k => k.Kind == AffectedKind.Restore).Count;
        return running == 0 ? what : $"{what}; {Quantities.Plural(running, "recovery", "recoveries")} under way would restore it";
    }
}
