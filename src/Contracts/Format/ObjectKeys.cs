using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>Where objects lie inside a tier. Keys are relative, '/'-separated and never contain "..", because identities cannot.</summary>
public static class ObjectKeys
{
    /// <summary>Longest key that a tier takes, in characters.</summary>
    public const int LengthMax = 512;

    /// <summary>Prefix of everything that belongs to one checkpoint.</summary>
    public static string Checkpoint(CheckpointId id) => $"{id.Run}/g{id.Generation}/s{id.Step}";

    public static string Shard(ShardId id) => $"{Checkpoint(id.Checkpoint)}/r{id.Rank}.shard";

    public static string Manifest(CheckpointId id) => $"{Checkpoint(id)}/manifest.json";

    /// <summary>The same shard, stored anew as a full one. Happens at most once to a checkpoint, so the key is free.</summary>
    public static string Rebased(ShardId id) => $"{Checkpoint(id.Checkpoint)}/r{id.Rank}.full.shard";

    public static string RebasedManifest(CheckpointId id) => $"{Checkpoint(id)}/manifest.full.json";

    /// <summary>
    /// Null if a tier may use the key; otherwise what is wrong with it. A segment has only a-z, 0-9, '.', '_' and '-' and does not begin
    /// with '.', so no key leaves the tier's root, and the names that begin with '.' are the tier's own.
    /// </summary>
    public static string? Objection(string key)
    {
        if (key.Length is 0 or > LengthMax) return $"it has {key.Length} characters; allowed are 1-{LengthMax}";
        foreach (var segment in key.Split('/'))
        {
            if (segment.Length == 0) return "it has an empty segment";
            if (segment[0] == '.') return $"its segment \"{segment}\" begins with '.'";
            foreach (var c in segment)
                if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('.' or '_' or '-'))
                    return $"it contains '{c}'; allowed are a-z, 0-9, '.', '_', '-' and '/'";
        }

        return null;
    }
}
