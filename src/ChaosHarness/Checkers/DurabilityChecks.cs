using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>What was promised is still there: S1 (stored bytes), S8 (acknowledged facts), S12 (nothing is told before it is so).</summary>
static class DurabilityChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        if (!file.BeyondBudget)
        {
            foreach (var save in file.Saves) StoredBytes(file, save, bench["S1"]);
            Acknowledged(file, bench["S8"]);
        }

        ToldAfterDurable(file, bench["S12"]);
    }

    static void StoredBytes(CaseFile file, SaveRecord save, Docket s1)
    {
        if (save.Reclaims.Count > 0) return;
        foreach (var stored in save.Stored)
        {
            if (!file.Evidence.KnowsObjects)
            {
                s1.Lack();
                continue;
            }

            s1.Look();
            if (file.Journal.HarmOf(stored.Body.ObjectKey).Count > 0) continue;
            var found = file.Objects.GetValueOrDefault((stored.Body.Tier, stored.Body.ObjectKey));
            if (Wrong(found, stored.Body) is { } wrong)
                s1.Violate(
                    $"ShardStored promised that rank {stored.Body.Rank} of {save.Id} re-reads from "
                    + $"{stored.Body.Tier}:{stored.Body.ObjectKey} with root "
                    + $"{stored.Body.Root.Short} after any crash. Expected those bytes; observed: {wrong}. No injected fault changed them.",
                    save.Stream, stored.Version);
        }

        foreach (var rebased in save.Rebases) Rewritten(file, save, rebased, s1);
    }

    /// <summary>A rewrite is a promise of the same kind, under other names.</summary>
    static void Rewritten(CaseFile file, SaveRecord save, Fact<CheckpointRebased> rebased, Docket s1)
    {
        if (file.Evidence.Objects.Count == 0) return;
        foreach (var shard in rebased.Body.Shards)
        {
            s1.Look();
            var found = file.Objects.GetValueOrDefault((shard.Tier, shard.ObjectKey));
            var promised = new ShardStored(
                save.Id, shard.Rank, shard.Root, shard.StoredBytes, shard.Tier, shard.ObjectKey, rebased.Body.At);
            if (file.Journal.HarmOf(shard.ObjectKey).Count == 0 && Wrong(found, promised) is { } wrong)
                s1.Violate(
                    $"CheckpointRebased promised that rank {shard.Rank} of {save.Id} re-reads from {shard.Tier}:{shard.ObjectKey} with "
                    + $"root {shard.Root.Short}. Expected those bytes; observed: {wrong}. No injected fault changed them.",
                    save.Stream, rebased.Version);
        }
    }

    static string? Wrong(ObjectEvidence? found, ShardStored stored) => found switch
    {
        null => "there is no such object",
        { Damage: { } damage } => damage,
        { Root: null } => "the bytes are no whole shard",
        { Root: { } root } when root != stored.Root => $"the bytes have root {root.Short}",
        _ => null,
    };

    static void Acknowledged(CaseFile file, Docket s8)
    {
        if (file.Journal.Acknowledged.Count == 0) return;
        var known = new HashSet<(string Stream, string Event, int? Rank)>();
        foreach (var stream in file.Evidence.Streams)
            foreach (var e in stream.Events)
            {
                known.Add((stream.Key, e.Name, null));
                if (RankOf(e.Body) is { } rank) known.Add((stream.Key, e.Name, rank.Value));
            }

        foreach (var one in file.Journal.Acknowledged)
        {
            s8.Look();
            if (!known.Contains((one.Stream, one.Event, one.Rank)))
                s8.Violate(
                    $"{one.Process} was told at {one.AtMs} ms that {one.Event}{(one.Rank is { } rank ? $" of rank {rank}" : "")} is "
                    + $"on record. Expected it "
                    + $"in stream {one.Stream} after healing; observed: it is not there. An acknowledged fact was lost.",
                    one.Stream, null, one.Index);
        }
    }

    static Rank? RankOf(object body) => body switch
    {
        ShardDiffed e => e.Rank,
        ShardStored e => e.Rank,
        ShardVerified e => e.Rank,
        RankRestored e => e.Rank,
        RankJoined e => e.Rank,
        _ => null,
    };

    static void ToldAfterDurable(CaseFile file, Docket s12)
    {
        if (file.Journal.Sent.Count == 0) return;
        if (file.Journal.Durable.Count == 0)
        {
            s12.Lack();
            return;
        }

        var durable = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var one in file.Journal.Durable) durable.TryAdd(one.ObjectKey, one.Index);
        foreach (var sent in file.Journal.Sent)
        {
            s12.Look();
            if (durable.TryGetValue(sent.ObjectKey, out var since) && since < sent.Index) continue;
            s12.Violate(
                $"{sent.Process} sent the message that rank {sent.Rank} of {sent.Checkpoint} is stored at {sent.AtMs} ms. Expected "
                + $"{sent.ObjectKey} to be "
                + $"durable before that; observed: {(since == 0 ? "it never became durable" : "it became durable only later")}.",
                sent.Checkpoint.StreamKey, null, sent.Index);
        }
    }
}
