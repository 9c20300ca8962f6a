using System.Globalization;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Safetensors;

/// <summary>Puts the tensors of all ranks of a checkpoint together to whole ones.</summary>
public static class TensorMerge
{
    const int BufferBytes = 1 << 20;

    /// <summary>
    /// A tensor that is cut across ranks becomes one. One that every rank holds whole becomes one if all have the same bytes; otherwise
    /// it is a rank's own (its generator, say) and each is kept as <c>rank-00000.name</c>.
    /// </summary>
    /// <param name="ranks">In rank order; read through to compare what is replicated.</param>
    /// <exception cref="ShardLayoutException">The pieces of a tensor do not cover it exactly once, or ranks disagree about its type or
    /// shape.</exception>
    public static IReadOnlyList<SafetensorsTensor> Of(IReadOnlyList<ITensorBytes> ranks)
    {
        var merged = new List<SafetensorsTensor>();
        var holders =
            ranks.SelectMany(
                static (source, rank) => source.Tensors.Select((spec, index) => (Rank: rank, Source: source, Spec: spec, Index: index)));
        foreach (var group in holders.GroupBy(static h => h.Spec.Name, StringComparer.Ordinal))
        {
            var first = group.First().Spec;
            if (group.FirstOrDefault(
                h => h.Spec.Dtype != first.Dtype || !h.Spec.GlobalShape.SequenceEqual(first.GlobalShape)) is { Spec: { } other })
                throw new ShardLayoutException(
                    $"Ranks disagree about tensor \"{first.Name}\": {Text(first)} and {Text(other)}. Nothing was written.");
            var pieces = group.Select(static h => new TensorPiece(h.Source, h.Index, h.Spec.Offsets, h.Spec.Sizes)).ToList();
            var replicated = pieces.All(p => Enumerable.Range(0, first.GlobalShape.Count).All(d => p.Covers(d, first.GlobalShape)));
            if (!replicated)
                merged.Add(
                    new SafetensorsTensor(first.Name, first.Dtype, first.GlobalShape, [.. pieces.Where(static p => p.Elements > 0)]));
            else if (pieces.All(p => SameBytes(pieces[0], p, first.Bytes)))
                merged.Add(SafetensorsTensor.Whole(pieces[0].Source, pieces[0].Tensor));
            else
                merged.AddRange(
                    group.Select(
                        static h =>
                            SafetensorsTensor.Whole(h.Source, h.Index) with { Name = $"{FileStem(new Rank(h.Rank))}.{h.Spec.Name}" }));
        }

        if (merged.Select(static t => t.Objection()).FirstOrDefault(static o => o is not null) is { } objection)
            throw new ShardLayoutException($"The ranks' tensors cannot be put together: {objection} Nothing was written.");
        return merged;
    }

    /// <summary>What files and tensors that belong to one rank are called: <c>rank-00000</c>.</summary>
    public static string FileStem(Rank rank) => string.Create(CultureInfo.InvariantCulture, $"rank-{rank.Value:00000}");

    static bool SameBytes(TensorPiece left, TensorPiece right, long length)
    {
        if (ReferenceEquals(left, right)) return true;
        var (a, b) = (new byte[Math.Min(length, BufferBytes)], new byte[Math.Min(length, BufferBytes)]);
        for (var offset = 0L; offset < length; offset += a.Length)
        {
            var take = (int)Math.Min(a.Length, length - offset);
            left.Source.Read(left.Tensor, offset, a.AsSpan(0, take));
            right.Source.Read(right.Tensor, offset, b.AsSpan(0, take));
            if (!a.AsSpan(0, take).SequenceEqual(b.AsSpan(0, take))) return false;
        }

        return true;
    }

    static string Text(TensorSpec spec) => $"{spec.Dtype}[{string.Join(", ", spec.GlobalShape)}]";
}
