using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>S2: what is sealed is whole, and only what is sealed and unquarantined is offered. S3: states come back bit for bit.</summary>
static class WholenessChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        foreach (var save in file.Saves)
            if (save.WasSealed) SealedWhole(save, bench["S2"]);
        foreach (var offer in file.Journal.Offered) Offered(file, offer, bench["S2"]);
        foreach (var restored in file.Journal.Restored) Restored(file, restored, bench["S3"]);
        StoredStates(file, bench["S3"]);
    }

    /// <summary>As many copies as the plan asks for, of every rank, before the seal; and the manifest names just these.</summary>
    static void SealedWhole(SaveRecord save, Docket s2)
    {
        s2.Look();
        var seal = save.Seals[0];
        if (save.Opened is not { } opened)
        {
            s2.Violate($"{save.Id} is sealed. Expected it to be opened first; observed: no CheckpointOpened.", save.Stream, seal.Version);
            return;
        }

        List<Rank> lacking = [];
        foreach (var rank in opened.Body.WorldSize.Ranks)
            if (TiersBefore(save, rank, seal.Version) < opened.Body.Copies) lacking.Add(rank);
        if (lacking.Count > 0)
            s2.Violate(
                $"{save.Id} was sealed as a world of {opened.Body.WorldSize}. Expected {opened.Body.Copies} durable "
                + $"cop{(opened.Body.Copies == 1 ? "y" : "ies")} "
                + $"of every rank before the seal; observed: rank {string.Join(", ", lacking)} had not stored. A reader would see "
                + $"half a checkpoint.",
                save.Stream, seal.Version);
        else if (Manifest(save, opened.Body, seal.Version) is { } manifest && manifest != seal.Body.ManifestHash)
            s2.Violate(
                $"{save.Id} was sealed with manifest {seal.Body.ManifestHash.Short}. Expected {manifest.Short}, which is what its "
                + $"shards on record give.",
                save.Stream, seal.Version);
    }

    static int TiersBefore(SaveRecord save, Rank rank, long version)
    {
        var tiers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var stored in save.Stored)
            if (stored.Version < version && stored.Body.Rank == rank) tiers.Add(stored.Body.Tier);
        return tiers.Count;
    }

    /// <summary>Null if a rank's diff is missing, which S9 tells.</summary>
    static ContentHash? Manifest(SaveRecord save, CheckpointOpened opened, long version)
    {
        List<ManifestShard> shards = [];
        foreach (var rank in opened.WorldSize.Ranks)
        {
            var diffed = save.Diffed.Find(one => one.Body.Rank == rank);
            var stored = save.Stored.Find(one => one.Body.Rank == rank && one.Version < version);
            if (diffed.Body is null || stored.Body is null) return null;
            shards.Add(new ManifestShard(rank, stored.Body.Root, diffed.Body.RawBytes, stored.Body.StoredBytes, stored.Body.ObjectKey));
        }

        return new Manifest(
            Contracts.Format.Manifest.FormatName, save.Id, opened.Kind, opened.Base, opened.WorldSize, opened.LayoutDigest, shards).Hash();
    }

    static void Offered(CaseFile file, Entry.Offered offer, Docket s2)
    {
        s2.Look();
        if (offer.Checkpoint is not { } id) return;
        var save = file.Find(id);
        var since = offer.AtMs - file.Evidence.RaceMs;
        if (save is null || !save.WasSealed || save.Seals[0].AtMs > offer.AtMs)
            s2.Violate(
                $"{offer.Process} was offered {id} at {offer.AtMs} ms. Expected it to be sealed by then; observed: "
                + $"{(save is { WasSealed: true } late ? $"sealed only at {late.Seals[0].AtMs} ms" : "it never was")}.",
                id.StreamKey, save is { WasSealed: true } ? save.Seals[0].Version : null, offer.Index);
        else if (save.Quarantines.Count > 0 && save.Quarantines[0].AtMs < since)
            s2.Violate(
                $"{offer.Process} was offered {id} at {offer.AtMs} ms. Expected nothing quarantined; observed: quarantined since "
                + $"{save.Quarantines[0].AtMs} ms ({save.Quarantines[0].Body.Cause}).",
                save.Stream, save.Quarantines[0].Version, offer.Index);
        else if (save.Reclaims.Count > 0 && save.Reclaims[0].AtMs < since)
            s2.Violate(
                $"{offer.Process} was offered {id} at {offer.AtMs} ms. Expected nothing whose bytes go; observed: reclaimed since "
                + $"{save.Reclaims[0].AtMs} ms.",
                save.Stream, save.Reclaims[0].Version, offer.Index);
    }

    static void Restored(CaseFile file, Entry.Restored restored, Docket s3)
    {
        if (restored.Checkpoint is not { } id) return;
        var captures = file.Journal.CapturesOf(id, restored.Rank);
        if (captures.Count == 0)
        {
            s3.Lack();
            return;
        }

        s3.Look();
        foreach (var capture in captures)
            if (capture.State == restored.State) return;
        s3.Violate(
            $"Rank {restored.Rank} restored {id}. Expected the captured state {captures[^1].State.Short}; observed "
            + $"{restored.State.Short}. The trainer "
            + "goes on from a state that was never saved.",
            restored.Recovery ?? id.StreamKey, null, [.. captures.Select(static one => one.Index), restored.Index]);
    }

    /// <summary>What lies in the store decodes to what was captured, whether somebody restores it or not.</summary>
    static void StoredStates(CaseFile file, Docket s3)
    {
        foreach (var stored in file.Evidence.Objects)
        {
            if (stored is not { State: { } state, Checkpoint: { } id, Rank: { } rank, Damage: null }) continue;
            if (file.Find(id) is not { WasSealed: true } save || stored.Root is not { } root
                || !save.HadRoot(new Rank(rank), root)) continue;
            var captures = file.Journal.CapturesOf(id, rank);
            if (captures.Count == 0) continue;
            s3.Look();
            if (captures.Any(one => one.State == state) || HasHarm(file, save, rank)) continue;
            s3.Violate(
                $"{stored.Tier}:{stored.Key} is intact and decodes to {state.Short}. Expected what rank {rank} held when {id} was "
                + $"captured: "
                + $"{captures[^1].State.Short}.",
                save.Stream, null, captures[^1].Index);
        }
    }

    static bool HasHarm(CaseFile file, SaveRecord save, int rank) => file.Chain(save, out _).Exists(
        link => link.Stored.Exists(one => one.Body.Rank.Value == rank && file.Journal.HarmOf(one.Body.ObjectKey).Count > 0));
}
