using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>S21: what was done to the world had an effect, and what the system gave up says why, truly.</summary>
static class AccountChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        var s21 = bench["S21"];
        var seen = new HashSet<int>();
        foreach (var effect in file.Journal.Effects) seen.Add(effect.Fault);
        foreach (var fault in file.Journal.Injected)
        {
            s21.Look();
            if (!seen.Contains(fault.Fault))
                s21.Violate(
                    $"Fault {fault.Fault} ({fault.Kind} on {fault.Target}) was injected at {fault.AtMs} ms. Expected an effect on "
                    + $"record; observed none: it "
                    + "cannot be told whether anything was tested.",
                    null, null, fault.Index);
        }

        foreach (var run in file.Runs)
        {
            foreach (var save in run.Saves)
            {
                foreach (var abandoned in save.Abandons) Abandoned(run, save, abandoned, s21);
                foreach (var quarantined in save.Quarantines) Quarantined(save, quarantined, s21);
            }

            foreach (var recovery in run.Recoveries.Values)
                if (recovery.Started is { } started)
                {
                    s21.Look();
                    if (string.IsNullOrWhiteSpace(started.Body.Cause))
                        s21.Violate($"Recovery {recovery.Id} began. Expected a cause; observed none.", recovery.Stream, started.Version);
                }
        }
    }

    static void Abandoned(RunRecord run, SaveRecord save, Fact<CheckpointAbandoned> abandoned, Docket s21)
    {
        s21.Look();
        var untrue = abandoned.Body.Cause switch
        {
            _ when string.IsNullOrWhiteSpace(abandoned.Body.Reason) => "it gives no reason",
            AbandonCause.NewerGeneration when run.GrantAbove(save.Id.Generation) is not { } grant || grant.Sequence > abandoned.Sequence =>
                "no newer generation had been granted",
            AbandonCause.RunCompleted when run.Completed is not { } completed || completed.Sequence > abandoned.Sequence =>
                "the run was not completed",
            AbandonCause.DeadlinePassed when save.Opened is { } opened && abandoned.Body.At < opened.Body.Deadline =>
                "its deadline had not passed by the service's own clock",
            AbandonCause.RankFailed when abandoned.Body.Failure is not { } failure || string.IsNullOrWhiteSpace(failure.Code)
                || !abandoned.Body.MissingRanks.Contains(failure.Rank) => "it names no rank that failed and whose shard is missing",
            _ => null,
        };
        if (untrue is not null)
            s21.Violate($"{save.Id} was abandoned ({abandoned.Body.Cause}). Expected a true cause; observed: "
                + $"{untrue}.", save.Stream, abandoned.Version);
        if (save.Opened is not { } plan) return;
        var missing = plan.Body.WorldSize.Ranks.Where(
            rank => save.Stored.Count(one => one.Body.Rank == rank && one.Version < abandoned.Version) < plan.Body.Copies).ToList();
        if (!missing.SequenceEqual(abandoned.Body.MissingRanks))
            s21.Violate(
                $"{save.Id} was abandoned for want of rank {string.Join(", ", abandoned.Body.MissingRanks)}. Expected rank "
                + $"{string.Join(", ", missing)}, whose "
                + "shards are not on record.",
                save.Stream, abandoned.Version);
    }

    static void Quarantined(SaveRecord save, Fact<CheckpointQuarantined> quarantined, Docket s21)
    {
        s21.Look();
        foreach (var rank in quarantined.Body.Ranks)
            if (!save.Checks.Exists(
                one => one.Version < quarantined.Version && one.Body.Rank == rank && one.Body.Finding != Finding.Intact))
                s21.Violate(
                    $"{save.Id} was quarantined for rank {rank}. Expected a finding that says so; observed none before "
                    + $"it.", save.Stream, quarantined.Version);
        if (quarantined.Body.Ranks.Count == 0 || string.IsNullOrWhiteSpace(quarantined.Body.Cause))
            s21.Violate($"{save.Id} was quarantined. Expected ranks and a cause; observed none.", save.Stream, quarantined.Version);
    }
}
