using static TorchSharp.torch;

namespace Lineage.Agents.Training;

/// <summary>Settings of the optimizer.</summary>
/// <param name="WarmupSteps">The rate rises linearly over this many steps.</param>
public sealed record AdamWSettings(
    double LearningRate = 1e-3, double Beta1 = 0.9, double Beta2 = 0.95, double Epsilon = 1e-8, double WeightDecay = 0.1,
    int WarmupSteps = 20);

/// <summary>
/// AdamW (Loshchilov and Hutter, arXiv:1711.05101) on the rows that this rank owns and on nothing else (ZeRO stage 1). Weights and both
/// moments are three packed vectors in one layout, so that a step is a handful of operations and a capture three copies.
/// </summary>
public sealed class ShardedAdamW : IDisposable
{
    readonly AdamWSettings settings;
    readonly Tensor decays;

    public ShardedAdamW(AdamWSettings settings, IReadOnlyList<ParameterSpec> parameters, OwnedRows owned)
    {
        this.settings = settings;
        Weights = Vector(owned.Elements);
        ExpAvg = Vector(owned.Elements);
        ExpAvgSq = Vector(owned.Elements);
        Gradients = Vector(owned.Elements);
        decays = Vector(owned.Elements);
        foreach (var piece in owned.Pieces.Where(p => parameters[p.Parameter].Decays && p.Bytes > 0))
        {
            using var slice = decays.narrow(0, piece.PackedByte / OwnedRows.ElementBytes, piece.Bytes / OwnedRows.ElementBytes);
            slice.fill_(settings.WeightDecay);
        }
    }

    /// <summary>The owned rows of every weight, packed. These are the master copy; whole weights elsewhere are replicas.</summary>
    public Tensor Weights { get; }

    public Tensor ExpAvg { get; }

    public Tensor ExpAvgSq { get; }

    /// <summary>Mean gradient of the owned rows; the caller fills it before each step.</summary>
    public Tensor Gradients { get; }

    /// <param name="step">Number of this step, 1 for the first.</param>
    public void Apply(long step)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var rate = settings.LearningRate * Math.Min(1.0, step / (double)Math.Max(1, settings.WarmupSteps));
        Weights.sub_(Weights * decays * rate);
        ExpAvg.mul_(settings.Beta1).add_(Gradients, alpha: 1 - settings.Beta1);
        ExpAvgSq.mul_(settings.Beta2).addcmul_(Gradients, Gradients, 1 - settings.Beta2);
        var denominator = ExpAvgSq.sqrt().div_(Math.Sqrt(1 - Math.Pow(settings.Beta2, step))).add_(settings.Epsilon);
        Weights.addcdiv_(ExpAvg, denominator, -rate / (1 - Math.Pow(settings.Beta1, step)));
    }

    static Tensor Vector(int elements) => zeros(elements, dtype: ScalarType.Float32).DetachFromDisposeScope();

    public void Dispose()
    {
        foreach (var vector in (Tensor[])[Weights, ExpAvg, ExpAvgSq, Gradients, decays]) vector.Dispose();
    }
}
