using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>Writes safetensors files: <c>header length u64 | JSON header, padded with blanks to 8 | the tensors without gaps</c>.</summary>
/// <remarks>Source: the format's README and its reference reader, which refuses gaps, overlaps and repeated names.</remarks>
public static class SafetensorsWriter
{
    /// <summary>What readers accept.</summary>
    public const int HeaderBytesMax = 100_000_000;

    const int BufferBytes = 1 << 20;

    /// <summary>The file exists wholly and durably, or not at all.</summary>
    /// <param name="path">Its folder is made where it is missing.</param>
    /// <param name="metadata">Kept in <c>__metadata__</c>; may be empty.</param>
    /// <returns>Size of the file; null if the name is taken, with nothing changed.</returns>
    /// <exception cref="ShardLayoutException">A tensor's pieces do not cover it, or two have one name; nothing was written.</exception>
    public static async Task<long?> WriteAsync(
        string path, IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata, CancellationToken ct)
    {
        var ordered = Ordered(tensors);
        return await DurableFile.WriteAsync(
            Path.GetFullPath(path),
            (stream, token) =>
            {
                Write(stream, ordered, metadata, token);
                return ValueTask.CompletedTask;
            },
            static _ => { },
            ct);
    }

    /// <param name="destination">Only written to, in order.</param>
    public static void Write(
        Stream destination, IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata, CancellationToken ct)
    {
        var ordered = Ordered(tensors);
        destination.Write(Header(ordered, metadata));
        var buffer = new byte[BufferBytes];
        foreach (var (piece, start, length) in ordered.SelectMany(static tensor => tensor.Runs()))
            for (var done = 0L; done < length;)
            {
                ct.ThrowIfCancellationRequested();
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - done));
                piece.Source.Read(piece.Tensor, start + done, part);
                destination.Write(part);
                done += part.Length;
            }
    }

    /// <summary>Widest types first, so that every tensor is aligned to its type; then by name.</summary>
    static SafetensorsTensor[] Ordered(IReadOnlyList<SafetensorsTensor> tensors)
    {
        var objection = tensors.Select(static t => t.Objection()).FirstOrDefault(static o => o is not null)
            ?? tensors.GroupBy(static t => t.Name, StringComparer.Ordinal).Where(static g => g.Skip(1).Any())
                .Select(static g => $"\"{g.Key}\" is there twice.").FirstOrDefault();
        return objection is null
            ? [.. tensors.OrderByDescending(static t => t.Dtype.Bits()).ThenBy(static t => t.Name, StringComparer.Ordinal)]
            : throw new ShardLayoutException($"The tensors cannot be written as safetensors: {objection} Nothing was written.");
    }

    static byte[] Header(IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = CanonicalJson.Options.Encoder }))
        {
            json.WriteStartObject();
            if (metadata.Count > 0) WriteMetadata(json, metadata);
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Dtype.ToString());
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [offset, offset += tensor.Bytes]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        var padded = (output.WrittenCount + 7) / 8 * 8;
        if (padded > HeaderBytesMax)
            throw new ShardLayoutException($"The header takes {padded:N0} bytes, readers accept {HeaderBytesMax:N0}. Nothing was written.");
        var bytes = new byte[8 + padded];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, padded);
        output.WrittenSpan.CopyTo(bytes.AsSpan(8));
        bytes.AsSpan(8 + output.WrittenCount).Fill((byte)' ');
        return bytes;
    }

    static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(SafetensorsTensor.MetadataName);
        foreach (var (name, value) in metadata.OrderBy(static m => m.Key, StringComparer.Ordinal)) json.WriteString(name, value);
        json.WriteEndObject();
    }

    static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
