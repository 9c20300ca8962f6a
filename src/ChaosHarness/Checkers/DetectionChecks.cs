using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>S7: damage that is read is found. S17: who says intact has read. S18: quarantine stays.</summary>
static class DetectionChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        var keys = new Dictionary<string, (SaveRecord Save, ShardStored Stored)>(StringComparer.Ordinal);
        foreach (var save in file.Saves)
            foreach (var stored in save.Stored) keys.TryAdd(stored.Body.ObjectKey, (save, stored.Body));
        foreach (var (key, entries) in file.Journal.Harm)
            if (keys.TryGetValue(key, out var named)) Found(file, named.Save, named.Stored, entries[0], bench["S7"]);
        foreach (var save in file.Saves)
        {
            foreach (var check in save.Checks)
            {
                FalseAlarm(file, save, check, bench["S7"]);
                if (check.Body is { Finding: Finding.Intact, Depth: VerificationDepth.Deep }) HonestlyRead(file, save, check, bench["S17"]);
            }

            foreach (var verified in save.Verifieds) AllRead(save, verified, bench["S17"]);
            if (save.Quarantines.Count > 0) Sticky(file, save, bench["S18"]);
        }
    }

    /// <summary>A harmed object that was read afterwards must be on record as damaged, and its state must reach no trainer.</summary>
    static void Found(CaseFile file, SaveRecord save, ShardStored stored, long harmedAt, Docket s7)
    {
        var read = file.Journal.ReadBack.FindLast(one => string.Equals(one.ObjectKey, stored.ObjectKey, StringComparison.Ordinal));
        if (read is not null && read.Index > harmedAt && IsStillHarmed(file, stored))
        {
            s7.Look();
            var told = save.Checks.Exists(one => one.Body.Rank == stored.Rank && one.Body.Finding != Finding.Intact);
            var moot = save.Endings.Count > 0 || !save.WasSealed || file.BeyondBudget || file.Evidence.AtRest is null;
            if (!told && !moot)
                s7.Violate(
                    $"A fault changed {stored.ObjectKey} (rank {stored.Rank} of {save.Id}), and {read.Process} read it at "
                    + $"{read.AtMs} ms. Expected the damage on "
                    + "record; observed: every finding says intact, or there is none.",
                    save.Stream, null, harmedAt, read.Index);
        }

        foreach (var restored in file.Journal.Restored)
            if (restored.Index > harmedAt && restored.Rank == stored.Rank.Value && restored.Checkpoint is { } id
                && file.Find(id) is { } target && file.Chain(target, out _).Contains(save))
                ReachedTrainer(file, restored, stored, harmedAt, s7);
    }

    static void ReachedTrainer(CaseFile file, Histories.Entry.Restored restored, ShardStored stored, long harmedAt, Docket s7)
    {
        var captures = file.Journal.CapturesOf(restored.Checkpoint!.Value, restored.Rank);
        if (captures.Count == 0) return;
        s7.Look();
        if (captures.Any(one => one.State == restored.State)) return;
        s7.Violate(
            $"A fault changed {stored.ObjectKey}; after that rank {restored.Rank} restored {restored.Checkpoint} through it. "
            + $"Expected the damage to be found "
            + $"first; observed: the trainer got state {restored.State.Short}, captured was {captures[^1].State.Short}.",
            restored.Recovery, null, harmedAt, restored.Index);
    }

    /// <summary>Where the store's end is known: an object that is whole again was repaired or the harm healed.</summary>
    static bool IsStillHarmed(CaseFile file, ShardStored stored) =>
        !file.Evidence.KnowsObjects || file.Objects.GetValueOrDefault((stored.Tier, stored.ObjectKey)) is not { Damage: null } found
        || found.Root != stored.Root;

    static void FalseAlarm(CaseFile file, SaveRecord save, Fact<ShardVerified> check, Docket s7)
    {
        if (check.Body.Finding is Finding.Intact or Finding.Unknown || !file.Evidence.KnowsObjects) return;
        s7.Look();
        if (check.Body.Finding is Finding.Unreadable or Finding.Missing
            && file.Journal.Suffered("eio", "read", "disk", "store", "tier", "io-", "mount", "power", "fs-", "delete", "operator")) return;
        foreach (var link in file.Chain(save, out _))
            foreach (var stored in link.Rebases.SelectMany(static one => one.Body.Shards))
                if (stored.Rank == check.Body.Rank && file.Journal.HarmOf(stored.ObjectKey).Count > 0) return;
        foreach (var link in file.Chain(save, out _, asOpened: true))
            foreach (var stored in link.Stored)
                if (stored.Body.Rank == check.Body.Rank
                    && (file.Journal.HarmOf(stored.Body.ObjectKey).Count > 0 || !IsWhole(file, stored.Body))) return;
        if (save.Stored.Exists(one => one.Body.Rank == check.Body.Rank))
            s7.Violate(
                $"Rank {check.Body.Rank} of {save.Id} was reported {check.Body.Finding} ({check.Body.Detail}). Expected intact: no "
                + $"fault touched its bytes or "
                + "those of its chain, and they re-read with the root on record.",
                save.Stream, check.Version);
    }

    static bool IsWhole(CaseFile file, ShardStored stored) =>
        file.Objects.GetValueOrDefault((stored.Tier, stored.ObjectKey)) is { Damage: null } found && found.Root == stored.Root;

    static void HonestlyRead(CaseFile file, SaveRecord save, Fact<ShardVerified> check, Docket s17)
    {
        if (file.Journal.ReadBack.Count == 0 && file.Journal.Durable.Count == 0)
        {
            s17.Lack();
            return;
        }

        s17.Look();
        var rank = check.Body.Rank.Value;
        var reads = file.Journal.ReadsOf(save.Id, rank).Where(one => one.AtMs <= check.AtMs + file.Evidence.RaceMs).ToList();
        if (reads is not [.., var last])
        {
            s17.Violate(
                $"Rank {rank} of {save.Id} was recorded as deeply intact at {check.AtMs} ms. Expected that its stored bytes were "
                + "read before; observed: nobody read them.",
                save.Stream, check.Version);
            return;
        }

        var writes = file.Journal.WritesOf(last.ObjectKey);
        if (!reads.Exists(read => read.Written >= writes.Count(one => one.Index < read.Index)
            && read.Written >= writes.Count(one => one.AtMs + file.Evidence.RaceMs < check.AtMs)))
            s17.Violate(
                $"Rank {rank} of {save.Id} was recorded as deeply intact at {check.AtMs} ms. Expected a read of the stored bytes after "
                + $"their last write (there were {writes.Count}); observed: what was read last is write {last.Written}, from a cache or "
                + "too early.",
                save.Stream, check.Version, last.Index);
    }

    /// <summary>A verified checkpoint rests on a deep reading of every rank's shard.</summary>
    static void AllRead(SaveRecord save, Fact<CheckpointVerified> verified, Docket s17)
    {
        if (save.Opened is not { } opened) return;
        s17.Look();
        foreach (var rank in opened.Body.WorldSize.Ranks)
            if (!save.Checks.Exists(one => one.Version < verified.Version && one.Body.Rank == rank
                && one.Body is { Finding: Finding.Intact, Depth: VerificationDepth.Deep }))
                s17.Violate(
                    $"{save.Id} became verified. Expected a deep finding of intact for every rank of {opened.Body.WorldSize} before it; "
                    + $"observed none for rank {rank}.",
                    save.Stream, verified.Version);
    }

    static void Sticky(CaseFile file, SaveRecord save, Docket s18)
    {
        s18.Look();
        var since = save.Quarantines[0];
        if (save.Verifieds.Exists(one => one.Version > since.Version) && !save.Stored.Exists(one => one.Version > since.Version)
            && !save.Rebases.Exists(one => one.Version > since.Version))
            s18.Violate(
                $"{save.Id} was quarantined ({since.Body.Cause}) and verified again afterwards. Expected that only newer bytes lift "
                + $"a quarantine; observed: "
                + "no byte was stored since.",
                save.Stream, save.Verifieds.Find(one => one.Version > since.Version).Version);
        foreach (var other in file.ChildrenOf(save.Id))
            if (other.Opened is { } opened && file.SurelyBefore(since.Sequence, since.AtMs, opened.Sequence, opened.AtMs))
                s18.Violate(
                    $"{other.Id} was built on {save.Id}. Expected no new delta on a quarantined base; observed: quarantined before "
                    + $"({since.Body.Cause}).",
                    other.Stream, opened.Version);
        foreach (var run in file.Runs)
            foreach (var recovery in run.Recoveries.Values)
                foreach (var choice in recovery.Choices)
                    if (choice.Body.Chosen is { } chosen && file.SurelyBefore(since.Sequence, since.AtMs, choice.Sequence, choice.AtMs)
                        && file.Find(chosen) is { } target && file.Chain(target, out _).Contains(save))
                        s18.Violate(
                            $"Recovery {recovery.Id} chose {chosen}. Expected nothing that needs {save.Id}, which was quarantined "
                            + $"before ({since.Body.Cause}).",
                            recovery.Stream, choice.Version);
    }
}
