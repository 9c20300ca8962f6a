using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Reports;

/// <summary>
/// The report as one page that needs nothing else: no script, no picture, no address; a policy in the page forbids everything but its own
/// style. It answers in this order: is it good, what was missing, which promise broke, in which smallest story, and how to see it again.
/// </summary>
static class ReportHtml
{
    public static string Of(ReportModel model)
    {
        var page = new Html();
        page.Raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
            .Raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
            .Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Add($"<title>{model.Title}: {ChaosExit.Word(model.ExitCode)}</title>\n<style>").Raw(ReportStyle.Css)
            .Raw("</style></head>\n<body><main>\n");
        Head(page, model);
        var figures = model.Figures ?? (model.Evidence is { } one ? FigureSum.Of(one) : null);
        StorySections.Violations(page, model);
        TableSections.Scenarios(page, model);
        MutantSection.Draw(page, model);
        CrashPointSection.Draw(page, model);
        TableSections.Invariants(page, model);
        if (figures is not null) FaultSection.Draw(page, figures);
        if (figures is not null) FigureSections.Recoveries(page, figures);
        if (figures is not null) FigureSections.Messages(page, figures);
        if (model.Evidence is { } shown) Story(page, model, shown);
        TableSections.Environment(page, model);
        TableSections.Replay(page, model);
        return page.Raw("</main></body></html>\n").ToString();
    }

    static void Story(Html page, ReportModel model, Evidence shown)
    {
        TimelineSection.Draw(page, shown);
        StorySections.History(page, model, shown);
    }

    static void Head(Html page, ReportModel model)
    {
        var good = model.ExitCode == ChaosExit.Valid;
        page.Add($"<h1>{model.Title}</h1>\n<p class=\"soft\">{model.Level}")
            .Add($"{(model.Profile.Length == 0 ? "" : $" · profile {model.Profile}")} · seed {model.Seed}");
        if (model.Evidence is { Schedule: var schedule })
            page.Add($" · schedule <code>{schedule.Digest().Short}</code>{(schedule.BeyondBudget ? " · beyond the fault budget" : "")}");
        page.Add($"</p>\n<div class=\"verdict {(good ? "good" : "bad")}\"><div class=\"sign\">{(good ? "✓" : "✗")}</div><div><b>")
            .Add($"{Headline(model)}</b><span class=\"by\">{Summed(model)}</span></div></div>\n");
        if (model.HarnessFault is { } fault)
            page.Add($"<div class=\"card warn\"><b>The harness cannot be trusted.</b> {fault}</div>\n");
        Tiles(page, model);
        if (model.Skipped.Count > 0)
        {
            page.Raw("<div class=\"card warn\"><b>Skipped on this machine</b><table>");
            foreach (var one in model.Skipped)
                page.Add($"<tr><td class=\"id\">{one.Capability}</td><td>{one.Reason}</td>")
                    .Add($"<td>{(one.Required ? "required" : "")}</td></tr>");
            page.Raw("</table></div>\n");
        }
    }

    static string Headline(ReportModel model) => model.ExitCode switch
    {
        ChaosExit.Valid => "Every promise that was put to the test held.",
        ChaosExit.Safety or ChaosExit.Liveness =>
            "Broken: " + string.Join(
                ", ", model.Verdict.Invariants.Where(static one => one.Judgement == Judgement.Violated).Select(static one => one.Id)),
        var code => $"No verdict: {ChaosExit.Word(code)}.",
    };

    static string Summed(ReportModel model)
    {
        int Count(Judgement judgement) => model.Verdict.Invariants.Count(one => one.Judgement == judgement);
        var elsewhere = model.Untried is { } untried ? Math.Max(0, Count(Judgement.Never) - untried.Count) : 0;
        string[] parts =
        [
            $"{Count(Judgement.Valid)} valid", $"{Count(Judgement.Violated)} violated", $"{Count(Judgement.Unknown)} unknown",
            $"{Count(Judgement.Never) - elsewhere} never triggered", elsewhere == 0 ? "" : $"{elsewhere} not of this level",
        ];
        return string.Join(" · ", parts.Where(static part => part.Length > 0));
    }

    static void Tiles(Html page, ReportModel model)
    {
        page.Raw("<div class=\"tiles\">");
        if (model.Throughput is { } pace)
            page.Add($"<div class=\"tile\"><b>{pace.Histories:N0}</b><span>histories in {pace.Seconds:N1} s</span></div>")
                .Add($"<div class=\"tile\"><b>{pace.PerMinutePerCore:N0}</b><span>a minute and core</span></div>");
        if (model.Throughput is { EventsMean: { } events })
            page.Add($"<div class=\"tile\"><b>{events:N0}</b><span>events each, on average</span></div>");
        if (model.CrashPoints is { Count: > 0 } points)
            page.Add($"<div class=\"tile\"><b>{points.Count:N0}</b><span>crash points × modes</span></div>")
                .Add($"<div class=\"tile\"><b>{points.Sum(static one => (long)one.Tried):N0}</b><span>crashes</span></div>");
        if (model.Evidence is { } evidence)
        {
            var recorded = evidence.Streams.Sum(static stream => (long)stream.Events.Count);
            page.Add($"<div class=\"tile\"><b>{evidence.Schedule.Operations.Count:N0} + {evidence.Schedule.Faults.Count:N0}</b>")
                .Raw("<span>operations + faults of the history below</span></div>")
                .Add($"<div class=\"tile\"><b>{recorded:N0}</b><span>events in {evidence.Streams.Count:N0} streams of it</span></div>")
                .Add($"<div class=\"tile\"><b>{evidence.Journal.Count:N0}</b><span>entries of the harness' own journal</span></div>");
        }

        page.Raw("</div>\n");
    }
}
