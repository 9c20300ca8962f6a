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
        StorySections.Violations(page, model);
        TableSections.Scenarios(page, model);
        TableSections.Invariants(page, model);
        TimelineSection.Draw(page, model.Evidence);
        StorySections.History(page, model);
        TableSections.Heat(page, model);
        TableSections.Mutants(page, model);
        TableSections.Recoveries(page, model);
        TableSections.Messages(page, model);
        TableSections.Environment(page, model);
        TableSections.Replay(page, model);
        return page.Raw("</main></body></html>\n").ToString();
    }

    static void Head(Html page, ReportModel model)
    {
        var schedule = model.Evidence.Schedule;
        var good = model.ExitCode == ChaosExit.Valid;
        page.Add($"<h1>{model.Title}</h1>\n<p class=\"soft\">{model.Level} · profile {schedule.Profile} · seed {schedule.Seed} · ")
            .Add($"schedule <code>")
            .Add($"{schedule.Digest().Short}</code>{(schedule.BeyondBudget ? " · beyond the fault budget" : "")}</p>\n")
            .Add($"<div class=\"verdict {(good ? "good" : "bad")}\"><div class=\"sign\">{(good ? "✓" : "✗")}</div><div><b>")
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
        return $"{Count(Judgement.Valid)} valid · {Count(Judgement.Violated)} violated · {Count(Judgement.Unknown)} unknown · "
            + $"{Count(Judgement.Never)} never "
            + "triggered";
    }

    static void Tiles(Html page, ReportModel model)
    {
        var evidence = model.Evidence;
        var events = evidence.Streams.Sum(static stream => (long)stream.Events.Count);
        page.Raw("<div class=\"tiles\">");
        if (model.Throughput is { } pace)
            page.Add($"<div class=\"tile\"><b>{pace.Histories:N0}</b><span>histories in {pace.Seconds:N1} s</span></div>")
                .Add($"<div class=\"tile\"><b>{pace.PerMinutePerCore:N0}</b><span>a minute and core</span></div>")
                .Add($"<div class=\"tile\"><b>{pace.EventsMean:N0}</b><span>events each, on average</span></div>");
        page.Add($"<div class=\"tile\"><b>{evidence.Schedule.Operations.Count:N0} + {evidence.Schedule.Faults.Count:N0}</b>")
            .Raw("<span>operations + faults, shown below</span></div>")
            .Add($"<div class=\"tile\"><b>{events:N0}</b><span>events in {evidence.Streams.Count:N0} streams</span></div>")
            .Add($"<div class=\"tile\"><b>{evidence.Journal.Count:N0}</b><span>entries of the harness' journal</span></div></div>\n");
    }
}
