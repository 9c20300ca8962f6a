using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Lineage.Agents.Training;

/// <summary>
/// The reference model: whole weights of one rank, forward pass and gradients. Deterministic for equal weights, batch and state of the
/// random generator: one thread, and no operation whose order of additions may vary.
/// </summary>
public sealed class Transformer : IDisposable
{
    const int PerBlock = 12;
    const double NormEpsilon = 1e-5;

    readonly TransformerShape shape;
    readonly Tensor[] weights;
    readonly Tensor positions;

    /// <param name="seed">Every rank begins with the same weights, so they all take the same seed here.</param>
    public Transformer(TransformerShape shape, long seed)
    {
        this.shape = shape;
        random.manual_seed(seed);
        weights = [.. shape.Parameters().Select(Initial)];
        positions = arange(shape.Context, dtype: ScalarType.Int64).DetachFromDisposeScope();
    }

    /// <summary>All weights, in the order of <see cref="TransformerShape.Parameters"/>; contiguous fp32.</summary>
    public IReadOnlyList<Tensor> Weights => weights;

    static Tensor Initial(ParameterSpec spec)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var value = randn(spec.Shape, dtype: ScalarType.Float32).mul_(spec.InitialDeviation).add_(spec.InitialMean);
        return value.contiguous().requires_grad_(true).MoveToOuterDisposeScope();
    }

    /// <summary>Mean loss of a batch and its gradients, in the order of the weights; the caller disposes of them.</summary>
    /// <param name="batch">Samples one after another, each context + 1 bytes.</param>
    public (double Loss, IReadOnlyList<Tensor> Gradients) LossAndGradients(ReadOnlySpan<byte> batch)
    {
        var length = shape.Context + 1;
        var samples = batch.Length / length;
        var symbols = new long[batch.Length];
        for (var i = 0; i < batch.Length; i++) symbols[i] = batch[i];

        using var scope = NewDisposeScope();
        var all = tensor(symbols, [samples, length]);
        var inputs = all.narrow(1, 0, shape.Context).reshape(-1);
        var targets = all.narrow(1, 1, shape.Context).reshape(-1);
        var loss = F.cross_entropy(Logits(inputs, samples), targets);
        var gradients = autograd.grad([loss], weights);
        return (loss.ToDouble(), [.. gradients.Select(g => g.contiguous().MoveToOuterDisposeScope())]);
    }

    Tensor Logits(Tensor inputs, int samples)
    {
        var embedded = weights[0].index_select(0, inputs).view(samples, shape.Context, shape.Width);
        var stream = Drop(embedded + weights[1].index_select(0, positions));
        for (var block = 0; block < shape.Layers; block++)
        {
            var w = weights.AsSpan(2 + block * PerBlock, PerBlock);
            stream = stream + Drop(F.linear(Attention(Norm(stream, w[0], w[1]), w[2], w[3], samples), w[4], w[5]));
            stream = stream + Drop(F.linear(F.gelu(F.linear(Norm(stream, w[6], w[7]), w[8], w[9])), w[10], w[11]));
        }

        var normed = Norm(stream, weights[^2], weights[^1]);
        return F.linear(normed, weights[0]).view(-1, TransformerShape.Vocabulary);
    }

    Tensor Attention(Tensor stream, Tensor weight, Tensor bias, int samples)
    {
        var headWidth = shape.Width / shape.Heads;
        var split = F.linear(stream, weight, bias).view(samples, shape.Context, 3, shape.Heads, headWidth).permute(2, 0, 3, 1, 4);
        var mixed = F.scaled_dot_product_attention(split[0], split[1], split[2], is_casual: true);
        return mixed.transpose(1, 2).reshape(samples, shape.Context, shape.Width);
    }

    Tensor Norm(Tensor stream, Tensor gain, Tensor bias) => F.layer_norm(stream, [shape.Width], gain, bias, NormEpsilon);

    Tensor Drop(Tensor stream) => shape.Dropout > 0 ? F.dropout(stream, shape.Dropout, training: true) : stream;

    public void Dispose()
    {
        foreach (var weight in weights) weight.Dispose();
        positions.Dispose();
    }
}
