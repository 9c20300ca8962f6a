using Lineage.Chains;
using Lineage.Checkpoints;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Chains;

public sealed class ChainBuilderTests
{
    static Chain Build(Checkpoint target, params Checkpoint[] others) =>
        ChainBuilder.Build(Candidate.Of(target), id => others.Where(c => c.Id == id).Select(Candidate.Of).FirstOrDefault());

    [Fact]
    public void A_whole_chain_lists_the_full_one_first_and_costs_the_bytes_of_all_links()
    {
        var keyframe = Verified(Id(1, 10));
        var chain = Build(Verified(Id(1, 20), EdgeTo(keyframe)), keyframe);
        Assert.Equal([Id(1, 10), Id(1, 20)], chain.Links.Select(static c => c.Id));
        Assert.Equal((1, 1_201L + 601, (string?)null), (chain.Depth, chain.ReadBytes, chain.Broken));
    }

    [Fact]
    public void A_chain_says_which_link_breaks_it_and_why()
    {
        var keyframe = Verified(Id(1, 10));
        var child = Verified(Id(1, 20), EdgeTo(keyframe));
        Assert.Equal("base demo/1/10 is not on record", Build(child).Broken);
        Assert.StartsWith("base demo/1/10 is quarantined: rank 1's shard is altered", Build(child, Quarantined(Id(1, 10))).Broken,
            StringComparison.Ordinal);
        Assert.Equal("base demo/1/10 is not sealed", Build(child, CheckpointOf(Opened(Id(1, 10)))).Broken);
        Assert.StartsWith("base demo/1/10 has manifest", Build(child, Verified(Id(1, 10), worldSize: 1)).Broken, StringComparison.Ordinal);
        Assert.StartsWith("demo/1/20 is quarantined", Build(Quarantined(Id(1, 20), EdgeTo(keyframe)), keyframe).Broken,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_child_encoded_against_other_bytes_than_its_base_holds_is_broken()
    {
        var keyframe = Sealed(Id(1, 10));
        Checkpoint Child(string root) => After(
            CheckpointOf(Opened(Id(1, 20), EdgeTo(keyframe))), RunAt(1), Stored(Id(1, 20), 0, Root(Id(1, 10), 0)),
            Stored(Id(1, 20), 1, Hash(root)));
        Assert.Null(Build(Child("demo/1/10/1"), keyframe).Broken);
        Assert.Equal("demo/1/20 was encoded against other bytes than base demo/1/10 holds", Build(Child("elsewhere"), keyframe).Broken);
    }

    [Fact]
    public void A_base_that_leads_back_to_itself_ends_the_walk()
    {
        var keyframe = Candidate.Of(Verified(Id(1, 10)));
        var child = Candidate.Of(Verified(Id(1, 20), EdgeTo(Verified(Id(1, 10)))));
        var loop = keyframe with { Base = new(child.Id, child.ManifestHash!.Value, 1) };
        Assert.Equal("base demo/1/20 leads back to itself", ChainBuilder.Build(child, id => id == loop.Id ? loop : child).Broken);
    }

    [Fact]
    public void A_chain_view_tells_where_every_shard_lies()
    {
        var keyframe = Verified(Id(1, 10));
        var view = ChainBuilder.View(Verified(Id(1, 20), EdgeTo(keyframe)), id => id == keyframe.Id ? keyframe : null);
        Assert.Null(view.Broken);
        string[] keys =
        [
            "demo/g1/s10/r0.shard", "demo/g1/s10/r1.shard", "demo/g1/s20/r0.shard", "demo/g1/s20/r1.shard",
        ];
        var found = view.Links.SelectMany(static link => link.Shards).Select(static shard => shard.ObjectKey);
        Assert.Equal(keys, found, StringComparer.Ordinal);
    }
}
