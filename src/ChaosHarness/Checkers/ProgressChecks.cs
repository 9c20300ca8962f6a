using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Api;
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
                foreach (var abandoned in save.Abandons)
                {
                    TrainingWentOn(file, run, save, abandoned, bench["L8"]);
                    Heard(file, save, abandoned, bench["L8"]);
                }
        }
    }

    static void Poison(CaseFile file, Docket l5)
    {
        var poison = file.Journal.Injected.FindAll(static one => one.Kind.Contains("poison", StringComparison.Ordinal));
        if (poison.Count == 0) return;
        foreach (var one in poison) SetAside(file, one, l5);
        var ended = new Dictionary<(int Operation, string Detail), Entry.Ended>();
        foreach (var one in file.Journal.Ended) ended.TryAdd((one.Operation, one.Detail), one);
        foreach (var asked in file.Journal.Invoked)
        {
            if (asked.Index < poison[0].Index || asked.Kind != OperationKind.Save) continue;
            l5.Look();
            var end = ended.GetValueOrDefault((asked.Operation, asked.Detail)) ?? ended.GetValueOrDefault((asked.Operation, ""));
            if (Delayed(file, asked, end) is { } delayed)
                l5.Violate(
                    $"A {poison[0].Kind} came at {poison[0].AtMs} ms. Expected the save asked at {asked.AtMs} ms ({asked.Detail}) to "
                    + $"end all the same; observed: {delayed}.",
                    null, null, poison[0].Index, asked.Index);
        }
    }

    /// <summary>What cannot be taken is kept where people look, and says why. The fault names its letter.</summary>
    static void SetAside(CaseFile file, Entry.Injected poison, Docket l5)
    {
        if (poison.Detail.Length == 0 || file.Evidence.AtRest is not { } rest) return;
        l5.Look();
        if (!rest.DeadLetters.Any(letter => letter.StartsWith(poison.Detail, StringComparison.Ordinal)
            && letter.Length > poison.Detail.Length + 2))
            l5.Violate(
                $"A {poison.Kind} came at {poison.AtMs} ms. Expected it among the dead letters with its reason ({poison.Detail}); "
                + $"observed: {rest.DeadLetters.Count} letters, and none is it.",
                null, null, poison.Index);
    }

    /// <summary>Where nothing but poison was done to the world, the save's reports also have to get through.</summary>
    static string? Delayed(CaseFile file, Entry.Invoked asked, Entry.Ended? end)
    {
        var within = file.Schedule.Bounds.HealWithinMs;
        var isAlone = file.Journal.Injected.TrueForAll(static one => one.Kind.Contains("poison", StringComparison.Ordinal));
        if (end is null) return isAlone && !IsOvertaken(file, asked) ? "it never did" : null;
        if (end.AtMs - asked.AtMs > within) return $"it took {end.AtMs - asked.AtMs} ms, expected at most {within} ms";
        return isAlone && end.Outcome == Outcome.Unknown ? "nobody said in time whether its reports are on record" : null;
    }

    /// <summary>Its generation was ended by a newer one, and its ranks with it.</summary>
    static bool IsOvertaken(CaseFile file, Entry.Invoked asked) => file.Saves.Any(save =>
        string.Equals(save.Id.ToString(), asked.Detail, StringComparison.Ordinal)
        && file.FindRun(save.Id.Run)?.GrantAbove(save.Id.Generation) is not null);

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

    /// <summary>
    /// A rank that cannot store says so before it gives up, as long as its patience lasts, which is longer than the deadline. Then nobody
    /// waits for the deadline: peers that do run out of room for captures, stand still, and are taken for dead.
    /// </summary>
    static void Heard(CaseFile file, SaveRecord save, Fact<CheckpointAbandoned> abandoned, Docket l8)
    {
        if (save.Opened is not { } opened) return;
        var due = opened.AtMs + (long)(opened.Body.Deadline - opened.Body.OpenedAt).TotalMilliseconds;
        foreach (var end in file.Journal.EndsOf(save.Id))
        {
            if (end is not { Outcome: Outcome.Failed, Code: ProblemCodes.DiskFull or ProblemCodes.DirectoryUnwritable }) continue;
            if (end.AtMs + file.Evidence.RaceMs >= due) continue;
            l8.Look();
            if (abandoned.Body.Cause == AbandonCause.DeadlinePassed && abandoned.AtMs > end.AtMs + file.Evidence.RaceMs)
                l8.Violate(
                    $"{end.Process} could not store its shard of {save.Id} at {end.AtMs} ms ({end.Code}). Expected the save to be given up "
                    + $"for that; observed: the others waited for its deadline, until {abandoned.AtMs} ms.",
                    save.Stream, abandoned.Version, end.Index);
        }
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
        var goesOn = file.Journal.LastStepOf(save.Id.Run) > save.Id.Step.Value
            || run.Completed is not null || run.GrantAbove(save.Id.Generation) is not null;
        var wanted = file.Schedule.Operations.Any(one => one.Kind == OperationKind.Save && one.Argument > save.Id.Step.Value);
        if (!goesOn && wanted)
            l8.Violate(
                $"{save.Id} failed ({abandoned.Body.Reason}). Expected training to go on to the next save; observed: no step after "
                + $"{save.Id.Step} was trained.",
                save.Stream, abandoned.Version);
    }
}
