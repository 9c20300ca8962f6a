using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Retention;

/// <summary>What is to be deleted, and what holds a checkpoint, as the API shows it.</summary>
public static class RetentionViews
{
    /// <summary>
    /// Every object that the checkpoint may have left: what its ranks reported, what they may have stored without telling, what a rewrite
    /// left or made, and the manifest's copy. Keys follow from the identity, so nothing of another checkpoint is ever among them.
    /// </summary>
    public static ReclaimWork Work(Checkpoint checkpoint)
    {
        var id = checkpoint.Id;
        var objects = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var rank in checkpoint.Opened.WorldSize.Ranks) objects[ObjectKeys.Shard(new ShardId(id, rank))] = 0;
        foreach (var stored in checkpoint.Shards.Values.SelectMany(static shard => shard.Stored))
            objects[stored.ObjectKey] = stored.StoredBytes;
        objects[ObjectKeys.Manifest(id)] = 0;
        if (checkpoint.Rebased is not null) objects[ObjectKeys.RebasedManifest(id)] = 0;
        return new ReclaimWork(
            id, checkpoint.Phase, checkpoint.Ending?.ReclaimStarted is not null, [.. checkpoint.Opened.WorldSize.Ranks],
            [.. objects.Select(static pair => new ReclaimObject(pair.Key, pair.Value))],
            checkpoint.Ending?.Expired is { } expired ? $"expired: {expired.Rule}" : $"abandoned: {checkpoint.Abandoned!.Reason}");
    }

    /// <param name="entry">What the run's own policy says of it; null once it is reclaimed.</param>
    /// <param name="needs">What refers to it right now, whether that stays or not.</param>
    public static Holders Holders(Checkpoint checkpoint, RetentionEntry? entry, IReadOnlyList<KeepReason> needs, DateTimeOffset now)
    {
        List<KeepReason> heldBy = [.. entry?.Reasons ?? []];
        heldBy.AddRange(needs.Where(need => !heldBy.Exists(known => known.Rule == need.Rule)));
        if (entry is { Outcome: RetentionOutcome.Expired, ReclaimAfter: { } after } && now < after)
            heldBy.Add(new KeepReason(KeepRule.Grace, $"its expiry can be undone until {Refusals.Time(after)}"));
        var gone = checkpoint.Ending?.ReclaimStarted is not null;
        var why = heldBy.Count switch
        {
            _ when gone => "reclaimed: its bytes are given up already",
            0 => $"nothing holds it: {entry!.Why}",
            1 => heldBy[0].Detail,
            _ => $"{heldBy.Count} things hold it",
        };
        return new Holders(
            checkpoint.Id, checkpoint.Phase, SafeToDelete: gone || heldBy.Count == 0, why, gone ? [] : heldBy,
            checkpoint.Shards.Values.Sum(static shard => shard.Stored is [var first, ..] ? first.StoredBytes : 0));
    }
}
