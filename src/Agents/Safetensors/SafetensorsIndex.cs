using System.Buffers;
using System.Text.Json;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Safetensors;

/// <summary>Where an index says that a tensor lies.</summary>
/// <param name="File">A plain name: the file lies beside the index.</param>
/// <param name="At">Where the index says so.</param>
public sealed record SafetensorsPlace(string Tensor, string File, long At);

/// <summary>
/// <c>model.safetensors.index.json</c>: which file of a model that was split over several holds which tensor. This is Hugging Face's
/// convention, not part of the safetensors format: <c>{"metadata":{"total_size":N},"weight_map":{"tensor":"file", …}}</c>.
/// </summary>
/// <param name="TotalBytes">Bytes of all tensors; null if the index does not say, as old ones do not.</param>
/// <param name="TotalBytesAt">Where it says so.</param>
/// <param name="Places">In the order of the index; every tensor once.</param>
public sealed record SafetensorsIndex(long? TotalBytes, long TotalBytesAt, IReadOnlyList<SafetensorsPlace> Places)
{
    const int FileNameLengthMax = 255;

    /// <exception cref="ShardFormatException">It is no index, or names a file that is not beside it.</exception>
    public static SafetensorsIndex Read(Stream source, string name)
    {
        if (source.Length > SafetensorsLimits.IndexBytesMax)
            throw new ShardFormatException(
                name, 0, $"the index has {source.Length:N0} bytes; at most {SafetensorsLimits.IndexBytesMax:N0} are allowed.");
        var json = GC.AllocateUninitializedArray<byte>((int)source.Length);
        source.Position = 0;
        source.ReadExactly(json);
        return Parse(json, name);
    }

    public static SafetensorsIndex Parse(ReadOnlySpan<byte> json, string name)
    {
        var tokens = new JsonTokens(json, name, 0, "index");
        (long? total, var totalAt) = (null, 0L);
        List<SafetensorsPlace>? places = null;
        var metadata = false;
        tokens.Expect(JsonTokenType.StartObject, "it");
        while (tokens.Until(JsonTokenType.EndObject))
        {
            if (tokens.Is("weight_map"u8))
            {
                if (places is not null) throw tokens.Refused(tokens.At, "weight_map is there twice");
                places = ReadPlaces(ref tokens);
            }
            else if (tokens.Is("metadata"u8))
            {
                if (metadata) throw tokens.Refused(tokens.At, "metadata is there twice");
                metadata = true;
                (total, totalAt) = ReadTotal(ref tokens);
            }
            else
            {
                tokens.Next();   // libraries add members of their own, such as the type that most tensors have
                tokens.Skip();
            }
        }

        tokens.Next();   // throws if anything but blanks follows
        return new SafetensorsIndex(total, totalAt, places ?? throw tokens.Refused(json.Length, "it has no weight_map"));
    }

    /// <summary>Two blanks an indent, members sorted: as Hugging Face's libraries write it.</summary>
    public static byte[] Write(long totalBytes, IEnumerable<(string Tensor, string File)> places)
    {
        var output = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions { Encoder = CanonicalJson.Options.Encoder, Indented = true, IndentSize = 2, NewLine = "\n" };
        using (var json = new Utf8JsonWriter(output, options))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            json.WriteNumber("total_size", totalBytes);
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            foreach (var (tensor, file) in places.OrderBy(static place => place.Tensor, StringComparer.Ordinal))
                json.WriteString(tensor, file);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return [.. output.WrittenSpan, (byte)'\n'];
    }

    static List<SafetensorsPlace> ReadPlaces(ref JsonTokens tokens)
    {
        var places = new List<SafetensorsPlace>();
        var (names, files) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        tokens.Expect(JsonTokenType.StartObject, "weight_map");
        while (tokens.Until(JsonTokenType.EndObject))
        {
            var (tensor, at) = (tokens.Text("a tensor's name"), tokens.At);
            tokens.About(tensor);
            if (!names.Add(tensor)) throw tokens.Refused(at, "is there twice");
            if (names.Count > SafetensorsLimits.TensorsMax)
                throw tokens.Refused(at, $"there are more than {SafetensorsLimits.TensorsMax:N0} tensors");
            tokens.Next();
            var file = tokens.Text("file");
            if (!IsPlainName(file))
                throw tokens.Refused(
                    tokens.At,
                    $"is said to lie in \"{SafetensorsLimits.Shown(file)}\", which is no plain file name; " +
                    "files lie beside the index");
            if (!files.TryGetValue(file, out var known)) files.Add(known = file);   // one string for all tensors of a file
            places.Add(new SafetensorsPlace(tensor, known, at));
            tokens.About(null);
        }

        return places;
    }

    static (long? Total, long At) ReadTotal(ref JsonTokens tokens)
    {
        (long? total, var at) = (null, 0L);
        tokens.Expect(JsonTokenType.StartObject, "metadata");
        while (tokens.Until(JsonTokenType.EndObject))
        {
            var isTotal = tokens.Is("total_size"u8);
            if (isTotal && total is not null) throw tokens.Refused(tokens.At, "total_size is there twice");
            tokens.Next();
            if (!isTotal)
            {
                tokens.Skip();
                continue;
            }

            // Some libraries add up fractions of bytes and write the sum as 1234.0.
            at = tokens.At;
            total = tokens.WholeHoweverWritten()
                ?? throw tokens.Refused(at, $"total_size is {tokens.Described()}, expected a whole number of bytes");
        }

        return (total, at);
    }

    /// <summary>Neither a way out of the folder (a separator, "..", a drive) nor a hidden file.</summary>
    static bool IsPlainName(string file) =>
        file.Length is > 0 and <= FileNameLengthMax && file[0] != '.' && !file.AsSpan().ContainsAny('/', '\\', ':')
        && !file.Any(char.IsControl);
}
