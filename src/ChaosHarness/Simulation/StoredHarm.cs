using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>Damage to bytes that are stored already. No harm undoes another one: the judge takes an object that a fault named as harmed
/// from there on.</summary>
sealed class StoredHarm(World world)
{
    public string? Inject(ScheduledFault fault)
    {
        var stored = world.Disk.Files.Where(static f => f.Value is { IsNameSynced: true, Content: ShardImage { Whole: true } })
            .OrderBy(static f => f.Key, StringComparer.Ordinal).ToList();
        if (stored.Count == 0) return null;
        var (key, file) = stored[(int)(fault.Amount % stored.Count)];
        var shard = (ShardImage)file.Content;
        switch (fault.Kind)
        {
            case "bit-rot":
                Put(file, shard with { Words = shard.Words with { Rng = shard.Words.Rng ^ (1UL << (fault.Id & 63)) } });
                return $"a bit of {key} flipped";
            case "truncation": Put(file, shard with { Whole = false }); return $"{key} lost its end";
            case "object-deleted": world.Disk.Delete(key, isSynced: true); return $"{key} is gone";
            case "swapped-shards": return Swap(stored, key, file);
            case "stale-shard" or "misdirected-write": return Over(stored, key, file, fault.Kind);
            default:
                throw new SimulationException(
                    $"Fault kind \"{fault.Kind}\" is not modelled; known are {string.Join(", ", FaultHands.Kinds)}.");
        }
    }

    static string? Swap(List<KeyValuePair<string, ModelFile>> stored, string key, ModelFile file)
    {
        var shard = (ShardImage)file.Content;
        if (!IsAtHome(key, shard) || stored.Find(f => f.Value.Content is ShardImage other && IsAtHome(f.Key, other)
            && other.Checkpoint == shard.Checkpoint && other.Rank != shard.Rank) is not { Value: { } twin, Key: var name }) return null;
        var other = twin.Content;
        Put(twin, shard);
        Put(file, other);
        return $"{key} and {name} changed places";
    }

    /// <summary>What belongs elsewhere lies here now: an older shard of the same rank, or any other.</summary>
    static string? Over(List<KeyValuePair<string, ModelFile>> stored, string key, ModelFile file, string kind)
    {
        var shard = (ShardImage)file.Content;
        var other = stored.FindLast(f => f.Value.Content is ShardImage o && o.Checkpoint != shard.Checkpoint && !IsAtHome(key, o)
            && (kind == "misdirected-write" || o.Rank == shard.Rank)).Value;
        if (other is null) return null;
        Put(file, other.Content);
        return $"{key} was overwritten";
    }

    static bool IsAtHome(string key, ShardImage shard) => string.Equals(shard.Key, key, StringComparison.Ordinal);

    static void Put(ModelFile file, object content)
    {
        file.Content = content;
        file.Reread = null;
    }
}
