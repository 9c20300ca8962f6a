using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>One tensor of a layout, as every rank knows it alike.</summary>
public sealed record LayoutTensor(string Name, TensorDtype Dtype, IReadOnlyList<long> GlobalShape, TensorRole Role);

/// <summary>
/// The tensor layout of a whole checkpoint, without the rectangles of single ranks: these follow from <see cref="RowSplit"/>. Named by its
/// content (<see cref="LayoutDigest"/>), so it never changes and is told once.
/// </summary>
/// <param name="Format">Always <see cref="LayoutDigest.FormatName"/> for this version.</param>
/// <param name="WorldSize">Ranks of the world that saved.</param>
public sealed record TensorLayout(string Format, WorldSize WorldSize, IReadOnlyList<LayoutTensor> Tensors)
{
    public static TensorLayout Of(WorldSize worldSize, IEnumerable<TensorSpec> tensors) => new(
        LayoutDigest.FormatName, worldSize, [.. tensors.Select(static t => new LayoutTensor(t.Name, t.Dtype, t.GlobalShape, t.Role))]);

    public ContentHash Digest() => CanonicalJson.Digest(this);

    /// <summary>Null if the layout is well-formed; otherwise what is not.</summary>
    public string? Objection()
    {
        if (!string.Equals(Format, LayoutDigest.FormatName, StringComparison.Ordinal))
            return $"the format is \"{Format}\", this version knows {LayoutDigest.FormatName}.";
        if (WorldSize.Value < 1) return "the world has no ranks.";
        if (Tensors.Any(static t => t is not { Name: not null, GlobalShape: not null })) return "a tensor lacks a member.";
        return TensorTable.Objection(
            [.. Tensors.Select(static t => new TensorSpec(t.Name, t.Dtype, t.GlobalShape, new long[t.GlobalShape.Count], t.GlobalShape,
                t.Role))]);
    }
}
