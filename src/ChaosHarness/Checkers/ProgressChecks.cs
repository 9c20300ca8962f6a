using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>L5: poison delays nobody else. L6: no recovery without end. L8: a failed save does not stop training.</summary>
static class ProgressChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        if (file.BeyondBudget) return;
        Poison(file, bench["L5"]);
        foreach (var run in file.Runs)
        {
            Storm(file, run, bench["L6"]);
            foreach (var save in run.Saves)
                foreach (var abandoned in save.Abandons) TrainingWentOn(file, run, save, abandoned, bench["L8"]);
        }
    }

    static void Poison(CaseFile file, Docket l5)
    {
        if (file.Journal.Injected.Find(static one => one.Kind.Contains("poison", StringComparison.Ordinal)) is not { } poison) return;
        var ended = new Dictionary<int, Entry.Ended>();
        foreach (var one in file.Journal.Ended) ended.TryAdd(one.Operation, one);
        foreach (var asked in file.Journal.Invoked)
        {
            if (asked.Index < poison.Index || asked.Kind != OperationKind.Save) continue;
            l5.Look();
            var within = file.Schedule.Bounds.HealWithinMs;
            if (!ended.TryGetValue(asked.Operation, out var end) || end.AtMs - asked.AtMs > within)
                l5.Violate(
                    $"A poisonous {poison.Kind} came at {poison.AtMs} ms. Expected the save asked at {asked.AtMs} ms "
                    + $"({asked.Detail}) to end within {within} ms "
                    + $"all the same; observed: {(end is null ? "it never did" : $"it took {end.AtMs - asked.AtMs} ms")}.",
                    null, null, poison.Index, asked.Index);
        }
    }

    /// <summary>Recoveries in a row with one cause and one point, with no new seal and no new fault between them.</summary>
    static void Storm(CaseFile file, RunRecord run, Docket l6)
    {
        var inARow = 1;
        RecoveryRecord? before = null;
        foreach (var recovery in run.Recoveries.Values.Where(static one => one.Started is not null)
            .OrderBy(static one => one.Id.Generation))
        {
            l6.Look();
            inARow = before is not null && IsRepeat(file, run, before, recovery) ? inARow + 1 : 1;
            if (inARow > file.Schedule.Bounds.RecoveriesMax)
                l6.Violate(
                    $"Run {run.Id} recovered {inARow} times in a row because of \"{recovery.Started!.Value.Body.Cause}\", from the "
                    + $"same point and without a save "
                    + $"between. Expected at most {file.Schedule.Bounds.RecoveriesMax}, then an older point or a stop.",
                    recovery.Stream, recovery.Started.Value.Version);
            before = recovery;
        }
    }

    /// <remarks>What found nothing to restore has begun nothing again.</remarks>
    static bool IsRepeat(CaseFile file, RunRecord run, RecoveryRecord before, RecoveryRecord recovery)
    {
        var (was, now) = (before.Started!.Value, recovery.Started!.Value);
        return string.Equals(was.Body.Cause, now.Body.Cause, StringComparison.Ordinal)
            && before.ChoiceBy(long.MaxValue) is { } one && recovery.ChoiceBy(long.MaxValue) is { } other
            && one.Body.Chosen == other.Body.Chosen
            && !run.Saves.Exists(save => save.Seals is [var seal, ..] && seal.Sequence > was.Sequence && seal.Sequence < now.Sequence)
            && !file.Journal.Injected.Exists(fault => IsHurting(file, fault, was.AtMs, now.AtMs));
    }

    /// <summary>Whether a fault began, was met or still lasted between the two. A second launcher lasts to the
    /// end.</summary>
    static bool IsHurting(CaseFile file, Entry.Injected fault, long from, long to)
    {
        if (fault.AtMs > to) return false;
        if (file.Journal.Effects.Exists(effect => effect.Fault == fault.Fault && effect.AtMs >= from && effect.AtMs <= to)) return true;
        var lasts = fault.Kind is "launcher-double" || file.Journal.Healed.Exists(one => one.Fault == fault.Fault);
        return lasts && !file.Journal.Healed.Exists(one => (one.Fault is null || one.Fault == fault.Fault) && one.AtMs < from);
    }

    static void TrainingWentOn(CaseFile file, RunRecord run, SaveRecord save, Fact<CheckpointAbandoned> abandoned, Docket l8)
    {
        if (abandoned.Body.Cause is AbandonCause.NewerGeneration or AbandonCause.RunCompleted) return;
        if (file.Journal.Trained.Count == 0)
        {
            l8.Lack();
            return;
        }

        l8.Look();
        var goesOn = file.Journal.Trained.Exists(one => one.Run == save.Id.Run && one.Step > save.Id.Step.Value)
            || run.Completed is not null || run.GrantAbove(save.Id.Generation) is not null;
        var wanted = file.Schedule.Operations.Any(one => one.Kind == OperationKind.Save && one.Argument > save.Id.Step.Value);
        if (!goesOn && wanted)
            l8.Violate(
                $"{save.Id} failed ({abandoned.Body.Reason}). Expected training to go on to the next save; observed: no step after "
                + $"{save.Id.Step} was trained.",
                save.Stream, abandoned.Version);
    }
}
