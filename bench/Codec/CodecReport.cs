using System.Globalization;
using Lineage.Bench.Reporting;

namespace Lineage.Bench.Codec;

/// <summary>The tables that a person reads.</summary>
static class CodecReport
{
    public static void Write(
        Output output, IReadOnlyList<CodecRow> rows, IReadOnlyList<(string Name, double Speed)> roofline, IReadOnlyList<SymbolRow> symbols)
    {
        output.Paragraph(
            "Speeds are 10^9 raw bytes per second of processor time (one core), medians; ratios are raw bytes over the whole stored " +
            "object. Codecs without a base store an incremental like a full. Every row was decoded and compared by SHA-256.");
        output.Heading("One core, no codec");
        var bare = new Table("what", ">GB/s");
        foreach (var (name, speed) in roofline) bare.Add(name, Table.Number(speed));
        output.Table(bare);
        output.Heading("Entropy stage: exponents of fp32 weights, GB of symbols a second");
        var stage = new Table("coder", ">bits/symbol", ">encode", ">decode", "verified");
        foreach (var row in symbols)
            stage.Add(
                row.Coder, Table.Number(row.BitsPerSymbol, "0.000"), Table.Number(row.EncodeSpeed), Table.Number(row.DecodeSpeed),
                row.Verified ? "yes" : "NO");
        output.Table(stage);
        foreach (var trace in rows.GroupBy(static row => (row.Trace, row.Kind)))
        {
            output.Heading(string.Create(
                CultureInfo.InvariantCulture, $"{trace.Key.Trace}, {trace.Key.Kind} ({trace.First().RawBytes / 1e6:N1} MB)"));
            output.Table(Of([.. trace]));
        }

        output.Targets(new CodecTargets(rows).All());
    }

    static Table Of(IReadOnlyList<CodecRow> rows)
    {
        string[] classes = [.. TensorClass.All.Where(name => rows.Any(row => row.ClassBits.ContainsKey(name)))];
        string[] headers = ["codec", ">ratio", ">target", ">bits/param", ">encode", ">decode", "verified"];
        var table = new Table([.. headers, .. classes.Select(static name => $">{name} bits")]);
        foreach (var row in rows)
        {
            var yardstick = row.StoredBytes == 0 && row.Verified;
            string[] cells =
            [
                row.Codec, yardstick ? "" : Table.Times(row.Ratio),
                CodecTargets.RatioGoal(row) is { } goal ? $"≥ {Table.Times(goal)}" : "",
                yardstick ? "" : Table.Number(row.BitsPerParameter), yardstick ? "" : Table.Number(row.EncodeSpeed),
                yardstick ? "" : Table.Number(row.DecodeSpeed), yardstick ? "" : row.Verified ? "yes" : "NO",
                .. classes.Select(name => row.ClassBits.TryGetValue(name, out var bits) ? Table.Number(bits) : ""),
            ];
            table.Add(cells);
        }

        return table;
    }
}
