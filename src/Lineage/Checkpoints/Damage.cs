using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Checkpoints;

/// <summary>Findings in order of badness, and damage in words.</summary>
public static class Damage
{
    /// <summary>
    /// Later is worse. The recorded finding of a shard only ever moves to a worse one (or, while intact, to a deeper one), so that any
    /// order and duplication of reports ends in the same state.
    /// </summary>
    public static int Badness(Finding finding, VerificationDepth depth) => finding switch
    {
        Finding.Intact => depth == VerificationDepth.Deep ? 1 : 0,
        Finding.Unknown => 2,
        Finding.Unreadable => 3,
        Finding.Altered => 4,
        Finding.Truncated => 5,
        Finding.Missing => 6,
        _ => throw new ArgumentOutOfRangeException(nameof(finding), finding, "Not a finding."),
    };

    /// <summary>Ranks with a finding other than intact, in order.</summary>
    public static IReadOnlyList<Rank> Ranks(Checkpoint checkpoint) =>
        [.. checkpoint.Shards.Values.Where(IsDamaged).Select(static shard => shard.Rank)];

    /// <summary>For example <c>rank 3's shard is altered (blk.2.mlp.weight chunk 17 at 1,048,576 B)</c>; several joined by "; ".</summary>
    public static string Describe(Checkpoint checkpoint) =>
        string.Join("; ", checkpoint.Shards.Values.Where(IsDamaged).Select(static shard => Describe(shard.Verified!)));

    public static string Describe(ShardVerified e) =>
        $"rank {e.Rank}'s shard is {Word(e.Finding)}{(e.Detail is { Length: > 0 } detail ? $" ({detail})" : "")}";

    static string Word(Finding finding) => finding switch
    {
        Finding.Unknown => "of unknown condition",
        _ => finding.ToString().ToLowerInvariant(),
    };

    static bool IsDamaged(ShardState shard) => shard.Verified is { Finding: not Finding.Intact };
}
