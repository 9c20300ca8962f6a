using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>S4: one authority per checkpoint. S15: a newer generation ends the older one.</summary>
/// <remarks>Whoever writes a checkpoint holds the run's stream until its commit, and a grant appends to it; so between these two, sequence
/// numbers do say what came first.</remarks>
static class FenceChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        foreach (var run in file.Runs)
        {
            Grants(run, bench["S15"]);
            foreach (var save in run.Saves)
            {
                Seals(run, save, bench["S4"]);
                Writes(run, save, bench["S15"]);
            }

            foreach (var recovery in run.Recoveries.Values) Recoveries(run, recovery, bench["S15"]);
        }
    }

    static void Grants(RunRecord run, Docket s15)
    {
        for (var i = 0; i < run.Grants.Count; i++)
        {
            var grant = run.Grants[i];
            if (i > 0) s15.Look();
            if (grant.Body.Generation.Value != i + 1)
                s15.Violate($"Run {run.Id} was granted generation {grant.Body.Generation} as its number {i + 1}. Expected "
                    + $"generations to grow by one.",
                    run.Stream, grant.Version);
        }
    }

    static void Seals(RunRecord run, SaveRecord save, Docket s4)
    {
        if (save.Seals.Count == 0) return;
        s4.Look();
        if (save.Seals.Count > 1)
            s4.Violate($"{save.Id} is sealed {save.Seals.Count} times. Expected once.", save.Stream, save.Seals[1].Version);
        if (!string.Equals(save.Stream, save.Id.StreamKey, StringComparison.Ordinal))
            s4.Violate($"{save.Id} is sealed in {save.Stream}. Expected its own stream.", save.Stream, save.Seals[0].Version);
        if (run.GrantAbove(save.Id.Generation) is { } grant && grant.Sequence < save.Seals[0].Sequence)
            s4.Violate(
                $"{save.Id} was sealed by generation {save.Id.Generation}. Expected nothing of it after generation "
                + $"{grant.Body.Generation} was granted; "
                + $"observed: granted at sequence {grant.Sequence}, sealed at {save.Seals[0].Sequence}.",
                save.Stream, save.Seals[0].Version);
    }

    static void Writes(RunRecord run, SaveRecord save, Docket s15)
    {
        if (run.GrantAbove(save.Id.Generation) is not { } grant) return;
        if (save.Opened is { } opened) Late(save.Id, save.Stream, "was opened", opened.Sequence, opened.Version, grant, s15);
        foreach (var one in save.Diffed)
            Late(save.Id, save.Stream, $"got a diff of rank {one.Body.Rank}", one.Sequence, one.Version, grant, s15);
        foreach (var one in save.Stored)
            Late(save.Id, save.Stream, $"got a shard of rank {one.Body.Rank}", one.Sequence, one.Version, grant, s15);
        foreach (var one in save.Abandons)
            if (one.Body.Failure is { } failure)
                Late(save.Id, save.Stream, $"was given up by rank {failure.Rank}", one.Sequence, one.Version, grant, s15);
        foreach (var one in save.Seals) Late(save.Id, save.Stream, "was sealed", one.Sequence, one.Version, grant, s15);
    }

    static void Late(
        CheckpointId id, string stream, string what, long sequence, long version, Fact<Contracts.Events.LeaseGranted> grant, Docket s15)
    {
        if (sequence > grant.Sequence)
            s15.Violate(
                $"{id} {what} after generation {grant.Body.Generation} had begun (sequence {sequence}, granted at {grant.Sequence}). "
                + $"Expected the older "
                + "generation to be refused.",
                stream, version);
    }

    static void Recoveries(RunRecord run, RecoveryRecord recovery, Docket s15)
    {
        if (run.GrantAbove(recovery.Id.Generation) is not { } grant) return;
        foreach (var one in recovery.Restored)
            if (one.Sequence > grant.Sequence)
                s15.Violate(
                    $"Rank {one.Body.Rank} reported to recovery {recovery.Id} after generation {grant.Body.Generation} had begun. "
                    + $"Expected it to be refused.",
                    recovery.Stream, one.Version);
        foreach (var one in recovery.Completed)
            if (one.Sequence > grant.Sequence)
                s15.Violate(
                    $"Recovery {recovery.Id} completed after generation {grant.Body.Generation} had begun. Expected it to fail as "
                    + $"overtaken.",
                    recovery.Stream, one.Version);
    }
}
