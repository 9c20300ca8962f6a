using System.Buffers.Binary;
using System.Text.Json;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>Reads a safetensors file strictly. The tensors come in the order of their bytes, whole, with the role <c>opaque</c>. Not thread
/// safe.</summary>
public sealed class SafetensorsReader : ITensorBytes, IDisposable
{
    readonly Stream source;
    readonly long[] begins;

    SafetensorsReader(Stream source, IReadOnlyList<TensorSpec> tensors, long[] begins, IReadOnlyDictionary<string, string> metadata)
    {
        this.source = source;
        this.begins = begins;
        Tensors = tensors;
        Metadata = metadata;
    }

    public IReadOnlyList<TensorSpec> Tensors { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <exception cref="ShardFormatException">It is no whole safetensors file; the message names file, offset and reason.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static SafetensorsReader Open(string path) => Open(File.OpenRead(path), path);

    /// <param name="source">Seekable; disposed with the reader, and when opening fails.</param>
    public static SafetensorsReader Open(Stream source, string name)
    {
        try
        {
            return Parse(source, name);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    static SafetensorsReader Parse(Stream source, string name)
    {
        var front = new byte[8];
        source.Position = 0;
        if (source.ReadAtLeast(front, 8, throwOnEndOfStream: false) < 8)
            throw new ShardFormatException(name, source.Length, "a safetensors file has at least 8 bytes.", Finding.Truncated);
        var size = BinaryPrimitives.ReadUInt64LittleEndian(front);
        if (size > SafetensorsWriter.HeaderBytesMax)
            throw new ShardFormatException(
                name, 0, $"the header is said to take {size:N0} bytes; at most {SafetensorsWriter.HeaderBytesMax:N0} are allowed.");
        if ((long)size > source.Length - 8)
            throw new ShardFormatException(
                name, source.Length, $"the header takes {size:N0} bytes, {source.Length - 8:N0} are there.", Finding.Truncated);
        var header = new byte[size];
        source.ReadExactly(header);
        if (header is not [(byte)'{', ..]) throw new ShardFormatException(name, 8, "the header does not begin with '{'.");
        try
        {
            using var json = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            return Parse(source, name, 8 + (long)size, json.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException and not ShardFormatException)
        {
            throw new ShardFormatException(name, 8, $"the header cannot be read: {e.Message}");
        }
    }

    static SafetensorsReader Parse(Stream source, string name, long buffer, JsonElement header)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var entries = new List<(TensorSpec Spec, long Begin, long End)>();
        foreach (var member in header.EnumerateObject())
            if (!member.NameEquals(SafetensorsTensor.MetadataName)) entries.Add(Entry(name, member));
            else
                foreach (var item in member.Value.EnumerateObject())
                    metadata.Add(item.Name, item.Value.GetString() ?? throw new FormatException("a metadata value is null"));

        entries.Sort(static (a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        var position = 0L;
        foreach (var (spec, begin, end) in entries)
        {
            if (begin != position)
                throw new ShardFormatException(
                    name, buffer + Math.Min(begin, position),
                    $"tensor \"{spec.Name}\" begins at {begin:N0} of the buffer, the one before ends at {position:N0}: " +
                    $"{(begin < position ? "overlap" : "gap")}.");
            position = end;
        }

        if (position != source.Length - buffer)
            throw new ShardFormatException(
                name, buffer + position, $"the tensors take {position:N0} bytes, the file has {source.Length - buffer:N0} for them.",
                position > source.Length - buffer ? Finding.Truncated : Finding.Altered);
        return new SafetensorsReader(source, [.. entries.Select(static e => e.Spec)], [.. entries.Select(e => buffer + e.Begin)], metadata);
    }

    static (TensorSpec Spec, long Begin, long End) Entry(string file, JsonProperty member)
    {
        var odd = member.Value.EnumerateObject().FirstOrDefault(static m => m.Name is not ("dtype" or "shape" or "data_offsets"));
        if (odd.Value.ValueKind != JsonValueKind.Undefined)
            throw Refused($"has the unknown member \"{odd.Name}\"");
        var value = member.Value;
        if (!value.TryGetProperty("dtype", out var dtypeText) || !value.TryGetProperty("shape", out var shapeList)
            || !value.TryGetProperty("data_offsets", out var offsets))
            throw Refused("lacks dtype, shape or data_offsets");
        if (!Enum.TryParse<TensorDtype>(dtypeText.GetString(), ignoreCase: false, out var dtype)
            || !string.Equals(dtype.ToString(), dtypeText.GetString(), StringComparison.Ordinal))
            throw Refused($"has the unknown type {dtypeText}");
        long[] shape = [.. shapeList.EnumerateArray().Select(static n => n.GetInt64())];
        if (offsets.GetArrayLength() != 2) throw Refused("has data_offsets that are no pair");
        var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        if (begin < 0 || end < begin || shape.Any(static s => s < 0)) throw Refused("has a negative size or offset");
        var spec = new TensorSpec(member.Name, dtype, shape, new long[shape.Length], shape, TensorRole.Opaque);
        try
        {
            if (spec.Bytes != end - begin) throw Refused($"takes {spec.Bytes:N0} bytes by type and shape, {end - begin:N0} by its offsets");
        }
        catch (OverflowException)
        {
            throw Refused("is too large");
        }

        return (spec, begin, end);

        ShardFormatException Refused(string what) => new(file, 8, $"tensor \"{member.Name}\" {what}.");
    }

    public void Read(int tensor, long byteOffset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteOffset, Tensors[tensor].Bytes - destination.Length);
        source.Position = begins[tensor] + byteOffset;
        source.ReadExactly(destination);
    }

    public void Dispose() => source.Dispose();
}
