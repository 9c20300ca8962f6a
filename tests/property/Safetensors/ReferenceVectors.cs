using System.Text;
using Lineage.Agents.Safetensors;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Safetensors;

/// <summary>What the reference library's own tests (huggingface/safetensors, <c>src/tensor.rs</c>) say of bytes and files.</summary>
public sealed class ReferenceVectors
{
    static readonly byte[] ZeroToFive = [.. Enumerable.Range(0, 6).SelectMany(static i => BitConverter.GetBytes((float)i))];

    /// <summary><c>test_serialization</c>, <c>test_serialization_forced_alignement</c>, <c>test_serialization_fp4</c>.</summary>
    [Theory]
    [InlineData("attn.0", TensorDtype.F32, new long[] { 1, 2, 3 }, """{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}""")]
    [InlineData(
        "attn0", TensorDtype.F32, new long[] { 1, 1, 2, 3 },
        """{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       """)]
    [InlineData("attn.0", TensorDtype.F4, new long[] { 1, 2 }, """{"attn.0":{"dtype":"F4","shape":[1,2],"data_offsets":[0,1]}}    """)]
    public void The_writer_writes_the_references_bytes(string name, TensorDtype dtype, long[] shape, string header)
    {
        var bytes = dtype == TensorDtype.F4 ? [0] : ZeroToFive;
        var spec = new TensorSpec(name, dtype, shape, new long[shape.Length], shape, TensorRole.Weight);
        Assert.Equal(
            (byte[])[(byte)header.Length, 0, 0, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(header), .. bytes],
            InMemory.Written(InMemory.Whole(new MemoryTensors([spec], [bytes]))));
    }

    /// <summary><c>test_empty</c>.</summary>
    [Fact]
    public void No_tensors_and_no_tensors_with_metadata_are_the_references_bytes()
    {
        Assert.Equal((byte[])[8, 0, 0, 0, 0, 0, 0, 0, .. "{}      "u8], InMemory.Written([]));
        Assert.Equal(
            (byte[])[40, 0, 0, 0, 0, 0, 0, 0, .. "{\"__metadata__\":{\"framework\":\"pt\"}}     "u8],
            InMemory.Written([], new Dictionary<string, string>(StringComparer.Ordinal) { ["framework"] = "pt" }));
    }

    /// <summary>The order of its <c>Dtype</c>, widest alignment first, then names by their UTF-8 bytes.</summary>
    [Fact]
    public void Tensors_come_in_the_references_order()
    {
        TensorSpec Spec(string name, TensorDtype dtype) => new(name, dtype, [4], [0], [4], TensorRole.Opaque);
        TensorSpec[] specs =
        [
            Spec("\uff5e", TensorDtype.U8), Spec("\U00010000", TensorDtype.U8), Spec("b", TensorDtype.F4), Spec("a", TensorDtype.BOOL),
            Spec("c", TensorDtype.I64), Spec("d", TensorDtype.F64), Spec("e", TensorDtype.C64), Spec("f", TensorDtype.F32),
        ];
        var file = InMemory.Written(InMemory.Whole(new MemoryTensors(specs, [.. specs.Select(static spec => new byte[spec.Bytes])])));
        using var reader = SafetensorsReader.Open(new MemoryStream(file), "x");
        Assert.Equal("c d e f \uff5e \U00010000 b a", string.Join(' ', reader.Tensors.Select(static t => t.Name)));
    }

    /// <summary><c>test_empty_shapes_allowed</c>, <c>test_zero_sized_tensor</c>, <c>test_whitespace_padded_header</c>,
    /// <c>test_deserialization</c>, and JSON that is odd but whole.</summary>
    [Theory]
    [InlineData("""{"test":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}""", 4, "test I32[]")]
    [InlineData("""{"test":{"dtype":"I32","shape":[2,0],"data_offsets":[0, 0]}}""", 0, "test I32[2,0]")]
    [InlineData("""{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}""", 16, "test I32[2,2]")]
    [InlineData("{}\r \t\n", 0, "")]
    [InlineData(
        """{"b":{"shape":[2],"data_offsets":[1,3],"dtype":"U8"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""",
        3, "a U8[1] b U8[2]")]
    [InlineData(
        """{"z":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""",
        1, "a U8[0] z U8[1]")]
    [InlineData("""{"F6":{"dtype":"F6_E3M2","shape":[4],"data_offsets":[0,3]}}""", 3, "F6 F6_E3M2[4]")]
    [InlineData("""{"":{"dtype":"\u00558","shape":[1],"data_offsets":[0,1]}}""", 1, " U8[1]")]
    [InlineData("""{"a":{"dtype":"U8","shape":[0,9223372036854775807],"data_offsets":[0,0]}}""", 0, "a U8[0,9223372036854775807]")]
    public void What_the_reference_reads_is_read(string header, int buffer, string expected)
    {
        using var reader = SafetensorsReader.Open(new MemoryStream(InMemory.File(header, buffer)), "x");
        Assert.Equal(expected, string.Join(' ', reader.Tensors.Select(static t => $"{t.Name} {t.Dtype}[{string.Join(',', t.Sizes)}]")));
        Stored.ReadAll(reader);
    }

    [Fact]
    public void All_types_of_the_reference_and_no_others_are_known() => Assert.Equal(
        ("BF16 BOOL C64 F16 F32 F4 F64 F6_E2M3 F6_E3M2 F8_E4M3 F8_E4M3FNUZ F8_E5M2 F8_E5M2FNUZ F8_E8M0 I16 I32 I64 I8 U16 U32 U64 U8"),
        string.Join(' ', Enum.GetNames<TensorDtype>().Order(StringComparer.Ordinal)));
}
