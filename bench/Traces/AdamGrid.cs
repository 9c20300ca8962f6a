using System.Globalization;
using Lineage.Contracts.Format;

namespace Lineage.Bench.Traces;

/// <summary>Made-up AdamW states: learning rates times distances from the base, whole states and weights alone.</summary>
static class AdamGrid
{
    static readonly AdamSettings[] Settings = [new(3e-4f, 0.95f, 0x5EA1), new(3e-5f, 0.95f, 0x5EA2), new(3e-6f, 0.999f, 0x5EA3)];

    /// <summary>Distances at which the weights alone are a trace too, as reinforcement learning ships them.</summary>
    static readonly int[] WeightDistances = [1, 10];

    public static string Full(float rate) => $"adam lr={Text(rate)}";

    public static string Step(float rate, int distance) => string.Create(CultureInfo.InvariantCulture, $"{Full(rate)} k={distance}");

    public static string Weights(float rate, int distance) =>
        string.Create(CultureInfo.InvariantCulture, $"bf16 weights lr={Text(rate)} k={distance}");

    /// <summary>States live until the next trace is asked for, one learning rate at a time.</summary>
    /// <param name="wanted">Says of a trace's name whether it is asked for; a learning rate without any is not generated.</param>
    public static IEnumerable<Trace> Of(TraceSize size, Func<string, bool> wanted, Action<string> narrate)
    {
        foreach (var settings in Settings.Where(settings => Names(settings.LearningRate, size).Any(wanted)))
        {
            narrate($"generating lr {Text(settings.LearningRate)}, beta2 {settings.Beta2.ToString(CultureInfo.InvariantCulture)}");
            var states = States(size.Matrices, size.Side, settings, size.Distances);
            try
            {
                foreach (var trace in Traces(settings.LearningRate, size, states)) yield return trace;
            }
            finally
            {
                foreach (var state in states) state.Dispose();
            }
        }
    }

    /// <summary>Base and later states of the whole optimizer.</summary>
    public static MemoryTensors[] States(int matrices, int side, AdamSettings settings, IReadOnlyList<int> distances)
    {
        var names = Enumerable.Range(0, matrices).Select(static i => string.Create(CultureInfo.InvariantCulture, $"layers.{i}.weight"));
        var specs = names.SelectMany(name => MixedPrecision.Specs(name, side, side)).ToList();
        MemoryTensors[] states = [.. Enumerable.Range(0, distances.Count + 1).Select(_ => new MemoryTensors(specs))];
        Parallel.For(0, matrices, i => Generate(states, i, side, side, settings, distances));
        return states;
    }

    /// <summary>Fills one matrix of each state, the first of whose tensors is at <c>4 · matrix</c>.</summary>
    public static void Generate(
        MemoryTensors[] states, int matrix, int rows, int columns, AdamSettings settings, IReadOnlyList<int> distances)
    {
        var own = settings with { Seed = unchecked(settings.Seed + ((ulong)matrix << 32)) };
        var kept = AdamRun.Run(rows, columns, own, distances);
        for (var i = 0; i < states.Length; i++)
            MixedPrecision.Fill(states[i], matrix * MixedPrecision.TensorsPerMatrix, kept[i].Master, kept[i].ExpAvg, kept[i].ExpAvgSq);
    }

    static IEnumerable<string> Names(float rate, TraceSize size) =>
        size.Distances.Select(distance => Step(rate, distance)).Append(Full(rate))
            .Concat(size.Distances.Intersect(WeightDistances).Select(distance => Weights(rate, distance)));

    static IEnumerable<Trace> Traces(float rate, TraceSize size, MemoryTensors[] states)
    {
        yield return new Trace(Full(rate), states[0], Base: null, TraceKind.Generated);
        for (var i = 0; i < size.Distances.Count; i++)
            yield return new Trace(Step(rate, size.Distances[i]), states[i + 1], states[0], TraceKind.Generated);
        if (rate > 1e-4f) yield break;
        using var weights = WeightsOf(states[0]);
        foreach (var distance in WeightDistances.Intersect(size.Distances))
        {
            using var later = WeightsOf(states[size.Distances.Index().First(d => d.Item == distance).Index + 1]);
            if (distance == WeightDistances[0])
                yield return new Trace($"bf16 weights lr={Text(rate)}", weights, Base: null, TraceKind.Generated);
            yield return new Trace(Weights(rate, distance), later, weights, TraceKind.Generated);
        }
    }

    static MemoryTensors WeightsOf(MemoryTensors state) => state.Copy(
        static tensor => tensor.Role == TensorRole.Weight, static tensor => tensor with { CastOf = null });

    static string Text(float rate) => rate.ToString("0e-0", CultureInfo.InvariantCulture);
}
