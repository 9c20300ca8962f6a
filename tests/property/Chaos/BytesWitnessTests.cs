using Lineage.ChaosHarness.Checkers;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Restoring;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Chaos;

/// <summary>The judge's own reader against shards that the production saver stored: another program, the same roots.</summary>
public sealed class BytesWitnessTests(StoredRun run) : IClassFixture<StoredRun>
{
    string Store => run.World.Directory["store"];

    [Fact]
    public void Every_stored_shard_is_whole_and_has_the_root_that_was_recorded()
    {
        var objects = BytesWitness.Read(Store, "local").ToDictionary(static one => one.Key, StringComparer.Ordinal);
        var links = Enumerable.Range(1, 3).SelectMany(step => run.World.Service.Chain(SavingWorld.Id(step)).Links[^1].Shards).ToList();
        Assert.Equal(6, links.Count);
        Assert.All(links, shard =>
        {
            var read = objects[shard.ObjectKey];
            Assert.Equal((null, shard.Root, shard.StoredBytes), (read.Damage, read.Root!.Value, read.Bytes));
        });
    }

    [Fact]
    public void A_flipped_bit_is_named()
    {
        var key = ObjectKeys.Shard(new ShardId(SavingWorld.Id(2), new Rank(1)));
        var path = Path.Combine(Store, key);
        var whole = File.ReadAllBytes(path);
        try
        {
            var hurt = whole.ToArray();
            hurt[hurt.Length / 2] ^= 8;
            File.WriteAllBytes(path, hurt);
            Assert.Equal(
                key, Assert.Single(BytesWitness.Read(Store, "local"), static one => one.Damage is not null).Key, StringComparer.Ordinal);
        }
        finally
        {
            File.WriteAllBytes(path, whole);
        }
    }
}
