using System.Globalization;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Witnesses;

/// <summary>Whose shard lies under a key (<c>{run}/g{generation}/s{step}/r{rank}.shard</c>), read from the key alone.</summary>
static class ShardPlace
{
    const string Plain = ".shard", Rebased = ".full.shard";

    /// <summary>Null for what is no shard, a manifest for example.</summary>
    public static (CheckpointId Checkpoint, int Rank)? Of(string key)
    {
        if (key.Split('/') is not [var run, ['g', .. var generation], ['s', .. var step], ['r', .. var file]]) return null;
        var end = file.EndsWith(Rebased, StringComparison.Ordinal) ? Rebased : Plain;
        if (!file.EndsWith(end, StringComparison.Ordinal)) return null;
        return RunId.TryParse(run, out var id) && Number(generation) is { } g && Number(step) is { } s
            && Number(file[..^end.Length]) is { } rank and <= int.MaxValue
            ? (new CheckpointId(id, new Generation(g), new Step(s)), (int)rank)
            : null;
    }

    static long? Number(string digits) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
