using System.Globalization;
using System.Text;
using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Reports;

/// <summary>The page of a job: a verdict, what is red and why, and how to see it again.</summary>
static class Summary
{
    public static string Of(ReportModel model)
    {
        var text = new StringBuilder();
        Line(text, $"# {(model.ExitCode == 0 ? "✅" : "❌")} {Escape(model.Title)}: {ChaosExit.Word(model.ExitCode)}");
        Line(text, $"\n{model.Level}{(model.Profile.Length == 0 ? "" : $", profile {Escape(model.Profile)}")}, seed {model.Seed}"
            + (model.Evidence?.Schedule is { } shown ? $", schedule `{shown.Digest().Short}`, {shown.Operations.Count} operations, "
                + $"{shown.Faults.Count} faults" : ""));
        if (model.HarnessFault is { } fault) Line(text, $"\n**The harness cannot be trusted:** {Escape(fault)}");
        SummaryFigures.Add(text, model);
        foreach (var skipped in model.Skipped)
            Line(text, $"\n> ⚠ skipped: **{Escape(skipped.Capability)}** "
                + $"({Escape(skipped.Reason)}){(skipped.Required ? ", required" : "")}");
        if (model.Scenarios is { Count: > 0 } scenarios)
        {
            Line(text, "\n| scenario | verdict | s | |\n|---|---|---:|---|");
            foreach (var one in scenarios)
                Line(text, string.Create(
                    CultureInfo.InvariantCulture, $"| {Escape(one.Name)} | {one.Verdict} | {one.Seconds:F1} | {Escape(one.Why ?? "")} |"));
        }

        if (model.Verdict.Invariants.Count > 0) Line(text, "\n| | invariant | verdict | triggered |\n|---|---|---|---:|");
        foreach (var one in model.Verdict.Invariants)
            Line(text, $"| {one.Id} | {Escape(one.Promise)} | {Sign(model, one)} | {one.Triggered:N0} |");
        foreach (var violation in model.Verdict.Invariants.SelectMany(static one => one.Violations))
            Line(text, $"\n**{violation.Invariant}** {Escape(violation.What)}{Where(violation)}");
        if (model.Replay.Count > 0) Line(text, $"\nSee it again:\n\n```\n{string.Join('\n', model.Replay)}\n```");
        return text.ToString();
    }

    static string Sign(ReportModel model, InvariantVerdict one) =>
        one.Judgement == Judgement.Never && model.Untried?.Contains(one.Id, StringComparer.Ordinal) == false
            ? "not of this level" : Sign(one.Judgement);

    public static string Sign(Judgement judgement) => judgement switch
    {
        Judgement.Valid => "✅ valid",
        Judgement.Violated => "❌ **violated**",
        Judgement.Unknown => "❔ unknown",
        Judgement.Never => "⭕ NEVER",
        _ => throw new ArgumentOutOfRangeException(nameof(judgement), judgement, "Not a judgement."),
    };

    public static string Where(Violation violation) => violation switch
    {
        { Stream: { } stream, Version: { } version } => string.Create(CultureInfo.InvariantCulture, $" ({stream}, version {version})"),
        { Stream: { } stream } => $" ({stream})",
        _ => "",
    };

    internal static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');

    /// <summary>Texts come from processes and files: they must not become markup of the page that shows them.</summary>
    internal static string Escape(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal)
        .Replace("*", "\\*", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
