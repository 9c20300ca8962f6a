using System.Text.Json;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Safetensors;

/// <summary>
/// The header of a safetensors file, to the letter of the format's README and as strict as its reference reader: an object that begins
/// with the very first byte, names each tensor once and gives exactly dtype, shape and data_offsets.
/// </summary>
/// <remarks>
/// Where the reference reader is more lenient than the README, the README holds: blanks before the first brace, a member that is repeated
/// or unknown, and <c>__metadata__</c> that is null are refused. Memory: the header, its names as UTF-16, and about 300 bytes a tensor.
/// </remarks>
ref struct HeaderParser
{
    /// <summary>Whole tensors begin at zero in every dimension; one list for all of the same rank.</summary>
    static readonly long[][] Zeros = [.. Enumerable.Range(0, SafetensorsLimits.DimensionsMax + 1).Select(static rank => new long[rank])];

    static readonly Dictionary<string, TensorDtype> Dtypes =
        Enum.GetValues<TensorDtype>().ToDictionary(static dtype => dtype.ToString(), StringComparer.Ordinal);

    readonly List<SafetensorsEntry> entries = [];
    readonly HashSet<string> names = new(StringComparer.Ordinal);
    readonly long[] shape = new long[SafetensorsLimits.DimensionsMax];
    Dictionary<string, string>? metadata;
    JsonTokens tokens;

    HeaderParser(ReadOnlySpan<byte> json, string file) => tokens = new JsonTokens(json, file, SafetensorsHeader.FixedBytes, "header");

    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long fileLength, string file)
    {
        if (json is not [(byte)'{', ..])
            throw new ShardFormatException(
                file, SafetensorsHeader.FixedBytes,
                $"the header begins with {(json.IsEmpty ? "nothing" : $"byte 0x{json[0]:x2}")}, expected '{{'.");
        var parser = new HeaderParser(json, file);
        parser.Run();
        return SafetensorsHeader.Of(
            parser.entries, parser.metadata ?? new Dictionary<string, string>(StringComparer.Ordinal),
            SafetensorsHeader.FixedBytes + json.Length, fileLength, file);
    }

    void Run()
    {
        tokens.Expect(JsonTokenType.StartObject, "it");
        while (tokens.Until(JsonTokenType.EndObject))
            if (tokens.Is("__metadata__"u8)) ReadMetadata();
            else ReadTensor();
        tokens.Next();   // throws if anything but blanks follows
    }

    void ReadMetadata()
    {
        if (metadata is not null) throw tokens.Refused(tokens.At, "__metadata__ is there twice");
        metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        tokens.Expect(JsonTokenType.StartObject, "__metadata__");
        while (tokens.Until(JsonTokenType.EndObject))
        {
            var (name, at) = (tokens.Text("a name in __metadata__"), tokens.At);
            if (metadata.Count == SafetensorsLimits.MetadataMembersMax)
                throw tokens.Refused(at, $"__metadata__ has more than {SafetensorsLimits.MetadataMembersMax:N0} members");
            tokens.Next();
            if (!metadata.TryAdd(name, tokens.Text("a value in __metadata__")))
                throw tokens.Refused(at, $"__metadata__ names \"{SafetensorsLimits.Shown(name)}\" twice");
        }
    }

    void ReadTensor()
    {
        var (name, at) = (tokens.Text("a tensor's name"), tokens.At);
        if (entries.Count == SafetensorsLimits.TensorsMax)
            throw tokens.Refused(at, $"there are more than {SafetensorsLimits.TensorsMax:N0} tensors");
        tokens.About(name);
        if (!names.Add(name)) throw tokens.Refused(at, "is there twice");
        tokens.Expect(JsonTokenType.StartObject, "entry");
        (TensorDtype? dtype, long[]? sizes, (long Begin, long End, long At)? offsets) = (null, null, null);
        while (tokens.Until(JsonTokenType.EndObject))
            if (dtype is null && tokens.Is("dtype"u8)) dtype = ReadDtype();
            else if (sizes is null && tokens.Is("shape"u8)) sizes = ReadShape();
            else if (offsets is null && tokens.Is("data_offsets"u8)) offsets = ReadOffsets();
            else throw OddMember();
        if (dtype is not { } type || sizes is null || offsets is not { } range)
            throw tokens.Refused(at, $"lacks {(dtype is null ? "dtype" : sizes is null ? "shape" : "data_offsets")}");
        CheckSize(at, type, sizes, range.Begin, range.End);
        var spec = new TensorSpec(name, type, sizes, Zeros[sizes.Length], sizes, TensorRole.Opaque);
        entries.Add(new SafetensorsEntry(spec, range.Begin, range.End, at, range.At));
        tokens.About(null);
    }

    readonly ShardFormatException OddMember()
    {
        var member = SafetensorsLimits.Shown(tokens.Text("member"));
        var why = member is "dtype" or "shape" or "data_offsets" ? "repeated" : "unknown";
        return tokens.Refused(tokens.At, $"has the {why} member \"{member}\"");
    }

    TensorDtype ReadDtype()
    {
        tokens.Next();
        var text = tokens.Text("dtype");
        return Dtypes.TryGetValue(text, out var dtype)
            ? dtype
            : throw tokens.Refused(tokens.At, $"has the unknown type \"{SafetensorsLimits.Shown(text)}\"");
    }

    long[] ReadShape()
    {
        tokens.Expect(JsonTokenType.StartArray, "shape");
        var rank = 0;
        while (tokens.Until(JsonTokenType.EndArray))
        {
            if (rank == shape.Length) throw tokens.Refused(tokens.At, $"has more than {shape.Length} dimensions");
            shape[rank++] = tokens.Whole("dimension");
        }

        return shape[..rank];
    }

    (long Begin, long End, long At) ReadOffsets()
    {
        tokens.Expect(JsonTokenType.StartArray, "data_offsets");
        tokens.Next();
        var (begin, at) = (tokens.Whole("begin of data_offsets"), tokens.At);
        tokens.Next();
        var end = tokens.Whole("end of data_offsets");
        tokens.Expect(JsonTokenType.EndArray, "what follows the two data_offsets");
        return end >= begin ? (begin, end, at) : throw tokens.Refused(at, $"ends at {end:N0}, before it begins at {begin:N0}");
    }

    readonly void CheckSize(long at, TensorDtype dtype, long[] sizes, long begin, long end)
    {
        long bits;
        try
        {
            // Dimension by dimension, as the reference does it: a zero behind an overflow does not heal it.
            bits = checked(sizes.Aggregate(1L, static (product, size) => checked(product * size)) * dtype.Bits());
        }
        catch (OverflowException)
        {
            throw tokens.Refused(at, $"of shape [{string.Join(", ", sizes)}] has 2^63 bits or more");
        }

        if (bits % 8 != 0)
            throw tokens.Refused(at, $"has {bits / dtype.Bits():N0} elements of {dtype}, which do not fill whole bytes");
        if (bits / 8 != end - begin)
            throw tokens.Refused(
                at, $"takes {bits / 8:N0} bytes by dtype and shape, {end - begin:N0} by its data_offsets");
    }
}
