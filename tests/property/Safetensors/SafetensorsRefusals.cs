using System.Buffers.Binary;
using System.Text;
using Lineage.Agents.Safetensors;
using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Safetensors;

/// <summary>Every rule of the format, broken once: what is refused, at which byte, and why.</summary>
public sealed class SafetensorsRefusals
{
    /// <summary>In a header the sign § marks where the refusal must point; it is not part of the file.</summary>
    public static TheoryData<string, int, string> Broken { get; } = new()
    {
        {
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[§1,3]}}""",
            3, "overlap" },
        { """{"b":{"dtype":"U8","shape":[2],"data_offsets":[§3,5]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 5, "gap" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[§1,3]}}""", 3, "gap" },
        {
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},§"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""",
            4, "there twice" },
        {
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},§"\u0061":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}""",
            2, "there twice" },
        { """{"a":{"dtype":"U8",§"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, "repeated member" },
        { """{§"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}""", 2, "takes 3 bytes by dtype and shape, 2 by" },
        { """{§"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,2]}}""", 2, "2^63 bits" },
        { """{§"a":{"dtype":"I32","shape":[2,9223372036854775807],"data_offsets":[0,16]}}""", 16, "2^63 bits" },
        { """{§"a":{"dtype":"U8","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}}""", 0, "2^63 bits" },
        {
            """{"a":{"dtype":"I32","shape":[2,§18446744073709551614],"data_offsets":[0,16]}}""",
            16, "is 18446744073709551614, expected" },
        { """{"a":{"dtype":§"float","shape":[2],"data_offsets":[0,2]}}""", 2, "unknown type \"float\"" },
        { """{"a":{"dtype":§"u8","shape":[2],"data_offsets":[0,2]}}""", 2, "unknown type \"u8\"" },
        { """{"a":{"dtype":§"F32,F64","shape":[2],"data_offsets":[0,2]}}""", 2, "unknown type" },
        { """{"a":{"dtype":§9,"shape":[2],"data_offsets":[0,2]}}""", 2, "expected a string" },
        { """{"a":{"dtype":§null,"shape":[2],"data_offsets":[0,2]}}""", 2, "null, expected a string" },
        { """{"a":{"dtype":"U8","shape":[§-2],"data_offsets":[0,2]}}""", 2, "is -2, expected a whole number" },
        { """{"a":{"dtype":"U8","shape":[§-0],"data_offsets":[0,0]}}""", 0, "is -0, expected a whole number" },
        { """{"a":{"dtype":"U8","shape":[§2.0],"data_offsets":[0,2]}}""", 2, "is 2.0, expected a whole number" },
        { """{"a":{"dtype":"U8","shape":[§2e0],"data_offsets":[0,2]}}""", 2, "is 2e0, expected a whole number" },
        { """{"a":{"dtype":"U8","shape":[§"2"],"data_offsets":[0,2]}}""", 2, "expected a whole number" },
        { """{"a":{"dtype":"U8","shape":[§[2]],"data_offsets":[0,2]}}""", 2, "a list, expected a whole number" },
        { """{"a":{"dtype":"U8","shape":§2,"data_offsets":[0,2]}}""", 2, "expected a list" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0§]}}""", 2, "the end of a list" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2,§2]}}""", 2, "what follows the two" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[§2,0]}}""", 2, "before it begins" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,§99999999999999999999]}}""", 2, "expected a whole number" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":§{"0":0,"1":2}}}""", 2, "an object, expected a list" },
        { """{§"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, "whole bytes" },
        { """{§"a":{"dtype":"F6_E2M3","shape":[2],"data_offsets":[0,2]}}""", 2, "whole bytes" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],§"x":1}}""", 2, "unknown member \"x\"" },
        { """{§"a":{"dtype":"U8","data_offsets":[0,2]}}""", 2, "lacks shape" },
        { """{§"a":{}}""", 0, "lacks dtype" },
        { """{"a":§[1]}""", 0, "a list, expected an object" },
        { """{"a":§null}""", 0, "null, expected an object" },
        { """§ {"a":1}""", 0, "begins with byte 0x20" },
        { """§[]""", 0, "begins with byte 0x5b" },
        { """{"__metadata__":{"a":§1}}""", 0, "expected a string" },
        { """{"__metadata__":{"a":§{}}}""", 0, "expected a string" },
        { """{"__metadata__":§null}""", 0, "expected an object" },
        { """{"__metadata__":{"a":"1",§"a":"2"}}""", 0, "twice" },
        { """{"__metadata__":{},§"__metadata__":{}}""", 0, "twice" },
        { """{§"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, "surrogate" },
        { """{§"\ud800metadata__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, "surrogate" },
        { """{"a":{§"\ud800type":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, "surrogate" },
        { """{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}§""", 0, "no JSON" },
        { """{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},§}""", 0, "no JSON" },
        { "{\n\"a\":\n  tru§}", 0, "no JSON" },
        { """{}§x""", 0, "no JSON" },
        { """{}§{}""", 0, "no JSON" },
    };

    [Theory, MemberData(nameof(Broken))]
    public void A_header_that_breaks_the_format_is_refused_with_file_offset_and_reason(string marked, int buffer, string reason)
    {
        var thrown = Refused(InMemory.File(marked.Replace("§", "", StringComparison.Ordinal), buffer));
        Assert.StartsWith("bad.safetensors: at byte ", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
        Assert.Equal(8 + Encoding.UTF8.GetByteCount(marked.AsSpan(0, marked.IndexOf('§', StringComparison.Ordinal))), thrown.Offset);
        Assert.Equal(Finding.Altered, thrown.Finding);
    }

    [Theory]
    [InlineData(1, 71, Finding.Truncated)]
    [InlineData(3, 72, Finding.Altered)]
    public void Missing_and_surplus_bytes_are_refused_where_they_begin(int buffer, long at, Finding finding)
    {
        const string header = """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""";
        var thrown = Refused(InMemory.File(header.PadRight(62), buffer));
        Assert.Equal((at, finding), (thrown.Offset, thrown.Finding));
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_refused_where_they_are()
    {
        byte[] header = [.. "{\"é"u8, 0xFF, .. "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"u8];
        var thrown = Refused(InMemory.File(header, 0));
        Assert.Equal(8 + 4, thrown.Offset);
        Assert.Contains("UTF-8", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue, 0, Finding.Altered)]
    [InlineData(1UL << 63, 0, Finding.Altered)]
    [InlineData(100_000_001UL, 0, Finding.Altered)]
    [InlineData(1_000UL, 64, Finding.Truncated)]
    [InlineData(0UL, 8, Finding.Altered)]
    public void A_header_that_claims_too_much_is_refused_before_anything_is_allocated(ulong size, long at, Finding finding)
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, size);
        Refused(bytes);   // so that nothing is counted that happens once only
        var before = GC.GetAllocatedBytesForCurrentThread();
        var thrown = Refused(bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 65_536);
        Assert.Equal((at, finding), (thrown.Offset, thrown.Finding));
    }

    [Fact]
    public void What_a_terminal_would_obey_and_a_name_as_long_as_the_file_are_not_repeated_in_a_message()
    {
        var name = "\\u001b[2J\\n\\u0022" + new string('x', 100_000);
        var message = Refused(InMemory.File($"{{\"{name}\":7}}", 0)).Message;
        Assert.InRange(message.Length, 80, 300);
        Assert.DoesNotContain(message, static c => char.IsControl(c));
        Assert.Contains("tensor \"?[2J??xxx", message, StringComparison.Ordinal);
    }

    [Theory, InlineData(0), InlineData(7)]
    public void A_file_without_room_for_a_length_is_truncated(int length) =>
        Assert.Equal((length, Finding.Truncated), (Refused(new byte[length]).Offset, Refused(new byte[length]).Finding));

    [Fact]
    public void Nesting_is_refused_at_the_first_level_too_deep_however_deep_it_goes()
    {
        var header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[" + new string('[', 1_000_000) + new string(']', 1_000_000) + "]}}";
        Assert.Equal(8 + 28, Refused(InMemory.File(header, 0)).Offset);
    }

    [Fact]
    public void More_dimensions_tensors_or_metadata_than_allowed_are_refused_where_the_first_of_them_stands()
    {
        const string zero = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
        var dimensions = string.Join(',', Enumerable.Repeat("1", SafetensorsLimits.DimensionsMax + 1));
        Assert.Contains("dimensions", Message($"{{\"a\":{{\"dtype\":\"U8\",\"shape\":[{dimensions}]}}}}"), StringComparison.Ordinal);
        var tensors = string.Join(',', Enumerable.Range(0, SafetensorsLimits.TensorsMax + 1).Select(static i => $"\"{i}\":{zero}"));
        Assert.Contains("more than 262,144 tensors", Message($"{{{tensors}}}"), StringComparison.Ordinal);
        var metadata = string.Join(',', Enumerable.Range(0, SafetensorsLimits.MetadataMembersMax + 1).Select(static i => $"\"{i}\":\"\""));
        Assert.Contains("more than 65,536 members", Message($"{{\"__metadata__\":{{{metadata}}}}}"), StringComparison.Ordinal);

        static string Message(string header) => Refused(InMemory.File(header, 0)).Message;
    }

    /// <summary>The bound that docs/FORMAT.md states, on headers of a megabyte that spend it in different ways.</summary>
    [Theory, InlineData("tensors"), InlineData("names"), InlineData("metadata"), InlineData("dimensions"), InlineData("one name")]
    public void Reading_a_header_takes_at_most_six_bytes_a_byte_and_a_kilobyte_a_tensor(string kind)
    {
        var header = Hostile(kind, 1 << 20, out var tensors);
        var bytes = InMemory.File(header, 0);
        SafetensorsReader.Open(new MemoryStream(bytes), "x").Dispose();
        var before = GC.GetAllocatedBytesForCurrentThread();
        SafetensorsReader.Open(new MemoryStream(bytes), "x").Dispose();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1 << 20, (6L << 20) + (1_024L * tensors) + 65_536);
    }

    static readonly string ManyZeros = string.Join(',', Enumerable.Repeat(0, SafetensorsLimits.DimensionsMax));

    static string Hostile(string kind, int length, out int tensors)
    {
        var text = new StringBuilder(kind == "metadata" ? "{\"__metadata__\":{" : "{");
        tensors = 0;
        for (; text.Length < length - (length / 10) && !(kind == "one name" && tensors > 0); tensors++)
        {
            if (tensors > 0) text.Append(',');
            text.Append(kind switch
            {
                "metadata" => $"\"{tensors}\":\"0123456789\"",
                "names" => $"\"{new string('n', 900)}{tensors}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
                "one name" => $"\"{new string('n', length)}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
                "dimensions" => $"\"{tensors}\":{{\"dtype\":\"U8\",\"shape\":[{ManyZeros}],\"data_offsets\":[0,0]}}",
                _ => $"\"{tensors}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
            });
        }

        return text.Append(kind == "metadata" ? "}}" : "}").ToString();
    }

    [Theory]
    [InlineData("", new long[] { 1 }, "cannot name")]
    [InlineData("__metadata__", new long[] { 1 }, "cannot name")]
    [InlineData("half", new long[] { 1 }, "surrogate")]
    [InlineData("a", new long[] { 1, -1 }, "negative")]
    [InlineData("a", new long[] { 1L << 62, 4 }, "2^63")]
    public void What_a_reader_would_refuse_is_not_written(string name, long[] shape, string reason)
    {
        var tensor = new SafetensorsTensor(name == "half" ? "\ud800" : name, TensorDtype.U8, shape, []);
        var thrown = Assert.Throws<ShardLayoutException>(() => InMemory.Written([tensor]));
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_that_are_no_text_are_not_written() => Assert.Contains(
        "no text",
        Assert.Throws<ShardLayoutException>(
            () => InMemory.Written([], new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = "\udc00" })).Message,
        StringComparison.Ordinal);

    static ShardFormatException Refused(byte[] bytes) =>
        Assert.Throws<ShardFormatException>(() => SafetensorsReader.Open(new MemoryStream(bytes), "bad.safetensors"));
}
