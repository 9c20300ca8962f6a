using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Lineage.Agents.Safetensors;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Saving;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Safetensors;

/// <summary>Several files with an index are the same tensors as one file.</summary>
public sealed class SafetensorsSetLaws
{
    const string IndexName = "model.safetensors.index.json";
    static readonly Dictionary<string, string> NoMetadata = [];

    [Property(MaxTest = 60, Arbitrary = [typeof(SmallStates)])]
    public void Whatever_the_size_of_a_file_the_set_reads_back_bit_for_bit(SmallRun run, PositiveInt fileBytesMax)
    {
        using var place = new TempDirectory();
        var limit = fileBytesMax.Get % 1_500;
        var state = new MemoryTensors(run.Tensors, run.States[0]);
        var files = Write(place.Path, state, limit);
        var split = files.Count > 1;
        using var source = split
            ? (IDisposable)SafetensorsSet.Open(place[IndexName])
            : SafetensorsReader.Open(place["model.safetensors"]);
        var read = (Lineage.Agents.Shards.ITensorBytes)source;
        var bytes = read.Tensors.Zip(Stored.ReadAll(read)).ToDictionary(static t => t.First.Name, StringComparer.Ordinal);
        Assert.Equal(run.Tensors.Count, bytes.Count);
        foreach (var (spec, expected) in run.Tensors.Zip(run.States[0]))
        {
            Assert.Equal(spec.Dtype, bytes[spec.Name].First.Dtype);
            Assert.Equal(expected, bytes[spec.Name].Second);
            Assert.Equal(spec.Sizes, bytes[spec.Name].First.GlobalShape);
        }
    }

    [Property(MaxTest = 300)]
    public void A_split_keeps_the_order_and_no_file_that_could_be_smaller_is_too_large(PositiveInt[] sizes, PositiveInt limit)
    {
        var state = new MemoryTensors(
            [.. sizes.Select(static (size, i) => Spec($"t{i:000}", size.Get))], [.. sizes.Select(static size => new byte[size.Get])]);
        var groups = SafetensorsSplit.Of(InMemory.Whole(state), limit.Get);
        Assert.Equal(
            string.Join(' ', state.Tensors.Select(static t => t.Name)),
            string.Join(' ', groups.SelectMany(static g => g).Select(static t => t.Name)));
        foreach (var (index, group) in groups.Index())
        {
            Assert.True(group.Count > 0 || sizes.Length == 0);
            Assert.True(group.Count <= 1 || group.Sum(static t => t.Bytes) <= limit.Get, $"file {index}");
            if (index == 0) continue;
            Assert.True(groups[index - 1].Sum(static t => t.Bytes) + group[0].Bytes > limit.Get, $"file {index} began early");
        }
    }

    [Fact]
    public void Names_and_index_are_those_of_Hugging_Face()
    {
        using var place = new TempDirectory();
        var files = Write(place.Path, Abc(), fileBytesMax: 4);
        Assert.Equal(
            "model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json",
            string.Join(' ', files.Select(static file => file.Name)));
        Assert.Equal(
            """
            {
              "metadata": {
                "total_size": 6
              },
              "weight_map": {
                "a": "model-00001-of-00002.safetensors",
                "b": "model-00001-of-00002.safetensors",
                "c": "model-00002-of-00002.safetensors"
              }
            }

            """.ReplaceLineEndings("\n"),
            File.ReadAllText(place[IndexName]));
    }

    public static TheoryData<string, string> BrokenIndexes { get; } = new()
    {
        { """§[]""", "a list, expected an object" },
        { """{}§""", "no weight_map" },
        { """{"weight_map":§[]}""", "weight_map is a list, expected an object" },
        { """{"weight_map":{},§"weight_map":{}}""", "weight_map is there twice" },
        { """{"metadata":{},§"metadata":{},"weight_map":{}}""", "metadata is there twice" },
        { """{"metadata":§3,"weight_map":{}}""", "metadata is 3, expected an object" },
        { """{"weight_map":{"a":§1}}""", "expected a string" },
        { """{§"\ud800eight_map":{}}""", "surrogate" },
        { """{"weight_map":{},"metadata":{§"\ud800otal_size":1}}""", "surrogate" },
        { """{"weight_map":{"a":"x",§"a":"y"}}""", "is there twice" },
        { """{"weight_map":{"a":§"../x"}}""", "no plain file name" },
        { """{"weight_map":{"a":§"/etc/passwd"}}""", "no plain file name" },
        { """{"weight_map":{"a":§"sub/x"}}""", "no plain file name" },
        { """{"weight_map":{"a":§"sub\\x"}}""", "no plain file name" },
        { """{"weight_map":{"a":§"\u002e\u002e"}}""", "no plain file name" },
        { """{"weight_map":{"a":§"."}}""", "no plain file name" },
        { """{"weight_map":{"a":§""}}""", "no plain file name" },
        { """{"weight_map":{"a":§"C:x"}}""", "no plain file name" },
        { """{"weight_map":{"a":§"x\u0000y"}}""", "no plain file name" },
        { """{"metadata":{"total_size":§"6"},"weight_map":{}}""", "total_size" },
        { """{"metadata":{"total_size":§-1},"weight_map":{}}""", "total_size is -1" },
        { """{"metadata":{"total_size":§6.5},"weight_map":{}}""", "total_size is 6.5" },
        { """{"metadata":{"total_size":§1e300},"weight_map":{}}""", "total_size is 1e300" },
        {
            """{"metadata":{"total_size":§7},"weight_map":{"a":"1","b":"1","c":"2"}}""",
            "total_size is 7, the tensors of the 2 files take 6" },
        { """{"weight_map":{§"a":"0-nowhere","b":"1","c":"2"}}""", "\"0-nowhere\", which is not there" },
        { """{"weight_map":{"a":"1","b":"1","c":"2",§"d":"2"}}""", "does not hold it" },
        { """{"weight_map":{"a":"1","b":"1","c":"2"}}§x""", "no JSON" },
    };

    [Theory, MemberData(nameof(BrokenIndexes))]
    public void An_index_that_breaks_a_rule_is_refused_with_file_offset_and_reason(string marked, string reason)
    {
        var thrown = Assert.Throws<ShardFormatException>(() => Open(marked.Replace("§", "", StringComparison.Ordinal)).Dispose());
        Assert.StartsWith($"there/{IndexName}: at byte ", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
        Assert.Equal(Encoding.UTF8.GetByteCount(marked.AsSpan(0, marked.IndexOf('§', StringComparison.Ordinal))), thrown.Offset);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"1","c":"2"}}""", "there/1", "does not name it")]
    [InlineData("""{"weight_map":{"a":"1","b":"2","c":"2"}}""", "there/1", "says that it lies in \"2\"")]
    public void A_file_that_holds_more_than_the_index_says_is_refused_where_it_says_so(string index, string file, string reason)
    {
        var thrown = Assert.Throws<ShardFormatException>(() => Open(index).Dispose());
        Assert.Equal(file, thrown.File);
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
        var header = Encoding.UTF8.GetString(Files()["1"]);
        Assert.Equal(header.IndexOf("\"b\"", StringComparison.Ordinal), thrown.Offset);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"1","b":"1","c":"2"}}""")]
    [InlineData("""{"metadata":{"total_size":6.0,"total_parameters":[{"x":[]}]},"dtype":"BF16","weight_map":{"c":"2","b":"1","a":"1"}} """)]
    public void An_index_with_other_members_or_without_a_total_is_read(string index)
    {
        using var set = Open(index);
        Assert.Equal("a b c", string.Join(' ', set.Tensors.Select(static t => t.Name)));
        Assert.Equal([[1, 2], [3], [4, 5, 6]], Stored.ReadAll(set));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Read(1, 0, new byte[2]));
    }

    [Fact]
    public void A_file_that_vanished_or_changed_its_size_since_is_refused()
    {
        var files = Files();
        using var set = SafetensorsSet.Open(
            new MemoryStream(Encoding.UTF8.GetBytes("""{"weight_map":{"a":"1","b":"1","c":"2"}}""")), IndexName,
            file => files.TryGetValue(file, out var bytes) ? new MemoryStream(bytes) : null);
        files["1"] = [.. files["1"], 0];
        Assert.Contains("now", Assert.Throws<ShardFormatException>(() => set.Read(0, 0, new byte[1])).Message, StringComparison.Ordinal);
        files.Remove("2");
        Assert.Equal(Finding.Missing, Assert.Throws<ShardFormatException>(() => set.Read(2, 0, new byte[1])).Finding);
    }

    static SafetensorsSet Open(string index)
    {
        var files = Files();
        return SafetensorsSet.Open(
            new MemoryStream(Encoding.UTF8.GetBytes(index)), $"there/{IndexName}",
            file => files.TryGetValue(file, out var bytes) ? new MemoryStream(bytes) : null);
    }

    static Dictionary<string, byte[]> Files()
    {
        var all = InMemory.Whole(Abc());
        return new(StringComparer.Ordinal) { ["1"] = InMemory.Written([.. all.Take(2)]), ["2"] = InMemory.Written([all[2]]) };
    }

    static MemoryTensors Abc() => new([Spec("a", 2), Spec("b", 1), Spec("c", 3)], [[1, 2], [3], [4, 5, 6]]);

    static TensorSpec Spec(string name, long size) => new(name, TensorDtype.U8, [size], [0], [size], TensorRole.Weight);

    static IReadOnlyList<SafetensorsFile> Write(string folder, MemoryTensors state, long fileBytesMax) => SafetensorsSplit
        .WriteAsync(folder, "model", InMemory.Whole(state), NoMetadata, fileBytesMax, CancellationToken.None).GetAwaiter().GetResult();
}
