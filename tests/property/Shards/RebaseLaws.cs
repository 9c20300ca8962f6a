using FsCheck.Xunit;
using Lineage.Agents.Codec;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Shards;

public sealed class RebaseLaws
{
    /// <summary>A chain of three; the top is rebased onto the bottom, or to a full one, and the middle is not needed any more.</summary>
    [Property(MaxTest = 500, Arbitrary = [typeof(SmallStates)])]
    public void A_rebased_shard_holds_the_same_bytes_without_the_link_that_it_was_on(SmallRun run)
    {
        if (run.States.Count < 3) return;
        MemoryTensors[] states = [.. run.States.Take(3).Select(bytes => new MemoryTensors(run.Tensors, bytes, run.ChunkElements))];
        var full = Stored.Full(states[0], 1, run.ChunkElements);
        var middle = Stored.Incremental(states[1], 2, states[0], 1, full.Written.Root, run.ChunkElements);
        var top = Stored.Incremental(states[2], 3, states[1], 2, middle.Written.Root, run.ChunkElements);
        using var chain = ShardChain.Of([Stored.Open(full.Object), Stored.Open(middle.Object), Stored.Open(top.Object)]);
        using var bottom = ShardChain.Of([Stored.Open(full.Object)]);

        var alone = Rebase(chain, onto: null, link: null);
        using var rebasedAlone = ShardChain.Of([Stored.Open(alone)]);
        Same(run.States[2], rebasedAlone, top.Object);

        var link = new BaseShard(bottom.Top.Identity.Shard.Checkpoint, chain.Top.Identity.Base!.ManifestHash, full.Written.Root);
        var onBottom = Rebase(chain, bottom, link);
        using var rebased = ShardChain.Of([Stored.Open(full.Object), Stored.Open(onBottom)]);
        Same(run.States[2], rebased, top.Object);
        Assert.Equal(link, rebased.Top.Identity.Base);
    }

    [Fact]
    public void Damage_below_is_found_and_not_written_on()
    {
        var run = SmallStates.Run(seed: 41, stateCount: 2, tensorCount: 4, chunkElements: 16);
        var states = run.States.Select(bytes => new MemoryTensors(run.Tensors, bytes, run.ChunkElements)).ToArray();
        var full = Stored.Full(states[0], 1, run.ChunkElements);
        var top = Stored.Incremental(states[1], 2, states[0], 1, full.Written.Root, run.ChunkElements);
        var hurt = full.Object.ToArray();
        using (var reader = Stored.Open(full.Object))
            foreach (var entry in Enumerable.Range(0, reader.ChunkCount).Select(reader.Entry).Where(static e => e.StoredBytes > 0))
                hurt[entry.StoredOffset] ^= 1;
        using var chain = ShardChain.Of([Stored.Open(hurt), Stored.Open(top.Object)]);
        Assert.Throws<ShardFormatException>(() => Rebase(chain, onto: null, link: null));
    }

    static byte[] Rebase(ShardChain chain, ShardChain? onto, BaseShard? link)
    {
        using var stream = new MemoryStream();
        ShardRebase.Write(stream, chain, onto, link, CodecPreset.Default, CancellationToken.None);
        return stream.ToArray();
    }

    static void Same(byte[][] expected, ShardChain rebased, byte[] before)
    {
        Assert.Equal(expected, Stored.ReadAll(rebased.Bytes));
        using var old = Stored.Open(before);
        Assert.Equal(old.Identity.Shard, rebased.Top.Identity.Shard);
        Assert.Equal(
            Enumerable.Range(0, old.ChunkCount).Select(chunk => old.Entry(chunk).RawHash),
            Enumerable.Range(0, rebased.Top.ChunkCount).Select(chunk => rebased.Top.Entry(chunk).RawHash));
    }
}
