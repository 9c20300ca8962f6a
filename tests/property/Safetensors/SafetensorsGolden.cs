using Lineage.Agents.Safetensors;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Format;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Safetensors;

/// <summary>Files that were once exported are read for ever, and the same tensors are still written as the same bytes.</summary>
public sealed class SafetensorsGolden
{
    const string Folder = "safetensors", Single = "model-v1.safetensors", Index = "model-v1.safetensors.index.json";

    static readonly Dictionary<string, string> Metadata = new(StringComparer.Ordinal)
    {
        ["format"] = "pt",
        ["lineage.checkpoint"] = "demo/3/120",
        ["odd"] = "\u00e9 \"\\\u0001\n\u2028 \U0001F600",
    };

    [Fact]
    public void A_golden_file_reads_back_and_is_written_alike()
    {
        var golden = Golden.Read($"{Folder}/{Single}", static () => InMemory.Written(InMemory.Whole(State()), Metadata));
        using var reader = SafetensorsReader.Open(new MemoryStream(golden), Single);
        Assert.Equal(Metadata, reader.Metadata);
        CheckState(reader);
        Assert.Equal(golden, InMemory.Written(InMemory.Whole(State()), Metadata));
    }

    [Fact]
    public async Task A_golden_set_reads_back_and_is_written_alike()
    {
        using var place = new Saving.TempDirectory();
        var written = await SafetensorsSplit.WriteAsync(
            place.Path, "model-v1", InMemory.Whole(State()), Metadata, fileBytesMax: 100, CancellationToken.None);
        Assert.True(written.Count > 3, "the sample fits too few files");
        foreach (var file in written)
            Assert.Equal(
                Golden.Read($"{Folder}/{file.Name}", () => File.ReadAllBytes(place[file.Name])), File.ReadAllBytes(place[file.Name]));
        using var set = SafetensorsSet.Open(Path.Combine(Golden.Folder, Folder, Index));
        CheckState(set);
    }

    static void CheckState(ITensorBytes read)
    {
        var state = State();
        var bytes = read.Tensors.Zip(Stored.ReadAll(read)).ToDictionary(static t => t.First.Name, StringComparer.Ordinal);
        Assert.Equal(state.Tensors.Count, bytes.Count);
        foreach (var (spec, expected) in state.Tensors.Zip(state.Bytes))
        {
            Assert.Equal(spec.Dtype, bytes[spec.Name].First.Dtype);
            Assert.Equal(expected, bytes[spec.Name].Second);
            Assert.Equal(spec.Sizes, bytes[spec.Name].First.GlobalShape);
        }
    }

    /// <summary>A tensor of every type, a scalar and an empty one, with bytes from a formula.</summary>
    static MemoryTensors State()
    {
        TensorSpec[] specs =
        [
            .. Enum.GetValues<TensorDtype>().Select(static dtype => Spec($"layer.{dtype}", dtype, [2, 4])),
            Spec("step \u00e9", TensorDtype.I64, []), Spec("empty", TensorDtype.F32, [3, 0]),
        ];
        return new MemoryTensors(
            specs, [.. specs.Select(static (spec, t) =>
                Enumerable.Range(0, (int)spec.Bytes).Select(i => (byte)(((t * 17) + i) % 256)).ToArray())]);
    }

    static TensorSpec Spec(string name, TensorDtype dtype, long[] shape) =>
        new(name, dtype, shape, new long[shape.Length], shape, TensorRole.Weight);
}
