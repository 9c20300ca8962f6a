namespace Lineage.Agents.Training;

/// <summary>One parameter: its name, its shape, how it begins and whether weight decay pulls on it.</summary>
/// <param name="InitialDeviation">Standard deviation of the normal it is drawn from; 0 for all <paramref name="InitialMean"/>.</param>
public sealed record ParameterSpec(string Name, long[] Shape, double InitialMean, double InitialDeviation, bool Decays)
{
    public long Rows => Shape[0];

    public long RowElements => Shape.Skip(1).Aggregate(1L, static (product, size) => checked(product * size));

    public long Elements => checked(Rows * RowElements);
}

/// <summary>
/// Size of the reference model, a byte-level decoder-only transformer (GPT-2's arrangement: pre-norm, learned positions, tied head).
/// The defaults give a step of about a tenth of a second for four ranks on two cores.
/// </summary>
/// <param name="Width">Width of the residual stream; a multiple of <paramref name="Heads"/>.</param>
/// <param name="Context">Bytes that a sample predicts.</param>
/// <param name="Dropout">Probability; above zero, so that the random generator is part of what a restore must bring back.</param>
public sealed record TransformerShape(int Width = 128, int Layers = 4, int Heads = 4, int Context = 64, double Dropout = 0.1)
{
    /// <summary>One symbol per byte value.</summary>
    public const int Vocabulary = 256;

    /// <summary>Null if such a model can be built; otherwise what is wrong with which field.</summary>
    public string? Objection() => this switch
    {
        { Width: < 1 or > 16_384 } => $"width is {Width}; allowed are 1-16,384.",
        { Layers: < 0 or > 1_000 } => $"layers is {Layers}; allowed are 0-1,000.",
        { Heads: < 1 } => $"heads is {Heads}; at least 1 is needed.",
        { Context: < 1 or > 65_536 } => $"context is {Context}; allowed are 1-65,536 bytes.",
        { Dropout: < 0 or >= 1 } => $"dropout is {Dropout}; allowed are 0 to below 1.",
        _ when Width % Heads != 0 => $"width {Width} is no multiple of heads {Heads}.",
        _ => null,
    };

    /// <summary>Every parameter, in the order in which state is laid out. Scaled initialisation as in GPT-2, section 2.3.</summary>
    public IReadOnlyList<ParameterSpec> Parameters()
    {
        const double deviation = 0.02;
        var residual = deviation / Math.Sqrt(2.0 * Math.Max(1, Layers));
        List<ParameterSpec> all =
        [
            new("embedding.weight", [Vocabulary, Width], 0, deviation, Decays: true),
            new("position.weight", [Context, Width], 0, deviation, Decays: true),
        ];
        for (var layer = 0; layer < Layers; layer++)
        {
            var block = $"blocks.{layer}.";
            all.AddRange(
            [
                Gain($"{block}norm1.weight"), Bias($"{block}norm1.bias", Width),
                new($"{block}attention.input.weight", [3L * Width, Width], 0, deviation, Decays: true),
                Bias($"{block}attention.input.bias", 3 * Width),
                new($"{block}attention.output.weight", [Width, Width], 0, residual, Decays: true),
                Bias($"{block}attention.output.bias", Width),
                Gain($"{block}norm2.weight"), Bias($"{block}norm2.bias", Width),
                new($"{block}mlp.input.weight", [4L * Width, Width], 0, deviation, Decays: true),
                Bias($"{block}mlp.input.bias", 4 * Width),
                new($"{block}mlp.output.weight", [Width, 4L * Width], 0, residual, Decays: true),
                Bias($"{block}mlp.output.bias", Width),
            ]);
        }

        all.AddRange([Gain("norm.weight"), Bias("norm.bias", Width)]);
        return all;
    }

    ParameterSpec Gain(string name) => new(name, [Width], 1, 0, Decays: false);

    static ParameterSpec Bias(string name, int size) => new(name, [size], 0, 0, Decays: false);
}
