namespace Lineage.Contracts.Format;

/// <summary>
/// Which tensors of a shard are context for others (docs/FORMAT.md, section 3.3). It follows from the tensor table alone, so writer and
/// reader agree without storing it.
/// </summary>
/// <param name="Masters">Per tensor the fp32 tensor that it is the cast of; -1 if none.</param>
/// <param name="SecondMoments">Per tensor the second moment beside it, if it is a first one; -1 if none.</param>
public sealed record TensorLinks(IReadOnlyList<int> Masters, IReadOnlyList<int> SecondMoments)
{
    public static TensorLinks Of(IReadOnlyList<TensorSpec> tensors)
    {
        var indices = Enumerable.Range(0, tensors.Count).ToList();
        var byName = indices.ToDictionary(i => tensors[i].Name, StringComparer.Ordinal);
        int[] masters = [.. indices.Select(i => tensors[i].CastOf is { } name && byName.TryGetValue(name, out var master)
            && IsCast(tensors[i], tensors[master]) ? master : -1)];
        // The n-th first moment belongs to the n-th second one: optimizers keep both in the order of the parameters.
        var seconds = new int[tensors.Count];
        Array.Fill(seconds, -1);
        var first = indices.Where(i => tensors[i].Role == TensorRole.ExpAvg);
        var second = indices.Where(i => tensors[i].Role == TensorRole.ExpAvgSq);
        foreach (var (m, v) in first.Zip(second))
            if (tensors[m].Dtype == tensors[v].Dtype && tensors[m].Sizes.SequenceEqual(tensors[v].Sizes)) seconds[m] = v;
        return new TensorLinks(masters, seconds);
    }

    static bool IsCast(TensorSpec weight, TensorSpec master) =>
        weight.Dtype is TensorDtype.BF16 or TensorDtype.F16 && master.Dtype == TensorDtype.F32 && weight.Sizes.SequenceEqual(master.Sizes);
}
