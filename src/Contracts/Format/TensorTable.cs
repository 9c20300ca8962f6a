using System.Text;
using System.Text.Json;

namespace Lineage.Contracts.Format;

/// <summary>A shard's list of tensors: canonical JSON of <see cref="TensorSpec"/>, in the order of the capture (docs/FORMAT.md, section
/// 3.5).</summary>
public static class TensorTable
{
    /// <summary>So that sizes in bits stay below 2^63 whatever the type.</summary>
    const long ElementsMax = 1L << 56;

    static readonly JsonSerializerOptions Strict = new(CanonicalJson.Options) { RespectNullableAnnotations = true };

    public static byte[] Write(IReadOnlyList<TensorSpec> tensors) => CanonicalJson.Write(tensors);

    /// <param name="offset">Where the table begins in the file; for messages.</param>
    public static IReadOnlyList<TensorSpec> Read(ReadOnlySpan<byte> json, string file, long offset)
    {
        List<TensorSpec>? tensors;
        try
        {
            tensors = JsonSerializer.Deserialize<List<TensorSpec>>(json, Strict);
        }
        catch (JsonException e)
        {
            throw new ShardFormatException(file, offset, $"the tensor table cannot be read: {e.Message}");
        }

        if (tensors is null) throw new ShardFormatException(file, offset, "the tensor table is null.");
        if (Objection(tensors) is { } objection) throw new ShardFormatException(file, offset, $"the tensor table is refused: {objection}");
        if (!Write(tensors).AsSpan().SequenceEqual(json))
            throw new ShardFormatException(
                file, offset, "the tensor table is not in canonical form, or has members that this version does not know.");
        return tensors;
    }

    /// <summary>Null if the layout can be stored; otherwise which tensor breaks which rule.</summary>
    public static string? Objection(IReadOnlyList<TensorSpec> tensors)
    {
        if (tensors.Count > ShardLimits.TensorsMax)
            return $"it has {tensors.Count:N0} tensors, at most {ShardLimits.TensorsMax:N0} are allowed.";
        var names = new HashSet<string>(tensors.Count, StringComparer.Ordinal);
        for (var i = 0; i < tensors.Count; i++)
        {
            if (tensors[i] is not { Name: not null, GlobalShape: not null, Offsets: not null, Sizes: not null } tensor)
                return $"tensor {i:N0} lacks a member.";
            if (ObjectionTo(tensor) is { } objection) return $"tensor {i:N0} {objection}";
            if (!names.Add(tensor.Name)) return $"tensor {i:N0} repeats the name \"{tensor.Name}\".";
        }

        var orphan =
            tensors.FirstOrDefault(
                t => t.CastOf is not null && (!names.Contains(t.CastOf) || string.Equals(t.CastOf, t.Name, StringComparison.Ordinal)));
        return orphan is null
            ? null
            : $"\"{orphan.Name}\" is said to be the cast of \"{orphan.CastOf}\", which is no other tensor of the table.";
    }

    /// <summary>True if both have the same tensors of the same type and the same rectangle, in the same order: differences between them
    /// make sense.</summary>
    public static bool SameRectangles(IReadOnlyList<TensorSpec> left, IReadOnlyList<TensorSpec> right) =>
        left.Count == right.Count && left.Zip(right).All(static pair => SameRectangle(pair.First, pair.Second));

    static bool SameRectangle(TensorSpec left, TensorSpec right) =>
        string.Equals(left.Name, right.Name, StringComparison.Ordinal) && left.Dtype == right.Dtype
        && left.GlobalShape.SequenceEqual(right.GlobalShape) && left.Offsets.SequenceEqual(right.Offsets)
            && left.Sizes.SequenceEqual(right.Sizes);

    static string? ObjectionTo(TensorSpec tensor)
    {
        if (tensor.Name.Length is 0 or > ShardLimits.TensorNameBytesMax
            || Encoding.UTF8.GetByteCount(tensor.Name) > ShardLimits.TensorNameBytesMax)
            return $"has a name of {tensor.Name.Length:N0} characters; allowed are 1-{ShardLimits.TensorNameBytesMax:N0} bytes of UTF-8.";
        if (!string.Equals(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(tensor.Name)), tensor.Name, StringComparison.Ordinal))
            return "has half a surrogate pair in its name.";
        if (tensor.Name.Any(char.IsControl)) return "has a control character in its name.";
        if (!Enum.IsDefined(tensor.Dtype) || !Enum.IsDefined(tensor.Role)) return $"\"{tensor.Name}\" has an unknown type or role.";
        var rank = tensor.GlobalShape.Count;
        if (rank > ShardLimits.DimensionsMax || tensor.Offsets.Count != rank || tensor.Sizes.Count != rank)
            return $"\"{tensor.Name}\" has {rank}/{tensor.Offsets.Count}/{tensor.Sizes.Count} dimensions (shape/offsets/sizes); " +
                $"they must agree and be at most {ShardLimits.DimensionsMax}.";
        var elements = 1L;
        for (var d = 0; d < rank; d++)
        {
            var (whole, offset, size) = (tensor.GlobalShape[d], tensor.Offsets[d], tensor.Sizes[d]);
            if (whole < 0 || offset < 0 || size < 0 || offset > whole || size > whole - offset)
                return $"\"{tensor.Name}\" has the rectangle {offset:N0}+{size:N0} of {whole:N0} in dimension {d}.";
            if (whole > CanonicalJson.WholeNumberMax)
                return $"\"{tensor.Name}\" has {whole:N0} elements in dimension {d}; JSON has no such number.";
            if (Math.Max(1, whole) > ElementsMax / elements) return $"\"{tensor.Name}\" has more than 2^56 elements.";
            elements *= Math.Max(1, whole);
        }

        return tensor.Elements * tensor.Dtype.Bits() % 8 == 0
            ? null
            : $"\"{tensor.Name}\": {tensor.Elements:N0} elements of {tensor.Dtype} do not fill whole bytes.";
    }
}
