using System.Text;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Safetensors;

/// <summary>A rectangle of a tensor and where its bytes come from.</summary>
/// <param name="Source">Holds the rectangle packed and row-major.</param>
/// <param name="Tensor">Index into the source's tensors.</param>
public sealed record TensorPiece(ITensorBytes Source, int Tensor, IReadOnlyList<long> Offsets, IReadOnlyList<long> Sizes)
{
    public long Elements => Sizes.Aggregate(1L, static (product, size) => checked(product * size));

    public bool Covers(int dimension, IReadOnlyList<long> shape) => Offsets[dimension] == 0 && Sizes[dimension] == shape[dimension];

    public bool Overlaps(TensorPiece other)
    {
        for (var d = 0; d < Sizes.Count; d++)
            if (Offsets[d] + Sizes[d] <= other.Offsets[d] || other.Offsets[d] + other.Sizes[d] <= Offsets[d]) return false;
        return true;
    }
}

/// <summary>One tensor of a safetensors file, put together from rectangles that cover it exactly once.</summary>
public sealed record SafetensorsTensor(string Name, TensorDtype Dtype, IReadOnlyList<long> Shape, IReadOnlyList<TensorPiece> Pieces)
{
    public const string MetadataName = "__metadata__";

    /// <summary>A whole tensor from one source.</summary>
    public static SafetensorsTensor Whole(ITensorBytes source, int tensor)
    {
        var spec = source.Tensors[tensor];
        return new SafetensorsTensor(
            spec.Name, spec.Dtype, spec.Sizes, [new TensorPiece(source, tensor, new long[spec.Sizes.Count], spec.Sizes)]);
    }

    public long Elements => Shape.Aggregate(1L, static (product, size) => checked(product * size));

    public long Bytes => checked(Elements * Dtype.Bits()) / 8;

    /// <summary>Null if the tensor can be written; otherwise what is wrong with it. What a reader would refuse is not written.</summary>
    public string? Objection()
    {
        if (Name.Length == 0 || string.Equals(Name, MetadataName, StringComparison.Ordinal)) return $"\"{Name}\" cannot name a tensor.";
        if (!HasUtf8(Name)) return $"\"{Name}\" has half a surrogate pair in its name.";
        if (!Enum.IsDefined(Dtype)) return $"\"{Name}\" has the unknown type {Dtype}.";
        if (Shape.Count > SafetensorsLimits.DimensionsMax)
            return $"\"{Name}\" has {Shape.Count} dimensions, at most {SafetensorsLimits.DimensionsMax} are allowed.";
        return Shape.Any(static size => size < 0) ? $"\"{Name}\" has a negative size." : SizeObjection() ?? PieceObjection();
    }

    /// <summary>Whether the text has a UTF-8 form: no half of a surrogate pair.</summary>
    internal static bool HasUtf8(string text)
    {
        foreach (var rune in text.EnumerateRunes())
            if (rune == Rune.ReplacementChar)   // itself, or what stands for a lone half
                return string.Equals(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)), text, StringComparison.Ordinal);
        return true;
    }

    string? SizeObjection()
    {
        try
        {
            return checked(Elements * Dtype.Bits()) % 8 == 0
                ? null
                : $"\"{Name}\": {Elements:N0} elements of {Dtype} do not fill whole bytes.";
        }
        catch (OverflowException)
        {
            return $"\"{Name}\" of shape [{string.Join(", ", Shape)}] has 2^63 bits or more.";
        }
    }

    string? PieceObjection()
    {
        if (Pieces.FirstOrDefault(p => p.Elements * Dtype.Bits() % 8 != 0 || (Dtype.Bits() < 8 && Pieces.Count > 1)) is not null)
            return $"\"{Name}\": a tensor of {Dtype} cannot be put together from pieces.";
        var covered = Pieces.Sum(static p => p.Elements);
        if (covered != Elements)
            return $"\"{Name}\": its pieces have {covered:N0} elements, the tensor has {Elements:N0}; some ranks are missing or repeated.";
        for (var i = 0; i < Pieces.Count; i++)
            for (var j = 0; j < i; j++)
                if (Pieces[i].Overlaps(Pieces[j])) return $"\"{Name}\": pieces {j} and {i} overlap.";
        return null;
    }

    /// <summary>The runs of bytes that make up the tensor, front to back.</summary>
    internal IEnumerable<(TensorPiece Piece, long ByteOffset, long Length)> Runs() => Elements == 0
        ? []
        : Runs(0, [.. Pieces.Where(static p => p.Elements > 0)], new long[Shape.Count]).Select(Locate);

    /// <summary>A run of whole rows of one piece where possible; otherwise cut along this dimension and deeper.</summary>
    IEnumerable<(TensorPiece Piece, long[] At, long Elements)> Runs(int dimension, TensorPiece[] pieces, long[] at)
    {
        if (dimension == Shape.Count)
        {
            yield return (pieces[0], at, 1);
            yield break;
        }

        long[] cuts =
            [.. pieces.SelectMany(p => new[] { p.Offsets[dimension], p.Offsets[dimension] + p.Sizes[dimension] }).Distinct().Order()];
        foreach (var (from, to) in cuts.Zip(cuts.Skip(1)))
        {
            var here = pieces.Where(p => p.Offsets[dimension] <= from && from < p.Offsets[dimension] + p.Sizes[dimension]).ToArray();
            var inner = Shape.Skip(dimension + 1).Aggregate(1L, static (product, size) => product * size);
            if (here is [var only] && Enumerable.Range(dimension + 1, Shape.Count - dimension - 1).All(d => only.Covers(d, Shape)))
            {
                yield return (only, [.. at[..dimension], from, .. new long[Shape.Count - dimension - 1]], (to - from) * inner);
                continue;
            }

            for (var index = from; index < to; index++)
                foreach (var run in Runs(dimension + 1, here, [.. at[..dimension], index, .. at[(dimension + 1)..]])) yield return run;
        }
    }

    (TensorPiece Piece, long ByteOffset, long Length) Locate((TensorPiece Piece, long[] At, long Elements) run)
    {
        var element = 0L;
        for (var d = 0; d < Shape.Count; d++) element = (element * run.Piece.Sizes[d]) + run.At[d] - run.Piece.Offsets[d];
        return (run.Piece, element * Dtype.Bits() / 8, run.Elements * Dtype.Bits() / 8);
    }
}
