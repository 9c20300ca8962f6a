using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// What lies in a local tier, read and decoded by the judge's own reader. Files of a chaos run are small; one beyond
/// <see cref="BytesMax"/> is reported as unreadable and never half judged.
/// </summary>
public static class BytesWitness
{
    public const long BytesMax = 1L << 30;

    const int ObjectsMax = 1_000_000;

    /// <param name="folder">Root of the tier: below it lie <c>{run}/g{generation}/s{step}/r{rank}.shard</c>.</param>
    /// <param name="tier">Name that events use for it.</param>
    /// <param name="run">Of this run only; null: of all.</param>
    /// <exception cref="InvalidDataException">More objects than can be judged.</exception>
    public static IReadOnlyList<ObjectEvidence> Read(string folder, string tier, RunId? run = null)
    {
        List<ObjectEvidence> found = [];
        var below = run is { } only ? Path.Combine(folder, only.ToString()) : folder;
        if (!Directory.Exists(below)) return found;
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            MaxRecursionDepth = 8,
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = false,
        };
        foreach (var path in Directory.EnumerateFiles(below, "*.shard", options).Order(StringComparer.Ordinal))
        {
            var key = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
            if (key.StartsWith('.') || key.Contains("/.", StringComparison.Ordinal)) continue;   // names of the tier's own, no objects
            if (found.Count == ObjectsMax) throw new InvalidDataException($"{folder} holds more than {ObjectsMax:N0} objects.");
            found.Add(ReadOne(path, key, tier));
        }

        var chains = new PlainChains(found, one => File.ReadAllBytes(Path.Combine(folder, one.Key)));
        return [.. found.Select(chains.Decoded)];
    }

    static ObjectEvidence ReadOne(string path, string key, string tier)
    {
        var size = new FileInfo(path).Length;
        if (size > BytesMax) return Unread(tier, key, size, $"{size:N0} B are more than the judge reads ({BytesMax:N0} B)");
        try
        {
            return Judge(PlainShard.Read(File.ReadAllBytes(path)), tier, key, size);
        }
        catch (IOException e)
        {
            return Unread(tier, key, size, $"the medium fails: {e.Message}");
        }
    }

    /// <summary>Valid bytes in the wrong place are damage too: the key must be the one that the identity gives.</summary>
    static ObjectEvidence Judge(PlainShard shard, string tier, string key, long size)
    {
        var damage = shard.Damage;
        if (damage is null && shard.Identity is { } identity && !identity.MayLieAt(key))
            damage = $"it lies under {key}, but says that it is {identity.Key}";
        return new ObjectEvidence(
            tier, key, size, shard.Root, shard.Identity?.Checkpoint, shard.Identity?.Rank, shard.Identity?.BaseRoot, State: null, damage);
    }

    static ObjectEvidence Unread(string tier, string key, long size, string why) =>
        new(tier, key, size, Root: null, Checkpoint: null, Rank: null, BaseRoot: null, State: null, why);
}

/// <summary>Who a shard says it is.</summary>
/// <param name="BaseRoot">Null for a full shard.</param>
sealed record PlainIdentity(CheckpointId Checkpoint, int Rank, ContentHash? BaseRoot)
{
    public string Key => $"{Checkpoint.Run}/g{Checkpoint.Generation}/s{Checkpoint.Step}/r{Rank}.shard";

    /// <summary>A shard that was written anew as a full one lies beside the first.</summary>
    public bool MayLieAt(string key) => string.Equals(Key, key, StringComparison.Ordinal)
        || (BaseRoot is null && string.Equals(Anew, key, StringComparison.Ordinal));

    string Anew => Key.Replace(".shard", ".full.shard", StringComparison.Ordinal);
}
