using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>S9: nothing is on record twice. S10: streams are whole. S11 and L4: rows equal their replay.</summary>
static class StreamChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        foreach (var stream in file.Evidence.Streams) Whole(stream, bench["S10"]);
        PrefixChecks.Examine(file.Evidence, bench["S10"]);
        foreach (var save in file.Saves) Once(save, bench["S9"]);
        foreach (var run in file.Runs)
        {
            OnceOf(run, bench["S9"]);
            foreach (var recovery in run.Recoveries.Values) OnceOf(recovery, bench["S9"]);
        }

        foreach (var row in file.Evidence.Rows) Row(row, bench);
    }

    static void Whole(StreamEvidence stream, Docket s10)
    {
        s10.Look(stream.Events.Count);
        var sequence = long.MinValue;
        for (var i = 0; i < stream.Events.Count; i++)
        {
            var e = stream.Events[i];
            if (e.Version != i + 1)
                s10.Violate($"Event {i + 1} of {stream.Key} has version {e.Version}. Expected {i + 1}: a version is missing or doubled.",
                    stream.Key, e.Version);
            if (e.Sequence <= sequence)
                s10.Violate($"Version {e.Version} of {stream.Key} has sequence {e.Sequence}. Expected more than {sequence}, that of "
                    + $"the version before.",
                    stream.Key, e.Version);
            if (e.DigestHeld == false)
                s10.Violate($"Version {e.Version} of {stream.Key} ({e.Name}). Expected the digest on record; observed: the body "
                    + $"gives another one.",
                    stream.Key, e.Version);
            if (e.LinkHeld == false)
                s10.Violate($"Version {e.Version} of {stream.Key} ({e.Name}). Expected the link on record; observed: its place, what is "
                    + $"said of it and the event before it give another one.",
                    stream.Key, e.Version);
            if (EventCatalog.Names.TryGetValue(e.Body.GetType(), out var name) && !string.Equals(name, e.Name, StringComparison.Ordinal))
                s10.Violate($"Version {e.Version} of {stream.Key} is called {e.Name}. Expected {name}, which is what its body is.",
                    stream.Key, e.Version);
            sequence = e.Sequence;
        }
    }

    static void Row(RowEvidence row, Bench bench)
    {
        bench["S11"].Look();
        bench["L4"].Look();
        if (row.Live == row.Replayed) return;
        bench["S11"].Violate(
            $"The row of {row.Stream} is {row.Live.Short}. Expected {row.Replayed.Short}, which is what its events give when "
            + $"replayed from zero.",
            row.Stream);
        bench["L4"].Violate($"At rest the row of {row.Stream} had not caught up: {row.Live.Short}, its events give "
            + $"{row.Replayed.Short}.", row.Stream);
    }

    static void Once(SaveRecord save, Docket s9)
    {
        s9.Look(save.Stored.Count);
        if (save.Seals.Count > 0 && save.Abandons.Count > 0)
            s9.Violate($"{save.Id} is sealed and abandoned. Expected one end.", save.Stream, save.Abandons[0].Version);
        Single(save.Abandons, save.Stream, "CheckpointAbandoned", s9);
        Single(save.Verifieds, save.Stream, "CheckpointVerified", s9, 1 + save.Rebases.Count);   // new bytes are verified anew
        Single(save.Quarantines, save.Stream, "CheckpointQuarantined", s9);
        Single(save.Reclaims, save.Stream, "ReclaimStarted", s9);
        Repeated(save.Diffed, static one => one.Body.Rank, save.Stream, "ShardDiffed", s9);
        Repeated(save.Stored, static one => (one.Body.Rank, one.Body.Tier), save.Stream, "ShardStored", s9);
        foreach (var stored in save.Stored)
        {
            if (save.RootOf(stored.Body.Rank) != stored.Body.Root)
                s9.Violate(
                    $"Rank {stored.Body.Rank} of {save.Id} is stored with two roots. Expected the first to stand and the other to be "
                    + $"refused.",
                    save.Stream, stored.Version);
            if (!save.Diffed.Exists(one => one.Body.Rank == stored.Body.Rank && one.Version < stored.Version))
                s9.Violate(
                    $"ShardStored of rank {stored.Body.Rank} of {save.Id}. Expected its ShardDiffed before it, whatever the order of "
                    + $"arrival; observed none.",
                    save.Stream, stored.Version);
        }

        Refreshed(save, s9);
    }

    /// <summary>A finding is news when it is worse or deeper, or the same intact one a day later.</summary>
    static void Refreshed(SaveRecord save, Docket s9)
    {
        for (var i = 1; i < save.Checks.Count; i++)
            for (var j = 0; j < i; j++)
            {
                var (earlier, later) = (save.Checks[j].Body, save.Checks[i].Body);
                if (earlier.Rank != later.Rank || earlier.Finding != later.Finding || earlier.Depth != later.Depth) continue;
                if (save.Rebases.Exists(one => one.Version > save.Checks[j].Version && one.Version < save.Checks[i].Version)) continue;
                if (later.Finding == Finding.Intact && later.At - earlier.At >= TimeSpan.FromHours(24)) continue;
                s9.Violate(
                    $"The finding {later.Finding} ({later.Depth}) of rank {later.Rank} of {save.Id} is on record twice. Expected a "
                    + $"repeat to change nothing.",
                    save.Stream, save.Checks[i].Version);
            }
    }

    static void OnceOf(RunRecord run, Docket s9)
    {
        s9.Look(run.Grants.Count);
        Repeated(run.Grants, static one => one.Body.Generation, run.Stream, "LeaseGranted", s9);
        Repeated(
            run.Refused, static one => (one.Body.Presented, one.Body.Rank, one.Body.Attempt, one.Body.Checkpoint), run.Stream,
            "StaleGenerationRefused", s9);
        var joined = new Dictionary<(Generation Generation, Rank Rank), (string Host, int ProcessId)>();
        foreach (var one in run.Joined)
        {
            var (key, who) = ((one.Body.Generation, one.Body.Rank), (one.Body.Host, one.Body.ProcessId));
            if (joined.TryGetValue(key, out var before) && before == who)
                s9.Violate($"Rank {one.Body.Rank} joined generation {one.Body.Generation} twice as the same process. Expected a "
                    + $"repeat to change nothing.",
                    run.Stream, one.Version);
            joined[key] = who;
        }
    }

    static void OnceOf(RecoveryRecord recovery, Docket s9)
    {
        s9.Look(recovery.Choices.Count);
        Single(recovery.Completed, recovery.Stream, "RecoveryCompleted", s9);
        Single(recovery.Failed, recovery.Stream, "RecoveryFailed", s9);
        Repeated(recovery.Choices, static one => one.Body.Attempt, recovery.Stream, "RestorePointChosen", s9);
        Repeated(
            recovery.Restored, one => (one.Body.Rank, recovery.ChoiceBy(one.Sequence)?.Body.Attempt ?? 0), recovery.Stream, "RankRestored",
            s9);
        if (recovery.Completed.Count > 0 && recovery.Failed.Count > 0)
            s9.Violate($"Recovery {recovery.Id} is completed and failed. Expected one end.", recovery.Stream, recovery.Failed[0].Version);
    }

    static void Single<T>(List<Fact<T>> facts, string stream, string name, Docket s9, int times = 1)
    {
        if (facts.Count > times)
            s9.Violate($"{name} is {facts.Count} times in {stream}. "
                + $"Expected {(times == 1 ? "once" : $"at most {times} times")}: a repeated message or command must change nothing.",
                stream, facts[1].Version);
    }

    static void Repeated<T, TKey>(List<Fact<T>> facts, Func<Fact<T>, TKey> key, string stream, string name, Docket s9) where TKey : notnull
    {
        if (facts.Count < 2) return;
        var seen = new HashSet<TKey>();
        foreach (var fact in facts)
            if (!seen.Add(key(fact)))
                s9.Violate($"{name} for {key(fact)} is in {stream} more than once. Expected a repeat to change "
                    + $"nothing.", stream, fact.Version);
    }
}
