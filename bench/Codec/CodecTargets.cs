using Lineage.Bench.Traces;

namespace Lineage.Bench.Codec;

/// <summary>What was set out for, and what came of it in this run.</summary>
/// <param name="Value">NaN where the run has nothing to say, because a trace or a rival was left out.</param>
/// <param name="AtLeast">False: the value may be at most the goal.</param>
/// <param name="Unit">Printed behind both.</param>
sealed record Target(string What, double Goal, double Value, bool AtLeast = true, string Unit = "x")
{
    public string Verdict => double.IsNaN(Value) ? "not measured" : (AtLeast ? Value >= Goal : Value <= Goal) ? "met" : "missed";
}

/// <summary>The targets of the codec, each as a question to the rows. Where several traces answer, the worst one counts.</summary>
sealed class CodecTargets(IReadOnlyList<CodecRow> rows)
{
    const string Ours = "lineage", Xor = "xor + planes + zstd-1";
    static readonly float[] Rates = [3e-4f, 3e-5f, 3e-6f];
    static readonly string[] FloatClasses = [TensorClass.Master, TensorClass.ExpAvg, TensorClass.ExpAvgSq];

    public IEnumerable<Target> All()
    {
        yield return new Target("full state, 14 B/param (lr 3e-4)", 1.40, Row(AdamGrid.Full(3e-4f), "full")?.Ratio ?? double.NaN);
        foreach (var (distance, goal) in ((int, double)[])[(1, 1.68), (10, 1.57), (100, 1.50), (1_000, 1.46)])
            yield return new Target(
                $"incremental, lr 3e-4, k={distance}", goal, Row(AdamGrid.Step(3e-4f, distance), "incremental")?.Ratio ?? double.NaN);
        yield return new Target("bf16 weights, lr 3e-6, k=1", 40, Row(AdamGrid.Weights(3e-6f, 1), "incremental")?.Ratio ?? double.NaN);

        foreach (var name in FloatClasses)
            yield return new Target($"smaller than {Xor}: {name}", 5, Saving(Grid(), name), Unit: " %");
        yield return new Target($"smaller than {Xor}: bf16 weights alone", 20, Saving(WeightTraces(), TensorClass.Brain), Unit: " %");
        yield return new Target($"encode speed against {Xor}", 2, AgainstXor(static row => row.EncodeSpeed));
        yield return new Target($"decode speed against {Xor}", 2, AgainstXor(static row => row.DecodeSpeed));

        foreach (var kind in (string[])["full", "incremental"])
        {
            yield return new Target($"encode, {kind}, all digests", 1.0, Slowest(kind, static row => row.EncodeSpeed), Unit: " GB/s");
            yield return new Target($"decode, {kind}, all digests", 1.4, Slowest(kind, static row => row.DecodeSpeed), Unit: " GB/s");
        }

        yield return new Target(
            "larger than the zstd program's best, training states", 2, LargerThanProgram(adversarial: false), AtLeast: false, Unit: " %");
        yield return new Target(
            "larger than the zstd program's best, adversarial", 2, LargerThanProgram(adversarial: true), AtLeast: false, Unit: " %");
    }

    /// <summary>What a row of ours is measured against by its ratio; null where nothing was set.</summary>
    public static double? RatioGoal(CodecRow row) => row.Codec == Ours
        ? new CodecTargets([row]).All().FirstOrDefault(t => t.Unit == "x" && !double.IsNaN(t.Value))?.Goal
        : null;

    CodecRow? Row(string trace, string kind, string codec = Ours) =>
        rows.FirstOrDefault(row => row.Trace == trace && row.Kind == kind && row.Codec == codec && row.Verified);

    /// <summary>Incrementals of whole optimizer states.</summary>
    IEnumerable<string> Grid() =>
        rows.Where(static row => row.Kind == "incremental" && Rates.Any(rate => row.Trace.StartsWith(AdamGrid.Full(rate), StringComparison.Ordinal)))
            .Select(static row => row.Trace).Distinct(StringComparer.Ordinal);

    IEnumerable<string> WeightTraces() => rows.Where(static row => row.Kind == "incremental")
        .Select(static row => row.Trace).Where(static name => name.StartsWith("bf16 weights", StringComparison.Ordinal))
        .Distinct(StringComparer.Ordinal);

    double Saving(IEnumerable<string> traces, string name) => Worst(
        traces.Select(trace => (Ours: Bits(trace, Ours, name), Xor: Bits(trace, Xor, name))).Select(b => 100 * (1 - (b.Ours / b.Xor))));

    double Bits(string trace, string codec, string name) =>
        Row(trace, "incremental", codec)?.ClassBits.GetValueOrDefault(name, double.NaN) ?? double.NaN;

    double AgainstXor(Func<CodecRow, double> speed) => Worst(
        Grid().Select(trace => Row(trace, "incremental") is { } ours && Row(trace, "incremental", Xor) is { } xor
            ? speed(ours) / speed(xor)
            : double.NaN));

    double Slowest(string kind, Func<CodecRow, double> speed) => Worst(rows
        .Where(row => row.Kind == kind && row.Codec == Ours && Rates.Any(rate => row.Trace.StartsWith(AdamGrid.Full(rate), StringComparison.Ordinal)))
        .Select(speed));

    double LargerThanProgram(bool adversarial)
    {
        var excess =
            from row in rows
            where row.Codec == Ours && row.Verified && row.Source == TraceKind.Adversarial == adversarial
            let best = rows.Where(r => r.Trace == row.Trace && r.Kind == row.Kind && r.Verified && r.Codec.EndsWith("(program)", StringComparison.Ordinal))
                .Select(static r => r.StoredBytes).DefaultIfEmpty(0).Min()
            where best > 0
            select 100.0 * (row.StoredBytes - best) / best;
        return excess.DefaultIfEmpty(double.NaN).Max();
    }

    static double Worst(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Min();
}
