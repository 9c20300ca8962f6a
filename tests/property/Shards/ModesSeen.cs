using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Shards;

/// <summary>How often chunks of each mode came by: a law that never sees a mode says nothing of it.</summary>
sealed class ModesSeen
{
    readonly long[] counts = new long[Enum.GetValues<ChunkMode>().Length];

    public void Add(ChunkModeCounts shard)
    {
        foreach (var (mode, count) in shard.ByMode()) counts[(int)mode] += count;
    }

    public override string ToString() => string.Join(", ", counts.Select(static (count, mode) => $"{(ChunkMode)mode} {count:N0}"));

    public void AssertEach(long least) => Assert.True(counts.All(count => count >= least), $"{least:N0} chunks of each mode, got {this}");
}
