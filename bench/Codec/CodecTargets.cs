using Lineage.Bench.Reporting;
using Lineage.Bench.Traces;

namespace Lineage.Bench.Codec;

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
            yield return Worst($"smaller than {Xor}: {name}", 5, " %", Grid(), trace => Saving(trace, name));
        yield return Worst(
            $"smaller than {Xor}: bf16 weights alone", 20, " %", Incrementals("bf16 weights"), trace => Saving(trace, TensorClass.Brain));
        yield return Worst($"encode speed against {Xor}", 2, "x", Grid(), trace => AgainstXor(trace, static row => row.EncodeSpeed));
        yield return Worst($"decode speed against {Xor}", 2, "x", Grid(), trace => AgainstXor(trace, static row => row.DecodeSpeed));

        string[] whole = [.. Rates.Select(AdamGrid.Full)];
        yield return Worst("encode, full, all digests", 1.0, " GB/s", whole, static row => row.EncodeSpeed, "full");
        yield return Worst("decode, full, all digests", 1.4, " GB/s", whole, static row => row.DecodeSpeed, "full");
        yield return Worst("encode, incremental, all digests", 1.0, " GB/s", Grid(), static row => row.EncodeSpeed, "incremental");
        yield return Worst("decode, incremental, all digests", 1.4, " GB/s", Grid(), static row => row.DecodeSpeed, "incremental");

        yield return LargerThanProgram("larger than the best of the zstd program, training states", adversarial: false);
        yield return LargerThanProgram("larger than the best of the zstd program, adversarial", adversarial: true);
    }

    /// <summary>What a row of ours is measured against by its ratio; null where nothing was set.</summary>
    public static double? RatioGoal(CodecRow row) => row.Codec == Ours
        ? new CodecTargets([row]).All().FirstOrDefault(static t => t.Unit == "x" && !double.IsNaN(t.Value))?.Goal
        : null;

    CodecRow? Row(string trace, string kind, string codec = Ours) =>
        rows.FirstOrDefault(row => row.Trace == trace && row.Kind == kind && row.Codec == codec && row.Verified);

    /// <summary>Incrementals of whole optimizer states.</summary>
    IEnumerable<string> Grid() => Rates.SelectMany(rate => Incrementals(AdamGrid.Full(rate)));

    IEnumerable<string> Incrementals(string prefix) => rows
        .Where(row => row.Kind == "incremental" && row.Trace.StartsWith(prefix, StringComparison.Ordinal))
        .Select(static row => row.Trace).Distinct(StringComparer.Ordinal);

    /// <summary>In percent.</summary>
    double Saving(string trace, string name) => 100 * (1 - (Bits(trace, Ours, name) / Bits(trace, Xor, name)));

    double Bits(string trace, string codec, string name) =>
        Row(trace, "incremental", codec)?.ClassBits.GetValueOrDefault(name, double.NaN) ?? double.NaN;

    double AgainstXor(string trace, Func<CodecRow, double> speed) =>
        Row(trace, "incremental") is { } ours && Row(trace, "incremental", Xor) is { } xor ? speed(ours) / speed(xor) : double.NaN;

    Target Worst(string what, double goal, string unit, IEnumerable<string> traces, Func<CodecRow, double> speed, string kind) =>
        Worst(what, goal, unit, traces, trace => Row(trace, kind) is { } row ? speed(row) : double.NaN);

    static Target Worst(string what, double goal, string unit, IEnumerable<string> traces, Func<string, double> value)
    {
        var (on, least) = traces.Select(trace => (trace, value(trace))).Where(static pair => double.IsFinite(pair.Item2))
            .DefaultIfEmpty(("", double.NaN)).MinBy(static pair => pair.Item2);
        return new Target(what, goal, least, Unit: unit, On: on);
    }

    Target LargerThanProgram(string what, bool adversarial)
    {
        var excess =
            from row in rows
            where row.Codec == Ours && row.Verified && row.Source == TraceKind.Adversarial == adversarial
            let best = rows.Where(rival => rival.Trace == row.Trace && rival.Kind == row.Kind && rival.Verified && rival.IsProgram)
                .Select(static rival => rival.StoredBytes).DefaultIfEmpty(0).Min()
            where best > 0
            select (On: $"{row.Trace}, {row.Kind}", Percent: 100.0 * (row.StoredBytes - best) / best);
        var (on, percent) = excess.DefaultIfEmpty((On: "", Percent: double.NaN)).MaxBy(static pair => pair.Percent);
        return new Target(what, 2, percent, AtLeast: false, Unit: " %", On: on);
    }
}
