using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lineage.Bench.Traces;

/// <param name="LearningRate">Constant.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Seed">The same seed gives the same bits on every machine.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct AdamSettings(float LearningRate, float Beta2, ulong Seed)
{
    public const float Beta1 = 0.9f, WeightDecay = 0.1f, Epsilon = 1e-8f, WeightDeviation = 0.02f, ScaleSigma = 0.7f;

    /// <summary>Part of each element's gradient that is the same at every step, as a share of its noise.</summary>
    public const float Persistent = 0.05f;

    /// <summary>Gradients of a median row and column; far above epsilon, as in real runs.</summary>
    public const float GradientScale = 1e-4f;
}

/// <summary>The optimizer's view of one matrix at one step, row-major.</summary>
sealed record AdamSnapshot(float[] Master, float[] ExpAvg, float[] ExpAvgSq);

/// <summary>
/// AdamW in fp32 on one matrix with made-up gradients: noise whose scale is the product of a lognormal row and a lognormal column factor,
/// and a small persistent part. Elements do not depend on each other, so eight of them run through all steps in registers.
/// Only + - * / and square roots in a fixed order: the bits do not depend on the machine.
/// </summary>
/// <remarks>
/// Moments begin as draws from their stationary distributions (both are sums of exponentially weighted draws), because a decay of 0.999
/// takes long to forget its start. The warm-up correlates them with each other and lets the weights drift apart from their initial values,
/// which matters at high learning rates: larger weights have coarser last places, and their differences fewer bits.
/// </remarks>
static class AdamRun
{
    public const int WarmupSteps = 1_500;
    const int Lanes = 8;

    /// <param name="steps">Distances from the base at which the state is kept, ascending.</param>
    /// <returns>The base, then the state after each distance.</returns>
    public static AdamSnapshot[] Run(int rows, int columns, AdamSettings settings, IReadOnlyList<int> steps)
    {
        var elements = checked(rows * columns);
        if (elements % Lanes != 0) throw new ArgumentException($"{elements} elements are no multiple of {Lanes}.", nameof(columns));
        var start = Start(rows, columns, settings);
        var kept = new AdamSnapshot[steps.Count + 1];
        for (var i = 0; i < kept.Length; i++) kept[i] = new AdamSnapshot(new float[elements], new float[elements], new float[elements]);
        for (var at = 0; at < elements; at += Lanes) RunLanes(at, start, settings, steps, kept);
        return kept;
    }

    static void RunLanes(int at, StartValues start, AdamSettings settings, IReadOnlyList<int> steps, AdamSnapshot[] kept)
    {
        var noise = new LaneNoise(settings.Seed, at);
        var scale = Vector256.Create<float>(start.Scale.AsSpan(at));
        var drift = Vector256.Create<float>(start.Drift.AsSpan(at)) * scale;
        var w = Vector256.Create<float>(start.Master.AsSpan(at));
        var m = Vector256.Create<float>(start.ExpAvg.AsSpan(at));
        var v = Vector256.Create<float>(start.ExpAvgSq.AsSpan(at));
        var (done, decay) = (-WarmupSteps, 1 - (settings.LearningRate * AdamSettings.WeightDecay));
        for (var keep = 0; keep < kept.Length; keep++)
        {
            for (var until = keep == 0 ? 0 : steps[keep - 1]; done < until; done++)
            {
                var g = (scale * noise.Next()) + drift;
                m = (m * AdamSettings.Beta1) + (g * (1 - AdamSettings.Beta1));
                v = (v * settings.Beta2) + (g * g * (1 - settings.Beta2));
                w = (w * decay) - (settings.LearningRate * m / (Vector256.Sqrt(v) + Vector256.Create(AdamSettings.Epsilon)));
            }

            w.CopyTo(kept[keep].Master, at);
            m.CopyTo(kept[keep].ExpAvg, at);
            v.CopyTo(kept[keep].ExpAvgSq, at);
        }
    }

    static StartValues Start(int rows, int columns, AdamSettings settings)
    {
        var normal = new NormalDraws(settings.Seed);
        var rowScale = normal.Lognormal(rows, AdamSettings.ScaleSigma);
        var columnScale = normal.Lognormal(columns, AdamSettings.ScaleSigma);
        var start = new StartValues(rows * columns);
        // Var m = s² (1-b1)/(1+b1) around the drift; v has mean s² and relative variance 2 (1-b2)/(1+b2).
        var firstDeviation = MathF.Sqrt((1 - AdamSettings.Beta1) / (1 + AdamSettings.Beta1));
        var secondDeviation = MathF.Sqrt(2 * (1 - settings.Beta2) / (1 + settings.Beta2));
        for (var i = 0; i < start.Scale.Length; i++)
        {
            var scale = AdamSettings.GradientScale * rowScale[i / columns] * columnScale[i % columns];
            start.Scale[i] = scale;
            start.Drift[i] = AdamSettings.Persistent * normal.Next();
            start.Master[i] = AdamSettings.WeightDeviation * normal.Next();
            start.ExpAvg[i] = scale * ((firstDeviation * normal.Next()) + start.Drift[i]);
            start.ExpAvgSq[i] = scale * scale * MathF.Max(0.1f, 1 + (secondDeviation * normal.Next()));
        }

        return start;
    }

    sealed class StartValues(int elements)
    {
        public readonly float[] Scale = new float[elements], Drift = new float[elements], Master = new float[elements],
            ExpAvg = new float[elements], ExpAvgSq = new float[elements];
    }
}

/// <summary>
/// Nearly normal draws for eight lanes: the sum of four 16-bit uniforms of xorshift128 (Marsaglia, "Xorshift RNGs", 2003), its flat tails
/// corrected to the normal's kurtosis by the first Cornish-Fisher term.
/// </summary>
[StructLayout(LayoutKind.Auto)]
struct LaneNoise
{
    // Four uniforms of [0, 65535] sum to a mean of 131070 and a variance of 4 · 65536² / 12.
    const float Mean = 131_070f, PerDeviation = 1 / 37_837.2f, Tail = 0.0125f;

    Vector256<uint> x, y, z, w;

    public LaneNoise(ulong seed, int at)
    {
        var words = new SeedWords(unchecked(seed ^ ((ulong)at * 0xD1B5_4A32_D192_ED03UL)));
        (x, y, z, w) = (words.Next(), words.Next(), words.Next(), words.Next());
    }

    public Vector256<float> Next()
    {
        var (a, b) = (Draw(), Draw());
        var mask = Vector256.Create(0xFFFFu);
        var sum = (a & mask) + (a >>> 16) + (b & mask) + (b >>> 16);
        var normal = (Vector256.ConvertToSingle(sum.AsInt32()) - Vector256.Create(Mean)) * PerDeviation;
        return normal * (Vector256.Create(1 - (3 * Tail)) + (normal * normal * Tail));
    }

    Vector256<uint> Draw()
    {
        var t = x ^ (x << 11);
        (x, y, z) = (y, z, w);
        return w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    }

    /// <summary>SplitMix64, only to seed.</summary>
    struct SeedWords(ulong state)
    {
        ulong state = state;

        public Vector256<uint> Next() => Vector256.Create(Word(), Word(), Word(), Word()).AsUInt32();

        ulong Word()
        {
            unchecked
            {
                state += 0x9E37_79B9_7F4A_7C15UL;
                var mixed = (state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9UL;
                mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EBUL;
                return mixed ^ (mixed >> 31);
            }
        }
    }
}
