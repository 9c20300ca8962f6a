using System.Text;
using System.Text.Json;
using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Format;

/// <summary>What was once written stays readable, and says the same.</summary>
public sealed class GoldenTests
{
    const int ChunkElements = 64;

    public static TheoryData<string> EventNames => [.. EventCatalog.Names.Values];

    public static TheoryData<string> MessageNames => [.. Samples.Messages.Select(static m => m.GetType().Name)];

    [Theory, MemberData(nameof(EventNames))]
    public void Every_event_of_the_catalog_reads_back_from_its_golden_file(string name)
    {
        var type = EventCatalog.Names.Single(pair => string.Equals(pair.Value, name, StringComparison.Ordinal)).Key;
        var sample = Samples.Events.Single(e => e.GetType() == type);
        CheckJson($"events/{name}.json", sample, type);
    }

    /// <summary>Members that came later are absent where they say nothing, so older files stay what they are.</summary>
    [Fact]
    public void An_abandonment_that_a_rank_asked_for_reads_back_from_its_golden_file() =>
        CheckJson("events/checkpoint-abandoned.v1.rank-failed.json", Samples.RankFailed, typeof(CheckpointAbandoned));

    [Theory, MemberData(nameof(MessageNames))]
    public void Every_message_reads_back_from_its_golden_file(string name) =>
        CheckJson(
            $"messages/{name}.json", Samples.Messages.Single(m => string.Equals(m.GetType().Name, name, StringComparison.Ordinal)),
            typeof(FactMessage));

    [Fact]
    public void Every_message_type_has_a_sample() => Assert.Equal(
        typeof(FactMessage).Assembly.GetTypes().Where(static t => t.IsSubclassOf(typeof(FactMessage))).Select(static t => t.Name)
            .Order(StringComparer.Ordinal),
        Samples.Messages.Select(static m => m.GetType().Name).Order(StringComparer.Ordinal));

    [Fact]
    public void The_manifest_reads_back_from_its_golden_file() => CheckJson("manifest-v1.json", Samples.Manifest, typeof(Manifest));

    [Fact]
    public void Names_of_enum_values_are_added_never_renamed()
    {
        var now = typeof(Manifest).Assembly.GetTypes().Where(static t => t is { IsEnum: true, IsPublic: true })
            .OrderBy(static t => t.FullName, StringComparer.Ordinal)
            .ToDictionary(static t => t.Name, static t => Enum.GetValuesAsUnderlyingType(t).Cast<object>()
                .Select(v => JsonSerializer.Serialize(Enum.ToObject(t, v), t, CanonicalJson.Options).Trim('"')).ToArray(),
                StringComparer.Ordinal);
        var golden =
            JsonSerializer.Deserialize<Dictionary<string, string[]>>(
                Golden.Read("enums.json", () => JsonSerializer.SerializeToUtf8Bytes(now)))!;
        foreach (var (name, values) in golden)
        {
            Assert.True(now.ContainsKey(name), $"the enum {name} is gone");
            Assert.Equal(string.Join(' ', values), string.Join(' ', now[name].Take(values.Length)));
        }

        Assert.True(
            now.All(e => golden.TryGetValue(e.Key, out var values) && values.Length == e.Value.Length),
            "add the new values to tests/golden/enums.json");
        Assert.Equal(Enumerable.Range(0, 13), Enum.GetValues<ChunkMode>().Select(static m => (int)m));
    }

    [Fact]
    public void A_full_shard_of_version_1_decodes_to_what_was_captured()
    {
        using var chain = ShardChain.Of([Stored.Open(FullShard(), "shard-v1-full.shard")]);
        Assert.Equal("sha256:" + RootOf("shard-v1-full"), chain.Top.Root.ToString());
        CheckState(chain, step: 100);
        Assert.Equal(Finding.Intact, Verify(FullShard(), chain.Top, below: null).Finding);
    }

    [Fact]
    public void An_incremental_shard_of_version_1_decodes_to_what_was_captured()
    {
        var bytes = IncrementalShard();
        using var chain = ShardChain.Of([Stored.Open(FullShard()), Stored.Open(bytes, "shard-v1-incremental.shard")]);
        Assert.Equal("sha256:" + RootOf("shard-v1-incremental"), chain.Top.Root.ToString());
        Assert.Equal(Stored.At(100), chain.Top.Identity.Base!.Checkpoint);
        CheckState(chain, step: 120);
        Assert.Equal(Finding.Intact, Verify(bytes, chain.Top, chain.Below).Finding);
        var modes = Enumerable.Range(0, chain.Top.ChunkCount).Select(chunk => chain.Top.Entry(chunk).Mode).ToHashSet();
        Assert.Superset(new HashSet<ChunkMode> { ChunkMode.Same, ChunkMode.DeltaPlanes, ChunkMode.Constant }, modes);
    }

    static byte[] FullShard() => Golden.Read("shard-v1-full.shard", static () => Stored.Full(State(100), 100, ChunkElements).Object);

    static byte[] IncrementalShard() => Golden.Read("shard-v1-incremental.shard", static () =>
    {
        using var full = Stored.Open(FullShard());
        return Stored.Incremental(State(120), 120, State(100), 100, full.Root, ChunkElements).Object;
    });

    /// <summary>The root as it was noted down when the shard was made.</summary>
    static string RootOf(string name) => Encoding.ASCII.GetString(Golden.Read(name + ".root", () =>
    {
        using var reader = Stored.Open(name.EndsWith("full", StringComparison.Ordinal) ? FullShard() : IncrementalShard());
        return Encoding.ASCII.GetBytes(reader.Root.Hex + "\n");
    })).TrimEnd('\n');

    static MemoryTensors State(int step)
    {
        var (tensors, bytes) = Samples.State(step);
        return new MemoryTensors(tensors, bytes, ChunkElements);
    }

    static void CheckState(ShardChain chain, int step)
    {
        var (tensors, bytes) = Samples.State(step);
        Assert.Equal(TensorTable.Write(tensors), TensorTable.Write(chain.Top.Tensors));
        foreach (var (expected, got) in bytes.Zip(Stored.ReadAll(chain.Bytes))) Assert.Equal(expected, got);
    }

    static ShardFinding Verify(byte[] shard, ShardReader reader, ITensorBytes? below) => ShardVerifier.Verify(
        new MemoryStream(shard), reader.Name, new ShardExpectation(reader.Identity.Shard, reader.Root, shard.Length),
        VerificationDepth.Deep, below, default);

    /// <summary>The golden file holds the canonical bytes and a newline; its digest stands in a file beside it.</summary>
    static void CheckJson(string name, object sample, Type type)
    {
        var golden = Golden.Read(name, () => [.. CanonicalJson.Write(sample, type), (byte)'\n']).AsSpan().TrimEnd((byte)'\n').ToArray();
        var digest =
            Encoding.ASCII.GetString(Golden.Read(name + ".sha256", () => Encoding.ASCII.GetBytes(ContentHash.Of(golden).Hex + "\n")))
                .TrimEnd('\n');

        var read = JsonSerializer.Deserialize(golden, type, CanonicalJson.Options);
        Assert.Equivalent(sample, read, strict: true);
        Assert.Equal(Encoding.UTF8.GetString(golden), Encoding.UTF8.GetString(CanonicalJson.Write(read!, type)));
        Assert.Equal(digest, ContentHash.Of(CanonicalJson.Write(sample, type)).Hex);
    }
}
