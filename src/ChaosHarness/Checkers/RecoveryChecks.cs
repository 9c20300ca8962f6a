using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>S5: a recovery is of one whole point, and every rank holds it. S6: there was no better one.</summary>
static class RecoveryChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        foreach (var run in file.Runs)
            foreach (var recovery in run.Recoveries.Values)
            {
                foreach (var choice in recovery.Choices)
                {
                    Sound(file, recovery, choice, bench["S5"]);
                    var line = Line.ForRestoring(file, run, recovery.Id.Generation.Value, choice.Sequence, choice.Body.Chosen);
                    Maximal(file, run, recovery, choice, line, bench["S6"]);
                    OnTheLine(run, recovery, choice, line, bench["S15"]);
                }

                foreach (var failed in recovery.Failed) HonestlyNone(file, run, recovery, failed, bench["S6"]);
                foreach (var completed in recovery.Completed) Complete(file, recovery, completed, bench["S5"]);
            }
    }

    static void Sound(CaseFile file, RecoveryRecord recovery, Fact<RestorePointChosen> choice, Docket s5)
    {
        s5.Look();
        if (choice.Body.Chosen is not { } id) return;
        if (Unfit(file, id, choice.Sequence, choice.AtMs) is { } unfit)
            s5.Violate(
                $"Recovery {recovery.Id} chose {id} (attempt {choice.Body.Attempt}). Expected a sealed, unquarantined checkpoint "
                + $"with a whole chain; "
                + $"observed: {unfit}.",
                recovery.Stream, choice.Version);
    }

    /// <summary>What surely spoke against a point at that moment; null if nothing did.</summary>
    static string? Unfit(CaseFile file, CheckpointId id, long sequence, long atMs)
    {
        if (file.Find(id) is not { } save) return "it is not on record";
        var links = file.Chain(save, out var absent);
        if (absent is { } missing) return $"its base {missing} is not on record";
        if (links[^1].BaseNow is not null) return "its chain has no end";
        for (var i = 0; i < links.Count; i++)
        {
            var (link, name) = (links[i], i == 0 ? "it" : $"its base {links[i].Id}");
            if (!link.IsSealedBy(sequence)) return $"{name} was not sealed";
            if (link.Quarantines is [var bad, ..] && file.SurelyBefore(bad.Sequence, bad.AtMs, sequence, atMs))
                return $"{name} was quarantined ({bad.Body.Cause})";
            if (link.IsReclaimedBy(sequence)) return $"the bytes of {(i == 0 ? "it" : link.Id.ToString())} were given up";
            if (i > 0 && !link.HadManifest(links[i - 1].BaseNow!.ManifestHash))
                return $"{name} has another manifest than the one that {links[i - 1].Id} was built on";
        }

        return null;
    }

    static void Complete(CaseFile file, RecoveryRecord recovery, Fact<RecoveryCompleted> completed, Docket s5)
    {
        s5.Look();
        if (recovery.ChoiceBy(completed.Sequence) is not { } choice || recovery.Started is not { } started)
        {
            s5.Violate(
                $"Recovery {recovery.Id} completed. Expected a choice before; observed none.", recovery.Stream, completed.Version);
            return;
        }

        foreach (var rank in started.Body.WorldSize.Ranks)
            if (!recovery.Restored.Exists(one => one.Version > choice.Version && one.Version < completed.Version && one.Body.Rank == rank
                && one.Body.Checkpoint == choice.Body.Chosen))
                s5.Violate(
                    $"Recovery {recovery.Id} completed. Expected every rank of {started.Body.WorldSize} to have restored "
                    + $"{Point(choice.Body.Chosen)}; "
                    + $"observed: rank {rank} did not report it after the choice.",
                    recovery.Stream, completed.Version);
        if (completed.Body.Step.Value != (choice.Body.Chosen?.Step.Value ?? 0))
            s5.Violate(
                $"Recovery {recovery.Id} completed at step {completed.Body.Step}. Expected the step of {Point(choice.Body.Chosen)}.",
                recovery.Stream, completed.Version);
        foreach (var restored in file.Journal.Restored)
            if (string.Equals(restored.Recovery, recovery.Stream, StringComparison.Ordinal) && restored.Checkpoint != choice.Body.Chosen
                && recovery.Choices.TrueForAll(one => one.Body.Chosen != restored.Checkpoint))
                s5.Violate(
                    $"Rank {restored.Rank} holds {Point(restored.Checkpoint)} after recovery {recovery.Id}. Expected "
                    + $"{Point(choice.Body.Chosen)}, which was "
                    + "chosen for all.",
                    recovery.Stream, choice.Version, restored.Index);
    }

    static void Maximal(
        CaseFile file, RunRecord run, RecoveryRecord recovery, Fact<RestorePointChosen> choice, List<SaveRecord> line, Docket s6)
    {
        if (file.BeyondBudget || recovery.Started is not { } started) return;
        s6.Look();
        foreach (var save in line)
        {
            if (!IsNewer(run, save.Id, choice.Body.Chosen)) continue;
            if (!WasIntact(file, save, started.Body.WorldSize, choice.Sequence, choice.AtMs)) continue;
            var told = choice.Body.Rejected.FirstOrDefault(one => one.Checkpoint == save.Id);
            s6.Violate(
                $"Recovery {recovery.Id} chose {Point(choice.Body.Chosen)}. Expected {save.Id}: newer, on the history, and verified "
                + $"with its whole chain at "
                + $"that moment. Observed: "
                + $"{(told is null ? "it is not even mentioned" : $"rejected as {told.Reason} ({told.Detail}), which was not so")}. "
                + "Work was lost.",
                recovery.Stream, choice.Version);
        }

        if (choice.Body.Chosen is null && run.Saves.Find(one => one.Seals is [var seal, ..]
            && file.SurelyBefore(seal.Sequence, seal.AtMs, choice.Sequence, choice.AtMs)) is { } ever)
            s6.Violate(
                $"Recovery {recovery.Id} began from the initial state. Expected that only if nothing was ever sealed; observed: "
                + $"{ever.Id} was.",
                recovery.Stream, choice.Version);
        Explained(run, recovery, choice, s6);
    }

    /// <summary>What the run turned back from, or a fallen generation finished late, is no restore point of it any more.</summary>
    static void OnTheLine(
        RunRecord run, RecoveryRecord recovery, Fact<RestorePointChosen> choice, List<SaveRecord> line, Docket s15)
    {
        if (choice.Body.Chosen is not { } chosen || chosen.Run != run.Id) return;
        s15.Look();
        if (!line.Exists(save => save.Id == chosen))
            s15.Violate(
                $"Recovery {recovery.Id} chose {chosen}. Expected a checkpoint of the run's history; observed: a later generation had "
                + "turned back from it.",
                recovery.Stream, choice.Version);
    }

    /// <summary>Newer sealed ones of the history that could not be used are told, with a reason.</summary>
    static void Explained(RunRecord run, RecoveryRecord recovery, Fact<RestorePointChosen> choice, Docket s6)
    {
        if (choice.Body.Chosen is not { } chosen) return;
        foreach (var (generation, saves) in run.Generations)
        {
            if (generation >= recovery.Id.Generation.Value || saves.LastStep < chosen.Step.Value) continue;
            foreach (var save in saves.Saves)
                if (IsNewer(run, save.Id, chosen) && save.IsSealedBy(choice.Sequence)
                    && !choice.Body.Rejected.Any(one => one.Checkpoint == save.Id))
                    s6.Violate(
                        $"Recovery {recovery.Id} chose {chosen} and passed over {save.Id}, which is sealed and newer. Expected a reason "
                        + $"in the event; observed none.",
                        recovery.Stream, choice.Version);
        }
    }

    static void HonestlyNone(CaseFile file, RunRecord run, RecoveryRecord recovery, Fact<RecoveryFailed> failed, Docket s6)
    {
        if (file.BeyondBudget || recovery.Started is not { } started || run.GrantAbove(recovery.Id.Generation) is { } next
            && next.AtMs <= failed.AtMs) return;   // overtaken: it did not say that there is nothing
        s6.Look();
        foreach (var save in Line.ForRestoring(file, run, recovery.Id.Generation.Value, failed.Sequence, chosen: null))
            if (WasIntact(file, save, started.Body.WorldSize, failed.Sequence, failed.AtMs))
                s6.Violate(
                    $"Recovery {recovery.Id} said that nothing can be restored ({failed.Body.Reason}). Expected {save.Id}, verified "
                    + $"with its whole chain.",
                    recovery.Stream, failed.Version);
    }

    static bool IsNewer(RunRecord run, CheckpointId candidate, CheckpointId? chosen)
    {
        if (chosen is not { } point) return true;
        if (candidate.Step != point.Step) return candidate.Step > point.Step;
        var (ours, theirs) = (candidate.Run == run.Id, point.Run == run.Id);
        return ours == theirs ? candidate.Run == point.Run && candidate.Generation > point.Generation : ours;
    }

    static bool WasIntact(CaseFile file, SaveRecord save, WorldSize world, long sequence, long atMs)
    {
        if (save.Opened?.Body.WorldSize != world) return false;
        var links = file.Chain(save, out var absent);
        if (absent is not null || links[^1].BaseNow is not null) return false;
        if (save.IsExpiredBy(sequence)) return false;
        for (var i = 0; i < links.Count; i++)
        {
            var link = links[i];
            if (link.Verifieds is not [var verified, ..]) return false;
            if (!file.SurelyBefore(verified.Sequence, verified.AtMs, sequence, atMs)) return false;
            if (link.Quarantines.Count > 0 && link.Quarantines[0].AtMs <= atMs + file.Evidence.RaceMs) return false;
            if (link.IsReclaimedBy(sequence) || !link.WasSealed) return false;
            if (i > 0 && !link.HadManifest(links[i - 1].BaseNow!.ManifestHash)) return false;
        }

        return true;
    }

    static string Point(CheckpointId? id) => id?.ToString() ?? "the initial state";
}
