using System.Globalization;
using System.Text;

namespace Lineage.ChaosHarness.Reports;

/// <summary>The figures of the page of a job: pace, what was done, recoveries, messages, defects and crash points.</summary>
static class SummaryFigures
{
    public static void Add(StringBuilder text, ReportModel model)
    {
        if (model.Throughput is { } pace)
            Summary.Line(text, Invariant($"\n{pace.Histories:N0} histories in {pace.Seconds:N1} s ")
                + Invariant($"({pace.PerMinutePerCore:N0} a minute and core")
                + (pace.EventsMean is { } events ? Invariant($", {events:N0} events each)") : ")")
                + (pace.RanTwice is { } twice ? Invariant($", {twice:N0} of them run twice with the same trace") : ""));
        if (model.Figures is { } figures) Figures(text, figures);
        if (model.Mutants is { Count: > 0 } mutants) Mutants(text, mutants);
        if (model.CrashPoints is { Count: > 0 } points)
            Summary.Line(text, Invariant($"\n{points.Count:N0} pairs of a moment and a crash, tried ")
                + Invariant($"{points.Sum(static one => (long)one.Tried):N0} times; ")
                + Invariant($"{points.Sum(static one => (long)one.Broken):N0} broke a promise"));
    }

    static void Figures(StringBuilder text, RunFigures figures)
    {
        var (planned, struck) = (figures.Faults.Sum(static one => one.Planned), figures.Faults.Sum(static one => one.Struck));
        Summary.Line(text, Invariant($"\nFaults: {struck:N0} of {planned:N0} planned ones struck, of {figures.Faults.Count} kinds; ")
            + Invariant($"{figures.Faults.Sum(static one => one.Effects):N0} effects seen"));
        if (figures.Recoveries is { } all)
            Summary.Line(text, Invariant($"\nRecoveries: {all.Count:N0}; median {all.MedianMs:N0} ms, 99 % {all.P99Ms:N0} ms; ")
                + Invariant($"at most {all.LostSteps.Keys.DefaultIfEmpty(0).Max():N0} steps lost"));
        var one = figures.Messages;
        if (one.Attempted == 0) return;
        Summary.Line(text, Invariant($"\nMessages: {one.Attempted:N0} sent")
            + (one.Confirmed is { } confirmed ? Invariant($", {confirmed:N0} confirmed") : "")
            + (one.Redelivered is { } again ? Invariant($", {again:N0} delivered again") : "")
            + (one.Dead is { } dead ? Invariant($", {dead:N0} dead letters") : ""));
    }

    static void Mutants(StringBuilder text, IReadOnlyList<MutantRow> mutants)
    {
        Summary.Line(text, "\n| defect | meant for | found by | histories | operations + faults |\n|---|---|---|---:|---:|");
        foreach (var one in mutants)
            Summary.Line(text, Invariant($"| {Summary.Escape(one.Name)} | {one.Intended} | {(one.KilledBy.Count == 0 ? "**survived**"
                : string.Join(' ', one.KilledBy))} | {one.Histories:N0} | ")
                + (one.Operations is { } operations ? Invariant($"{operations} + {one.Faults} |") : "– |"));
    }

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
