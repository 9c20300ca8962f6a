using FsCheck.Fluent;
using FsCheck.Xunit;
using Lineage.Agents.Codec;
using Lineage.Agents.Shards;
using Lineage.Contracts.Events;

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

    [Property(MaxTest = 300)]
    public FsCheck.Property Restoring_any_link_of_any_chain_returns_exactly_the_captured_bytes(SmallRun run)
    {
        var random = new Random(run.Seed);
        var presets = Enum.GetValues<CodecPreset>();
        var objects = new List<(byte[] Object, ShardWritten Written, int Base)>();
        for (var i = 0; i < run.States.Count; i++)
        {
            var state = new MemoryTensors(run.Tensors, run.States[i], run.ChunkElements);
            var below = i == 0 || random.Next(4) == 0 ? -1 : random.Next(i);
            var preset = presets[random.Next(presets.Length)];
            var (bytes, written) = below < 0
                ? Stored.Full(state, i, run.ChunkElements, preset)
                : Stored.Incremental(
                    state, i, new MemoryTensors(run.Tensors, run.States[below]), below, objects[below].Written.Root, run.ChunkElements,
                    preset);
            objects.Add((bytes, written, below));
        }

        for (var i = 0; i < objects.Count; i++)
        {
            var links = new List<byte[]>();
            for (var at = i; at >= 0; at = objects[at].Base) links.Insert(0, objects[at].Object);
            using var chain = ShardChain.Of([.. links.Select(link => Stored.Open(link))]);
            Same(run.States[i], Stored.ReadAll(chain.Bytes));
            using var decoded = DecodedShard.Load(chain, CancellationToken.None);
            Same(run.States[i], Stored.ReadAll(decoded));
            Assert.Equal(chain.Top.Root, decoded.ShardRoot);
            var expected = new ShardExpectation(chain.Top.Identity.Shard, objects[i].Written.Root, objects[i].Object.Length);
            var finding = ShardVerifier.Verify(
                new MemoryStream(objects[i].Object), "x", expected, VerificationDepth.Deep, chain.Below, CancellationToken.None);
            Assert.Equal((Finding.Intact, null), (finding.Finding, finding.Detail));
        }

        var delta = objects.Sum(o => o.Written.Modes.DeltaPlanes);
        return true.Classify(delta > 0, "delta").Classify(objects.Any(o => o.Written.Modes.Same > 0), "same")
            .Classify(objects.Count > 3, "long");
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
