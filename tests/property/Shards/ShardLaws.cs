using FsCheck.Fluent;
using FsCheck.Xunit;
using Lineage.Agents.Codec;
using Lineage.Agents.Shards;

namespace Lineage.Tests.Property.Shards;

[Properties(Arbitrary = [typeof(SmallStates)])]
public sealed class ShardLaws
{
    [Property(MaxTest = 300)]
    public FsCheck.Property A_full_shard_gives_back_exactly_the_captured_bytes(SmallRun run)
    {
        var presets = Enum.GetValues<CodecPreset>();
        var state = new MemoryTensors(run.Tensors, run.States[0], run.ChunkElements);
        var (bytes, written) = Stored.Full(state, step: 10, run.ChunkElements, presets[run.Seed % presets.Length]);
        using var chain = ShardChain.Of([Stored.Open(bytes)]);

        Same(run.States[0], Stored.ReadAll(chain.Bytes));
        Assert.Equal(written.Root, chain.Top.Root);
        Assert.Equal(bytes.Length, written.StoredBytes);
        Assert.Equal(written.RawBytes, run.Tensors.Sum(t => t.Bytes));
        return true.Classify(written.Modes.Constant > 0, "constant").Classify(written.Modes.Planes > 0, "planes")
            .Classify(written.Modes.Raw > 0, "raw");
    }

    [Property(MaxTest = 200)]
    public void Any_range_of_a_tensor_reads_the_same_through_chunks_of_any_size(SmallRun run)
    {
        var random = new Random(run.Seed);
        var (bytes, _) = Stored.Full(new MemoryTensors(run.Tensors, run.States[0]), 1, run.ChunkElements);
        using var chain = ShardChain.Of([Stored.Open(bytes)]);
        for (var tensor = 0; tensor < run.Tensors.Count; tensor++)
            for (var i = 0; i < 8; i++)
            {
                var all = run.States[0][tensor];
                var offset = random.Next(all.Length + 1);
                var range = new byte[random.Next(all.Length - offset + 1)];
                chain.Bytes.Read(tensor, offset, range);
                Assert.Equal(all.AsSpan(offset, range.Length).ToArray(), range);
            }
    }

    [Property(MaxTest = 200)]
    public void A_chunk_never_costs_more_than_its_raw_bytes_and_writing_is_deterministic(SmallRun run)
    {
        var state = new MemoryTensors(run.Tensors, run.States[0]);
        var (bytes, written) = Stored.Full(state, 1, run.ChunkElements);
        Assert.True(written.EncodedBytes <= written.RawBytes);
        Assert.Equal(bytes, Stored.Full(state, 1, run.ChunkElements).Object);
        using var reader = Stored.Open(bytes);
        for (var chunk = 0; chunk < reader.ChunkCount; chunk++)
            Assert.True(reader.Entry(chunk).StoredBytes <= reader.Entry(chunk).RawBytes);
    }

    [Fact]
    public void Memory_damaged_between_capture_and_encode_is_never_stored_as_good()
    {
        var run = SmallStates.Run(seed: 5, stateCount: 1, tensorCount: 4, chunkElements: 16);
        var state = new MemoryTensors(run.Tensors, run.States[0], run.ChunkElements);
        var victim = Array.FindIndex(state.Bytes, static b => b.Length > 0);
        state.Bytes[victim][^1] ^= 0x10;
        var thrown = Assert.Throws<CaptureDamagedException>(() => Stored.Full(state, 1, run.ChunkElements));
        Assert.Contains(run.Tensors[victim].Name, thrown.Message, StringComparison.Ordinal);
    }

    static void Same(byte[][] expected, byte[][] got)
    {
        Assert.Equal(expected.Length, got.Length);
        foreach (var (left, right) in expected.Zip(got)) Assert.Equal(left, right);
    }
}
