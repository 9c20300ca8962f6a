using Lineage.Agents.Capture;
using Lineage.Agents.Shards;
using Lineage.ChaosHarness.Checkers;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.House;
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

    /// <summary>Full and delta alike, through the chain, by a decoder that shares nothing with the codec.</summary>
    [Fact]
    public void Every_stored_shard_decodes_to_the_state_that_was_captured()
    {
        var objects = BytesWitness.Read(Store, "local").ToDictionary(static one => one.Key, StringComparer.Ordinal);
        foreach (var ((step, rank), captured) in run.Captured)
        {
            var layout = run.Blank(rank).Layout;
            var held = StateDigest.Of(
                layout, (tensor, at, into) => captured[tensor].AsSpan((int)at, into.Length).CopyTo(into));
            Assert.Equal(held, objects[ObjectKeys.Shard(new ShardId(SavingWorld.Id(step), new Rank(rank)))].State);
        }
    }

    /// <summary>The shards of the format's own examples, which use every mode.</summary>
    [Theory]
    [InlineData("shard-v1")]
    [InlineData("shard-v2")]
    public void The_golden_shards_decode_to_what_the_codec_decodes(string version)
    {
        using var folder = new TempDirectory();
        foreach (var kind in new[] { "full", "incremental" })
        {
            var bytes = File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "golden", $"{version}-{kind}.shard"));
            using var reader = ShardReader.Open(new MemoryStream(bytes), kind);
            var path = folder[ObjectKeys.Shard(reader.Identity.Shard)];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }

        var read = BytesWitness.Read(folder.Path, "local");

        Assert.Equal(2, read.Count);
        using var chain = ShardChain.Open([.. read.OrderBy(static one => one.BaseRoot is not null).Select(one => folder[one.Key])]);
        using var decoded = DecodedShard.Load(chain, CancellationToken.None);
        var expected = StateDigest.Of(decoded.Tensors, decoded.Read);
        Assert.All(read, static one => Assert.Null(one.Damage));
        Assert.Equal(expected, Assert.Single(read, static one => one.BaseRoot is not null).State);
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
