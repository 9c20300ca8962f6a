using Lineage.Agents.Capture;
using Lineage.Agents.Codec;
using Lineage.Agents.Restoring;
using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Bench.Measuring;
using Lineage.Bench.Traces;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Bench.SaveRestore;

/// <summary>A checkpoint in the tier, and the captured bytes it was made of for as long as it may be a base.</summary>
sealed record SavedCheckpoint(ChainLink Link, CapturedState Captured, Lap Stall, Lap Durable) : IDisposable
{
    public long StoredBytes => Link.StoredBytes;

    public void Dispose() => Captured.Dispose();
}

/// <summary>
/// Saves and restores of one rank as the saving library does them (capture, encode into the tier, fsync, rename, fsync of the directory;
/// restore by a plan, every digest checked, into live state), without the service and its messages. The one place of this suite that
/// calls the library.
/// </summary>
sealed class OurSaves(string folder) : IDisposable
{
    static readonly RunId Run = RunId.Parse("bench");
    static readonly WorldSize World = WorldSize.From(1);

    readonly BufferPool pool = new();
    readonly LocalDirectoryTier tier = new(folder);
    readonly Restorer restorer = new(new LocalDirectoryTier(folder), TimeProvider.System);
    long step;

    public async Task<SavedCheckpoint> SaveAsync(MemoryTensors live, SavedCheckpoint? below)
    {
        CapturedState? taken = null;
        var stall = Lap.Of(() => taken = CapturedState.Take(live, pool, TimeProvider.System));
        var captured = taken!;
        var shard = new ShardId(new CheckpointId(Run, Generation.From(1), new Step(++step)), Rank.From(0));
        var layout = LayoutDigest.Of(World, captured.Tensors);
        var link = below is null
            ? null
            : new BaseShard(below.Link.Checkpoint, below.Link.ManifestHash!.Value, below.Captured.ShardRoot!.Value);
        var identity = new ShardIdentity(shard, World, layout, link);
        ShardWritten? written = null;
        var put = await Lap.OfAsync(() => tier.PutAsync(ObjectKeys.Shard(shard), Encode, NoSteps.Instance, CancellationToken.None));
        captured.StoredAs(written!.Root);
        return new SavedCheckpoint(LinkOf(shard, written, below, layout), captured, stall, stall + put);

        ValueTask Encode(Stream stream, CancellationToken ct)
        {
            written = ShardWriter.Write(stream, identity, captured, below?.Captured, CodecPreset.Default, ct);
            return ValueTask.CompletedTask;
        }
    }

    /// <param name="chain">The full one first.</param>
    public void Restore(MemoryTensors live, params SavedCheckpoint[] chain)
    {
        var plan = new ChainView(
            chain[^1].Link.Checkpoint, [.. chain.Select(static saved => saved.Link)],
            chain.Sum(static saved => saved.StoredBytes), Broken: null);
        restorer.Restore(live, plan, Rank.From(0), CancellationToken.None);
    }

    /// <summary>Drops the stored bytes from the page cache: the next read comes from the disk, as after a move to another host.</summary>
    public void Forget(SavedCheckpoint saved) => tier.OpenRead(saved.Link.Shards[0].ObjectKey, ReadIntent.Verify).Dispose();

    public string PathOf(SavedCheckpoint saved) => tier.PathOf(saved.Link.Shards[0].ObjectKey);

    public void Delete(SavedCheckpoint saved)
    {
        tier.Delete(saved.Link.Shards[0].ObjectKey);
        saved.Dispose();
    }

    static ChainLink LinkOf(ShardId shard, ShardWritten written, SavedCheckpoint? below, ContentHash layout)
    {
        var kind = below is null ? CheckpointKind.Full : CheckpointKind.Incremental;
        var baseLink = below is null ? null : new BaseLink(below.Link.Checkpoint, below.Link.ManifestHash!.Value, 0);
        ManifestShard[] shards = [new(Rank.From(0), written.Root, written.RawBytes, written.StoredBytes, ObjectKeys.Shard(shard))];
        var manifest = new Manifest(Manifest.FormatName, shard.Checkpoint, kind, baseLink, World, layout, shards);
        return new ChainLink(shard.Checkpoint, kind, CheckpointPhase.Verified, manifest.Hash(), shards, written.StoredBytes);
    }

    public void Dispose() => pool.Dispose();
}
