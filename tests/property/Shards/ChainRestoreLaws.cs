using Lineage.Agents.Codec;
using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.House;
using Xunit.Abstractions;

namespace Lineage.Tests.Property.Shards;

/// <summary>Any chain of shards gives back what was captured, by every way of reading it.</summary>
[Trait(Soak.Trait, Soak.Name)]
public sealed class ChainRestoreLaws(ITestOutputHelper output)
{
    static readonly CodecPreset[] Presets = Enum.GetValues<CodecPreset>();

    [Fact]
    public void Restoring_any_link_of_any_chain_returns_exactly_the_captured_bytes()
    {
        var (seen, verified) = (new ModesSeen(), 0);
        Soak.Check(Soak.Laws, SmallStates.Runs(), run =>
        {
            var links = Write(run, seen);
            for (var i = 0; i < links.Count; i++) Restore(run, links, i);
            verified += links.Count;
        });
        output.WriteLine($"{Soak.Cases(Soak.Laws):N0} chains: {verified:N0} shards intact: {seen}");
        Assert.True(verified > Soak.Laws, $"no false alarm in {verified:N0} shards only");
        seen.AssertEach(Soak.Laws / 10);
    }

    sealed record Link(byte[] Object, ShardWritten Written, int Below);

    /// <summary>A tree of shards: each state over an earlier one or over none; now and then cut otherwise than what lies below.</summary>
    static List<Link> Write(SmallRun run, ModesSeen seen)
    {
        var random = new Random(run.Seed);
        var links = new List<Link>();
        for (var i = 0; i < run.States.Count; i++)
        {
            var below = i == 0 || random.Next(4) == 0 ? -1 : random.Next(i);
            var chunk = random.Next(5) == 0 ? 24 : run.ChunkElements;
            var state = new MemoryTensors(run.Tensors, run.States[i], chunk);
            var baseState = below < 0 ? null : new MemoryTensors(run.Tensors, run.States[below]);
            var preset = random.Next(2) == 0 ? CodecPreset.Default : Presets[random.Next(Presets.Length)];
            var link = below < 0 ? null : new BaseShard(Stored.At(below), Stored.SomeManifest, links[below].Written.Root);
            var (bytes, written) = Stored.Write(state, i, baseState, link, chunk, preset, parallel: 1);
            if (random.Next(3) == 0)
                Assert.Equal(bytes, Stored.Write(state, i, baseState, link, chunk, preset, parallel: 3).Object);
            links.Add(new Link(bytes, written, below));
            seen.Add(written.Modes);
        }

        return links;
    }

    static void Restore(SmallRun run, List<Link> links, int top)
    {
        var needed = new List<ShardReader>();
        for (var at = top; at >= 0; at = links[at].Below) needed.Insert(0, Stored.Open(links[at].Object));
        using var chain = ShardChain.Of(needed);
        Same(run.States[top], chain.Bytes);
        foreach (var parallel in (ReadOnlySpan<int>)[1, 3])
        {
            using var decoded = DecodedShard.Load(chain, CancellationToken.None, parallel: parallel);
            Same(run.States[top], decoded);
            Assert.Equal(chain.Top.Root, decoded.ShardRoot);
        }

        var expected = new ShardExpectation(chain.Top.Identity.Shard, links[top].Written.Root, links[top].Object.Length);
        var finding = ShardVerifier.Verify(
            new MemoryStream(links[top].Object), "x", expected, VerificationDepth.Deep, chain.Below, CancellationToken.None);
        Assert.Equal((Finding.Intact, null), (finding.Finding, finding.Detail));
    }

    static void Same(byte[][] expected, ITensorBytes got)
    {
        var read = Stored.ReadAll(got);
        Assert.Equal(expected.Length, read.Length);
        for (var tensor = 0; tensor < read.Length; tensor++)
            if (!expected[tensor].AsSpan().SequenceEqual(read[tensor])) Assert.Equal(expected[tensor], read[tensor]);
    }
}
