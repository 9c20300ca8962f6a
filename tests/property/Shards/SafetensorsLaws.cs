using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FsCheck.Xunit;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.House;

namespace Lineage.Tests.Property.Shards;

public sealed class SafetensorsLaws
{
    const string Python = "/usr/bin/python3";
    static readonly Dictionary<string, string> NoMetadata = [];

    [Property(MaxTest = 150, Arbitrary = [typeof(SmallStates)])]
    public void What_is_written_is_read_back_bit_for_bit(SmallRun run)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["lineage.checkpoint"] = "demo/3/1", ["\u00e9\""] = "\n" };
        var state = new MemoryTensors(run.Tensors, run.States[0]);
        using var reader = SafetensorsReader.Open(new MemoryStream(Written(Whole(state), metadata)), "x");
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
        using var reader = SafetensorsReader.Open(new MemoryStream(Written(TensorMerge.Of(ranks), NoMetadata)), "x");
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

    [Theory]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""",
        3, "overlap")]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}""",
        5, "gap")]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""",
        4, "Duplicate")]
    [InlineData("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}""", 2, "by type and shape")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 1, "for them")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 3, "for them")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,2]}}""", 2, "too large")]
    [InlineData("""{"a":{"dtype":"float","shape":[2],"data_offsets":[0,2]}}""", 2, "unknown type")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}""", 2, "negative")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0]}}""", 2, "no pair")]
    [InlineData("""{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, "whole bytes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1}}""", 2, "unknown member")]
    [InlineData("""{"a":[1]}""", 0, "cannot be read")]
    [InlineData(""" {"a":1}""", 0, "begin with")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "cannot be read")]
    public void A_file_that_breaks_the_format_is_refused_with_file_and_offset(string header, int buffer, string reason)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + buffer];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        var thrown = Assert.Throws<ShardFormatException>(() => SafetensorsReader.Open(new MemoryStream(bytes), "bad.safetensors"));
        Assert.StartsWith("bad.safetensors: at byte ", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(ulong.MaxValue), InlineData(100_000_001UL), InlineData(1_000UL)]
    public void A_header_that_claims_too_much_is_refused_before_it_is_read(ulong size)
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, size);
        Assert.Throws<ShardFormatException>(() => SafetensorsReader.Open(new MemoryStream(bytes), "x"));
    }

    [Property(MaxTest = 400, Arbitrary = [typeof(SmallStates)])]
    public void Hostile_bytes_are_refused_by_name_and_never_crash_the_reader(SmallRun run)
    {
        var bytes = Written(Whole(new MemoryTensors(run.Tensors, run.States[0])), NoMetadata);
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

    [Fact]
    public async Task A_reader_of_twenty_lines_of_Python_sees_the_same_tensors()
    {
        if (!File.Exists(Python))
        {
            await Console.Error.WriteLineAsync($"SKIPPED: {Python} is missing, so no foreign reader checked our safetensors files.");
            return;
        }

        var run = SmallStates.Run(seed: 99, stateCount: 1, tensorCount: 12, chunkElements: 16);
        var path = Path.Combine(Directory.CreateTempSubdirectory("lineage-").FullName, "rank-00000.safetensors");
        await SafetensorsWriter.WriteAsync(path, Whole(new MemoryTensors(run.Tensors, run.States[0])), NoMetadata, CancellationToken.None);
        var start = new ProcessStartInfo(Python) { RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(Repository.Root, "tests/python/read_safetensors.py"));
        start.ArgumentList.Add(path);
        using var python = Process.Start(start)!;
        var output = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        Assert.Equal(0, python.ExitCode);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

        using var json = JsonDocument.Parse(output);
        var seen = json.RootElement.EnumerateArray().Select(static t =>
            $"{t.GetProperty("name")} {t.GetProperty("dtype")} " +
            $"{t.GetProperty("shape").GetRawText().Replace(" ", "", StringComparison.Ordinal)} {t.GetProperty("sha256")}");
        var expected = run.Tensors.Zip(run.States[0]).Select(static t =>
            $"{t.First.Name} {t.First.Dtype} [{string.Join(',', t.First.Sizes)}] {Convert.ToHexStringLower(SHA256.HashData(t.Second))}");
        Assert.Equal(expected.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    static IReadOnlyList<SafetensorsTensor> Whole(MemoryTensors state) =>
        [.. state.Tensors.Select((_, i) => SafetensorsTensor.Whole(state, i))];

    static byte[] Written(IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, tensors, metadata, CancellationToken.None);
        return stream.ToArray();
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
