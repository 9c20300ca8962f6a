using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>S13: bytes go only when nobody can need them, and enough verified checkpoints stay.</summary>
static class ReclaimChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        var counts = new Dictionary<RunRecord, VerifiedCount>();
        foreach (var save in file.Saves)
        {
            foreach (var ending in save.Endings)
                if (ending.Body is CheckpointExpired expired)
                    Expired(file, save, new(ending.Sequence, ending.Version, ending.AtMs, expired), counts, bench["S13"]);
            foreach (var start in save.Reclaims)
            {
                bench["S13"].Look();
                if (Needed(file, save, start) is { } needed)
                    bench["S13"].Violate(
                        $"The bytes of {save.Id} were given up (ReclaimStarted). Expected that only of what nobody can need; "
                        + $"observed: {needed}.",
                        save.Stream, start.Version);
            }
        }
    }

    static void Expired(
        CaseFile file, SaveRecord save, Fact<CheckpointExpired> expired, Dictionary<RunRecord, VerifiedCount> counts, Docket s13)
    {
        s13.Look();
        if (Kept(save, expired.Version, expired.Body.At) is { } kept)
            s13.Violate($"{save.Id} expired. Expected that pins and holds win; observed: {kept}.", save.Stream, expired.Version);
        var counted = save.IsVerifiedBy(expired.Sequence) && !save.IsQuarantinedBy(expired.Sequence);
        if (!counted || file.FindRun(save.Id.Run) is not { } run) return;
        var least = file.Schedule.Bounds.VerifiedMin;
        if (!counts.TryGetValue(run, out var count)) counts[run] = count = new VerifiedCount(file, run);
        var left = count.LeftBy(expired);
        if (left < least)
            s13.Violate(
                $"{save.Id}, which is verified, expired. Expected at least {least} verified checkpoints of {run.Id} to stay; "
                + $"observed: {left} stay.",
                save.Stream, expired.Version);
    }

    static string? Needed(CaseFile file, SaveRecord save, Fact<ReclaimStarted> start)
    {
        if (!save.IsExpiredBy(start.Sequence) && !save.IsAbandonedBy(start.Sequence)) return "it is neither expired nor abandoned";
        if (Kept(save, start.Version, start.Body.At) is { } kept) return kept;
        foreach (var other in file.ChildrenOf(save.Id))
            if (other.Opened is { } opened && opened.Sequence < start.Sequence
                && !other.WasRebasedBy(start.Sequence)
                && !other.IsReclaimedBy(start.Sequence) && !other.IsAbandonedBy(start.Sequence))
                return $"{other.Id} is built on it, and its bytes are there";
        foreach (var run in file.Runs)
        {
            if (run.Forked is { } fork && fork.Body.From == save.Id && fork.Sequence < start.Sequence)
                return $"run {run.Id} was forked from it";
            if (Tag(run, save.Id, start.Sequence) is { } tag) return $"tag {tag} names it";
        }

        foreach (var recovery in file.RestorersOf(save.Id))
            if (IsRestoring(file, recovery, save, start.Sequence)) return $"recovery {recovery.Id} is restoring through it";

        return null;
    }

    static bool IsRestoring(CaseFile file, RecoveryRecord recovery, SaveRecord save, long sequence) =>
        !recovery.IsCompletedBy(sequence) && !recovery.IsFailedBy(sequence) && recovery.ChoiceBy(sequence)?.Body.Chosen is { } chosen
        && file.Find(chosen) is { } target && file.Chain(target, out _).Contains(save);

    static string? Tag(RunRecord run, CheckpointId id, long sequence)
    {
        var tags = new Dictionary<string, CheckpointId>(StringComparer.Ordinal);
        foreach (var tag in run.Tags)
        {
            if (tag.Sequence >= sequence) continue;
            if (tag.Body is TagPlaced placed) tags[placed.Tag] = placed.Checkpoint;
            if (tag.Body is TagRemoved removed) tags.Remove(removed.Tag);
        }

        foreach (var (tag, named) in tags)
            if (named == id) return tag;
        return null;
    }

    /// <summary>The pin or hold in force at that version of the checkpoint's own stream; null if there is none.</summary>
    static string? Kept(SaveRecord save, long version, DateTimeOffset at)
    {
        CheckpointPinned? pin = null;
        var holds = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var mark in save.Marks)
        {
            if (mark.Version >= version) continue;
            switch (mark.Body)
            {
                case CheckpointPinned placed: pin = placed; break;
                case CheckpointUnpinned: pin = null; break;
                case HoldPlaced placed: holds.Add(placed.Hold); break;
                case HoldLifted lifted: holds.Remove(lifted.Hold); break;
                default: break;
            }
        }

        if (holds.Count > 0) return $"hold {string.Join(", ", holds)} lies on it";
        return pin is not null && (pin.Until is not { } until || until > at) ? $"{pin.Actor} pinned it ({pin.Reason})" : null;
    }
}
