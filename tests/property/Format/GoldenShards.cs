using System.Text;
using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Format;

/// <summary>Shards of codec version 2 that were written once and are read for ever; between them they hold every mode.</summary>
public sealed class GoldenShards
{
    const int ChunkElements = 1_024, Seed = 2;
    const string FullName = "shard-v2-full", IncrementalName = "shard-v2-incremental";

    [Fact]
    public void Shards_of_version_2_decode_to_what_was_captured()
    {
        using var chain = ShardChain.Of([Stored.Open(Full()), Stored.Open(Incremental())]);
        var full = chain.Links[0];
        Assert.Equal("sha256:" + RootOf(FullName, Full), full.Root.ToString());
        Assert.Equal("sha256:" + RootOf(IncrementalName, Incremental), chain.Top.Root.ToString());
        Assert.Equal((2, 2), (full.Header.Codec.Version, chain.Top.Header.Codec.Version));
        CheckState(chain.Below!, drift: 0);
        CheckState(chain.Bytes, drift: 20);
        Assert.Equal(Finding.Intact, Verify(Full(), full, below: null));
        Assert.Equal(Finding.Intact, Verify(Incremental(), chain.Top, chain.Below));
    }

    [Fact]
    public void Shards_of_version_2_hold_every_mode()
    {
        using var full = Stored.Open(Full());
        using var incremental = Stored.Open(Incremental());
        Assert.Equal(
            "Raw Constant Planes Derived Self Paired Repeat Frame Nonzero", string.Join(' ', Modes(full).Order()));
        Assert.Equal(
            Enum.GetValues<ChunkMode>(), Modes(full).Concat(Modes(incremental)).Distinct().Order());
    }

    static IEnumerable<ChunkMode> Modes(ShardReader shard) =>
        Enumerable.Range(0, shard.ChunkCount).Select(chunk => shard.Entry(chunk).Mode).Distinct();

    static byte[] Full() => Golden.Read(FullName + ".shard", static () => Stored.Full(State(0), 100, ChunkElements).Object);

    static byte[] Incremental() => Golden.Read(IncrementalName + ".shard", static () =>
    {
        using var full = Stored.Open(Full());
        return Stored.Incremental(State(20), 120, State(0), 100, full.Root, ChunkElements).Object;
    });

    /// <summary>The root as it was noted down when the shard was made.</summary>
    static string RootOf(string name, Func<byte[]> shard) => Encoding.ASCII.GetString(Golden.Read(name + ".root", () =>
    {
        using var reader = Stored.Open(shard());
        return Encoding.ASCII.GetBytes(reader.Root.Hex + "\n");
    })).TrimEnd('\n');

    static MemoryTensors State(int drift)
    {
        var (tensors, bytes) = SampleState.Draw(Seed, drift);
        return new MemoryTensors(tensors, bytes, ChunkElements);
    }

    static void CheckState(ITensorBytes decoded, int drift)
    {
        var (tensors, bytes) = SampleState.Draw(Seed, drift);
        Assert.Equal(TensorTable.Write(tensors), TensorTable.Write(decoded.Tensors));
        foreach (var (expected, got) in bytes.Zip(Stored.ReadAll(decoded))) Assert.Equal(expected, got);
    }

    static Finding Verify(byte[] shard, ShardReader reader, ITensorBytes? below) => ShardVerifier.Verify(
        new MemoryStream(shard), reader.Name, new ShardExpectation(reader.Identity.Shard, reader.Root, shard.Length),
        VerificationDepth.Deep, below, default).Finding;
}
