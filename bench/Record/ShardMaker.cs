using System.Text;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Bench.Record;

/// <summary>What ranks report of the shards of a save, and keepers of what they read back.</summary>
/// <param name="isSmall">Deltas are small, so that chains go deep.</param>
sealed class ShardMaker(MadeRun run, WorldSize world, bool isSmall, Random random)
{
    const long RawBytes = 1_600_000, FullBytes = 1_100_000;

    public ContentHash Layout { get; } = Hash("made-up layout");

    public static ContentHash Hash(string text) => ContentHash.Of(Encoding.UTF8.GetBytes(text));

    /// <summary>The first so many ranks store; the last of all seals.</summary>
    public void Store(CheckpointId id, int ranks, DateTimeOffset at)
    {
        var opened = run.Checkpoints[id].Opened;
        for (var number = 0; number < ranks; number++)
        {
            var rank = new Rank(number);
            var actor = ActorId.Parse($"rank:{id.Run}/{id.Generation}/{rank}");
            var stored = opened.Base is null ? FullBytes : (isSmall ? FullBytes / 20 : FullBytes * 2 / 5) + random.Next(9_000);
            ContentHash? baseRoot = opened.Base is { } edge ? run.Checkpoints[edge.Checkpoint].Shards[rank].Root : null;
            run.Append(id.StreamKey, new ShardDiffed(
                id, rank, baseRoot, RawBytes, stored - 900, new ChunkModeCounts(1, 2, 0, 3, baseRoot is null ? 0 : 4),
                40_000 + random.Next(9_000), 700), actor, at);
            run.Append(id.StreamKey, new ShardStored(
                id, rank, Hash($"{id}/{rank}"), stored, "local", ObjectKeys.Shard(new ShardId(id, rank)), at), actor, at);
        }

        if (ranks < world.Value) return;
        var complete = run.Checkpoints[id];
        run.Append(id.StreamKey, new CheckpointSealed(
            id, complete.Manifest().Hash(), RawBytes * world.Value, complete.Shards.Values.Sum(static shard => shard.Stored[0].StoredBytes),
            at), ActorId.Parse($"rank:{id.Run}/{id.Generation}/{world.Value - 1}"), at);
    }

    public void Verify(CheckpointId id, ActorId keeper, DateTimeOffset at)
    {
        foreach (var rank in world.Ranks)
            run.Append(id.StreamKey, new ShardVerified(
                id, rank, Finding.Intact, VerificationDepth.Deep, Detail: null, run.Checkpoints[id].Shards[rank].Stored[0].StoredBytes, at),
                keeper, at);
        run.Append(id.StreamKey, new CheckpointVerified(id, at), keeper, at);
    }
}
