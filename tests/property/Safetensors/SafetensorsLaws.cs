using FsCheck.Xunit;
using Lineage.Agents.Safetensors;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Safetensors;

public sealed class SafetensorsLaws
{
    static readonly Dictionary<string, string> NoMetadata = [];

    [Property(MaxTest = 150, Arbitrary = [typeof(SmallStates)])]
    public void What_is_written_is_read_back_bit_for_bit(SmallRun run)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["lineage.checkpoint"] = "demo/3/1", ["\u00e9\""] = "\n" };
        var state = new MemoryTensors(run.Tensors, run.States[0]);
        using var reader = SafetensorsReader.Open(new MemoryStream(InMemory.Written(InMemory.Whole(state), metadata)), "x");
        Assert.Equal(metadata, reader.Metadata);
        Assert.Equal(
            run.Tensors.Select(static t => t.Name).Order(StringComparer.Ordinal),
            reader.Tensors.Select(static t => t.Name).Order(StringComparer.Ordinal));
        for (var i = 0; i < reader.Tensors.Count; i++)
        {
            var original = run.Tensors.Index().First(t => string.Equals(t.Item.Name, reader.Tensors[i].Name, StringComparison.Ordinal));
            Assert.Equal(original.Item.Sizes, reader.Tensors[i].GlobalShape);
            Assert.Equal(original.Item.Dtype, reader.Tensors[i].Dtype);
            Assert.Equal(run.States[0][original.Index], Stored.ReadAll(reader)[i]);
        }
    }

    [Property(MaxTest = 150)]
    public void Rectangles_of_any_tiling_merge_to_the_whole_tensor(int seed)
    {
        var random = new Random(seed);
        long[] shape = [random.Next(1, 7), random.Next(1, 7), random.Next(1, 5)];
        var whole = new byte[shape[0] * shape[1] * shape[2] * 2];
        random.NextBytes(whole);
        long[][] cuts = [.. shape.Select(size => random.Next(3) == 0 ? new[] { 0, size } : [0, random.NextInt64(0, size + 1), size])];
        var ranks = (from a in cuts[0].Zip(cuts[0].Skip(1))
                     from b in cuts[1].Zip(cuts[1].Skip(1))
                     from c in cuts[2].Zip(cuts[2].Skip(1))
                     select Rectangle(
                         whole, shape, [a.First, b.First, c.First], [a.Second - a.First, b.Second - b.First, c.Second - c.First])).ToList();
        using var reader = SafetensorsReader.Open(new MemoryStream(InMemory.Written(TensorMerge.Of(ranks), NoMetadata)), "x");
        Assert.Equal(shape, reader.Tensors.Single().GlobalShape);
        Assert.Equal(whole, Stored.ReadAll(reader).Single());
    }

    [Fact]
    public void A_replicated_tensor_is_kept_once_and_a_ranks_own_under_its_name()
    {
        ITensorBytes Rank(byte own) => new MemoryTensors(
            [Spec("step", TensorDtype.I64, [1]), Spec("rng", TensorDtype.U8, [2])], [[7, 0, 0, 0, 0, 0, 0, 0], [own, 1]]);

        var merged = TensorMerge.Of([Rank(1), Rank(2)]);
        Assert.Equal("step rank-00000.rng rank-00001.rng", string.Join(' ', merged.Select(static t => t.Name)));
    }

    [Fact]
    public void A_missing_rank_and_an_overlap_are_refused()
    {
        var whole = new byte[4 * 2 * 2];
        var (upper, lower) = (Rectangle(whole, [4, 2, 1], [0, 0, 0], [2, 2, 1]), Rectangle(whole, [4, 2, 1], [2, 0, 0], [2, 2, 1]));
        Assert.Single(TensorMerge.Of([upper, lower]));
        Assert.Contains(
            "missing or repeated", Assert.Throws<ShardLayoutException>(() => TensorMerge.Of([upper])).Message, StringComparison.Ordinal);
        Assert.Contains(
            "overlap", Assert.Throws<ShardLayoutException>(() => TensorMerge.Of([upper, upper])).Message, StringComparison.Ordinal);
    }

    [Property(MaxTest = 400, Arbitrary = [typeof(SmallStates)])]
    public void Hostile_bytes_are_refused_by_name_and_never_crash_the_reader(SmallRun run)
    {
        var bytes = InMemory.Written(InMemory.Whole(new MemoryTensors(run.Tensors, run.States[0])), NoMetadata);
        var random = new Random(run.Seed);
        for (var edits = random.Next(1, 5); edits > 0; edits--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        if (random.Next(4) == 0) bytes = bytes[..random.Next(bytes.Length)];
        try
        {
            using var reader = SafetensorsReader.Open(new MemoryStream(bytes), "x");
            Stored.ReadAll(reader);
        }
        catch (ShardFormatException e)
        {
            Assert.StartsWith("x: at byte ", e.Message, StringComparison.Ordinal);
        }
    }

    static TensorSpec Spec(string name, TensorDtype dtype, long[] shape) =>
        new(name, dtype, shape, new long[shape.Length], shape, TensorRole.Opaque);

    /// <summary>One rank's packed rectangle of a tensor of two-byte elements.</summary>
    static MemoryTensors Rectangle(byte[] whole, long[] shape, long[] at, long[] size)
    {
        var bytes = new List<byte>();
        for (var a = at[0]; a < at[0] + size[0]; a++)
            for (var b = at[1]; b < at[1] + size[1]; b++)
                for (var c = at[2]; c < at[2] + size[2]; c++)
                    bytes.AddRange(whole.AsSpan((int)(((((a * shape[1]) + b) * shape[2]) + c) * 2), 2));
        return new MemoryTensors([new TensorSpec("w", TensorDtype.BF16, shape, at, size, TensorRole.Weight)], [[.. bytes]]);
    }
}
