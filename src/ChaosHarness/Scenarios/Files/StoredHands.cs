using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>Stored bytes that come to be wrong. The amount of the fault says which of the objects that lie there, in the order of their
/// keys; a target <c>shard:R</c> narrows them to one rank's.</summary>
static class StoredHands
{
    sealed record Lying(CheckpointId Checkpoint, int Rank, string Path);

    public static async Task<string?> DamageAsync(FilePlay play, ScheduledFault fault, DamageClass kind)
    {
        var lying = await LyingAsync(play);
        var pairs = lying.Where(one => IsMeant(one, fault.Target)).Select(one => (one.Path, Other: OtherOf(one, lying, kind)))
            .Where(static pair => pair.Other is not null).ToList();
        if (pairs.Count == 0) return null;
        var (path, other) = pairs[(int)(fault.Amount % pairs.Count)];
        return StoredDamage.Apply(kind, path, other!);
    }

    static async Task<List<Lying>> LyingAsync(FilePlay play) =>
    [
        .. (await play.Stage.CheckpointsAsync())
            .SelectMany(static view => view.Shards, static (view, shard) => (view.Checkpoint, shard))
            .Where(static one => one.shard.Stored is not null)
            .Select(one => new Lying(
                one.Checkpoint, one.shard.Rank.Value, Path.Combine(play.World.StoreDirectory, one.shard.Stored!.ObjectKey)))
            .Where(static one => File.Exists(one.Path)).OrderBy(static one => one.Path, StringComparer.Ordinal),
    ];

    static bool IsMeant(Lying one, string target) =>
        !target.StartsWith("shard:", StringComparison.Ordinal) || FileCheck.RankOf($"rank:{target["shard:".Length..]}") is not { } rank
        || one.Rank == rank;

    /// <summary>What is put in its place, where a class needs that; null if there is no such object.</summary>
    static string? OtherOf(Lying one, List<Lying> lying, DamageClass kind) => kind switch
    {
        DamageClass.Swapped or DamageClass.WrongRank =>
            lying.Find(other => other.Checkpoint == one.Checkpoint && other.Rank != one.Rank)?.Path,
        DamageClass.ReplayedOlder => lying.FindLast(other => other.Checkpoint.Step < one.Checkpoint.Step && other.Rank == one.Rank)?.Path,
        _ => one.Path,
    };
}
