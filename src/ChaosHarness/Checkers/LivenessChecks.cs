using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>L1 to L4 and L7: after healing everything that was begun ends, and nothing is left over.</summary>
static class LivenessChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        if (file.BeyondBudget)
        {
            foreach (var run in file.Runs)
                foreach (var recovery in run.Recoveries.Values) Decided(recovery, bench["L2"]);
            return;
        }

        var when = file.Evidence.AtRest is { } rest ? $"{rest.AfterHealMs} ms after "
            + $"healing" : $"after {file.Schedule.Bounds.HealWithinMs} ms of healing";
        foreach (var save in file.Saves) Ended(save, when, bench["L1"]);
        foreach (var run in file.Runs)
            foreach (var recovery in run.Recoveries.Values)
            {
                Decided(recovery, bench["L2"]);
                Over(recovery, when, bench["L2"]);
            }

        Rest(file, bench);
    }

    static void Ended(SaveRecord save, string when, Docket l1)
    {
        if (save.Opened is not { } opened) return;
        l1.Look();
        if (save.Seals.Count + save.Abandons.Count == 0)
            l1.Violate($"{save.Id} was opened. Expected it sealed or abandoned; observed: still open {when}.", save.Stream, opened.Version);
    }

    static void Decided(RecoveryRecord recovery, Docket l2)
    {
        if (recovery.Started is not { } started) return;
        l2.Look();
        if (recovery.Choices.Count + recovery.Failed.Count == 0)
            l2.Violate($"Recovery {recovery.Id} began. Expected a choice, or that there is none; observed "
                + $"neither.", recovery.Stream, started.Version);
        foreach (var failed in recovery.Failed)
            if (string.IsNullOrWhiteSpace(failed.Body.Reason))
                l2.Violate($"Recovery {recovery.Id} failed. Expected a reason; observed none.", recovery.Stream, failed.Version);
    }

    static void Over(RecoveryRecord recovery, string when, Docket l2)
    {
        if (recovery.Started is { } started && recovery.Choices.Count > 0 && recovery.Completed.Count + recovery.Failed.Count == 0)
            l2.Violate($"Recovery {recovery.Id} chose a point. Expected it completed or failed; observed: still restoring {when}.",
                recovery.Stream, started.Version);
    }

    static void Rest(CaseFile file, Bench bench)
    {
        bench["L3"].Look();
        if (file.Evidence.AtRest is not { } rest)
        {
            bench["L3"].Violate(
                $"The world was healed. Expected it to come to rest within {file.Schedule.Bounds.HealWithinMs} ms; observed: it "
                + $"never did.");
            return;
        }

        if (rest.AfterHealMs > file.Schedule.Bounds.HealWithinMs)
            bench["L3"].Violate(
                $"The world came to rest {rest.AfterHealMs} ms after healing. Expected at most {file.Schedule.Bounds.HealWithinMs} ms.");
        if (rest.QueuedMessages > 0)
            bench["L3"].Violate($"At rest {rest.QueuedMessages} messages were still on their way. Expected none.");
        foreach (var letter in rest.DeadLetters)
            if (string.IsNullOrWhiteSpace(letter)) bench["L3"].Violate("A dead letter has no reason. Expected every one to be explained.");
        bench["L7"].Look(file.Saves.Count(
            static save => save.Abandons.Count > 0 || save.Endings.Exists(static one => one.Body is CheckpointExpired)));
        foreach (var orphan in rest.Orphans)
            bench["L7"].Violate($"{orphan} is still stored at rest. Expected it reclaimed: no checkpoint that can be restored needs it.");
    }
}
