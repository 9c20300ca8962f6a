using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>Where objects lie inside a tier. Keys are relative, '/'-separated and never contain "..", because identities cannot.</summary>
public static class ObjectKeys
{
    /// <summary>Prefix of everything that belongs to one checkpoint.</summary>
    public static string Checkpoint(CheckpointId id) => $"{id.Run}/g{id.Generation}/s{id.Step}";

    public static string Shard(ShardId id) => $"{Checkpoint(id.Checkpoint)}/r{id.Rank}.shard";

    public static string Manifest(CheckpointId id) => $"{Checkpoint(id)}/manifest.json";
}
