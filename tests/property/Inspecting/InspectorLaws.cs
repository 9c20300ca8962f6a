using FsCheck.Xunit;
using Lineage.Agents.Inspecting;
using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Inspecting;

public sealed class InspectorLaws
{
    /// <summary>A full shard and two deltas in a chain.</summary>
    static (SmallRun Run, byte[][] Shards) Chain(int seed)
    {
        var run = SmallStates.Run(seed, stateCount: 3, tensorCount: 4, chunkElements: 16);
        var states = run.States.Select(bytes => new MemoryTensors(run.Tensors, bytes)).ToArray();
        var shards = new List<byte[]> { Stored.Full(states[0], 0, run.ChunkElements).Object };
        for (var i = 1; i < states.Length; i++)
        {
            using var below = Stored.Open(shards[^1]);
            shards.Add(Stored.Incremental(states[i], i, states[i - 1], i - 1, below.Root, run.ChunkElements).Object);
        }

        return (run, [.. shards]);
    }

    static ShardCheck Check(byte[] shard, params byte[][] bases)
    {
        using var reader = Stored.Open(shard, "top");
        ShardReader[] below = [.. bases.Select(static (bytes, i) => Stored.Open(bytes, $"base {i}"))];
        Assert.Null(ShardInspector.Stray(reader, below));
        return ShardInspector.Check(reader, below, CancellationToken.None);
    }

    [Property(MaxTest = 60)]
    public void A_shard_is_intact_with_its_chain_in_any_order_and_its_figures_add_up(int seed)
    {
        var (run, shards) = Chain(seed);
        var check = Check(shards[2], shards[0], shards[1]);
        Assert.Equal((Finding.Intact, 0, 0L), (check.Finding, check.Undecoded, check.DamagedChunks));
        Assert.Equal(check, Check(shards[2], shards[1], shards[0]) with { Damaged = check.Damaged });

        using var reader = Stored.Open(shards[2]);
        var contents = ShardContents.Of(reader);
        var chunks = ShardContents.ChunksOf(reader);
        Assert.Equal(run.Tensors.Select(static t => t.Name), contents.Tensors.Select(static t => t.Name), StringComparer.Ordinal);
        Assert.Equal((contents.Chunks, check.Decoded), (chunks.Count, chunks.Count));
        Assert.Equal(run.Tensors.Sum(static t => t.Bytes), contents.RawBytes);
        Assert.Equal(contents.RawBytes, chunks.Sum(static c => (long)c.RawBytes));
        Assert.Equal(contents.EncodedBytes, chunks.Sum(static c => (long)c.StoredBytes));
        Assert.All(contents.Tensors, static t => Assert.Equal(
            (t.Chunks, t.RawBytes, t.StoredBytes),
            ((int)t.Modes.Sum(static m => m.Chunks), t.Modes.Sum(static m => m.RawBytes), t.Modes.Sum(static m => m.StoredBytes))));
    }

    [Property(MaxTest = 60)]
    public void Without_its_base_a_shard_is_unknown_only_where_chunks_refer_to_it(int seed)
    {
        var (_, shards) = Chain(seed);
        using var reader = Stored.Open(shards[2]);
        var refer = Enumerable.Range(0, reader.ChunkCount).Count(reader.NeedsBase);
        foreach (var check in new[] { Check(shards[2]), Check(shards[2], shards[1]) })   // the second: its base, but not the one below that
        {
            Assert.Equal((refer, refer > 0 ? Finding.Unknown : Finding.Intact), (check.Undecoded, check.Finding));
            Assert.Equal(0, check.DamagedChunks);
        }

        Assert.Equal(Finding.Intact, Check(shards[0]).Finding);
    }

    [Fact]
    public void Every_damaged_chunk_is_named_and_a_damaged_base_leaves_the_shard_unknown()
    {
        var random = new Random(5);
        var spec = new TensorSpec("w", TensorDtype.F32, [64], [0], [64], TensorRole.Weight);
        var (full, now) = (SmallStates.Fresh(new Random(1), spec), new byte[spec.Bytes]);
        random.NextBytes(full);
        random.NextBytes(now);
        full.AsSpan(0, 64).CopyTo(now);
        var below = Stored.Full(new MemoryTensors([spec], [full]), 0, 16).Object;
        using var reader = Stored.Open(below);
        var top = Stored.Incremental(
            new MemoryTensors([spec], [now]), 1, new MemoryTensors([spec], [full]), 0, reader.Root, 16).Object;

        using var opened = Stored.Open(top);
        var hurt = top.ToArray();
        foreach (var chunk in new[] { 1, 3 }) hurt[opened.Entry(chunk).StoredOffset] ^= 1;
        var check = Check(hurt, below);
        Assert.Equal((Finding.Altered, 2L), (check.Finding, check.DamagedChunks));
        Assert.Equal([(1L, "w", "top"), (3L, "w", "top")], check.Damaged.Select(static d => (d.Ordinal, d.Tensor, d.File)));

        var hurtBase = below.ToArray();
        hurtBase[reader.Entry(0).StoredOffset] ^= 1;
        var over = Check(top, hurtBase);
        Assert.Equal((Finding.Unknown, 1L, "a base under it is damaged"), (over.Finding, over.DamagedChunks, over.Why));
        Assert.Equal("base 0", Assert.Single(over.Damaged).File);
    }

    [Fact]
    public void A_shard_of_another_chain_is_called_astray()
    {
        var (_, shards) = Chain(seed: 3);
        using var top = Stored.Open(shards[1]);
        using var above = Stored.Open(shards[2], "above");
        Assert.Equal("above", ShardInspector.Stray(top, [above])?.Name);
    }
}
