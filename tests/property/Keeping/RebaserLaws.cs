using Lineage.Agents.Keeping;
using Lineage.Agents.Restoring;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Restoring;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Keeping;

/// <summary>A checkpoint that was stored anew is the same state, bit for bit, and what is beside it is not believed unread.</summary>
public sealed class RebaserLaws(StoredRun run) : IClassFixture<StoredRun>
{
    [Fact]
    public async Task A_delta_stored_anew_is_restored_without_its_base_and_the_second_try_takes_what_is_there()
    {
        var shards = await RewriteAsync(3);
        Assert.Equal(shards.Select(static s => s.Root), (await RewriteAsync(3)).Select(static s => s.Root));
        var (id, before) = (SavingWorld.Id(3), run.World.Service.Chain(SavingWorld.Id(3)).Links[^1].Shards);
        List<ManifestShard> listed =
            [.. shards.Select(s => new ManifestShard(s.Rank, s.Root, before[s.Rank.Value].RawBytes, s.StoredBytes, s.ObjectKey))];
        var layout = (await run.World.Service.ReadAsync(id, default)).LayoutDigest;
        var manifest = new Manifest(Manifest.FormatName, id, CheckpointKind.Full, Base: null, run.World.World, layout, listed);
        var link = new ChainLink(id, CheckpointKind.Full, CheckpointPhase.Verified, manifest.Hash(), listed, 1);
        foreach (var rank in run.World.World.Ranks)
        {
            var state = run.Blank(rank.Value);
            run.World.Restorer.Restore(state, new ChainView(id, [link], 1, Broken: null), rank, default);
            Assert.Equal(run.Captured[(3, rank.Value)], state.Copy());
        }
    }

    [Fact]
    public async Task Damage_of_the_chain_or_of_what_an_earlier_try_left_is_named()
    {
        var shards = await RewriteAsync(2);
        var left = Path.Combine(run.World.Directory["store"], shards[1].ObjectKey);
        var bytes = File.ReadAllBytes(left);
        bytes[bytes.Length / 2] ^= 4;
        File.WriteAllBytes(left, bytes);
        var damaged = await Assert.ThrowsAsync<ShardDamagedException>(() => RewriteAsync(2));
        Assert.Equal(new ShardId(SavingWorld.Id(2), new Rank(1)), damaged.Shard);
        File.Delete(left);

        var file = run.FileOf(1, rank: 1);
        var whole = File.ReadAllBytes(file);
        try
        {
            File.WriteAllBytes(file, whole[..^3]);
            damaged = await Assert.ThrowsAsync<ShardDamagedException>(() => RewriteAsync(2));
            Assert.Equal(new ShardId(SavingWorld.Id(1), new Rank(1)), damaged.Shard);
            Assert.False(File.Exists(left));
        }
        finally
        {
            File.WriteAllBytes(file, whole);
        }
    }

    Task<IReadOnlyList<RewrittenShard>> RewriteAsync(long step) => new Rebaser(run.World.Tier).RewriteAsync(
        run.World.Service.Chain(SavingWorld.Id(step)), run.World.World, parallel: 2, default);
}
