using System.Globalization;
using System.Xml.Linq;
using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Reports;

/// <summary>Each invariant as a test case, for pages that show tests. NEVER and unknown are skipped tests with a reason, not passed
/// ones.</summary>
static class JUnit
{
    public static string Of(ReportModel model)
    {
        var suite = new XElement(
            "testsuite", new XAttribute("name", Clean(model.Title)),
            new XAttribute("tests", model.Verdict.Invariants.Count + (model.Scenarios?.Count ?? 0) + (model.Mutants?.Count ?? 0)
                + (model.CrashPoints?.Count ?? 0)),
            new XAttribute("failures", model.Verdict.Invariants.Count(static one => one.Judgement == Judgement.Violated)
                + Scenarios(model, static verdict => verdict is not ("valid" or "skipped"))
                + (model.Mutants?.Count(static one => !IsFound(one)) ?? 0) + (model.CrashPoints?.Count(static one => one.Broken > 0) ?? 0)),
            new XAttribute(
                "skipped", model.Verdict.Invariants.Count(static one => one.Judgement is Judgement.Never or Judgement.Unknown)
                + Scenarios(model, static verdict => verdict is "skipped")),
            new XAttribute("errors", model.HarnessFault is null ? 0 : 1),
            new XElement("properties",
                Property("seed", model.Seed.ToString(CultureInfo.InvariantCulture)),
                Property("profile", model.Profile), Property("schedule", model.Evidence?.Schedule.Digest().ToString() ?? "none"),
                Property("exitCode", model.ExitCode.ToString(CultureInfo.InvariantCulture)),
                model.Replay.Select(static command => Property("replay", command))));
        foreach (var one in model.Verdict.Invariants) suite.Add(Case(model, one));
        foreach (var one in model.Scenarios ?? []) suite.Add(Case(model, one));
        foreach (var one in model.Mutants ?? [])
            suite.Add(Case(model, $"defect {one.Name} is found by {one.Intended}", IsFound(one) ? null : one.KilledBy.Count == 0
                ? "it survived" : $"found by {string.Join(", ", one.KilledBy)} only"));
        foreach (var one in model.CrashPoints ?? [])
            suite.Add(Case(model, $"{one.Mode} right after {one.Step}, {one.During}, {one.Level}", one.Broken == 0 ? null
                : string.Create(CultureInfo.InvariantCulture, $"{one.Broken} of {one.Tried} broke a promise")));
        if (model.HarnessFault is { } fault)
            suite.Add(new XElement("testcase", new XAttribute("name", "the harness can be trusted"), new XAttribute("classname",
                Clean(model.Title)),
                new XElement("error", new XAttribute("message", Clean(fault)))));
        return $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{new XElement("testsuites", suite)}\n";
    }

    static XElement Case(ReportModel model, InvariantVerdict one)
    {
        var test = new XElement(
            "testcase", new XAttribute("classname", Clean(model.Title)), new XAttribute("name", $"{one.Id} {one.Promise}"));
        if (one.Judgement == Judgement.Violated)
            test.Add(new XElement(
                "failure", new XAttribute("message", Clean(one.Violations is [var first, ..] ? first.What : "violated")),
                Clean(string.Join('\n', one.Violations.Select(static violation => violation.What + Summary.Where(violation))))));
        if (one.Judgement is Judgement.Never or Judgement.Unknown)
            test.Add(new XElement("skipped", new XAttribute(
                "message", one.Judgement == Judgement.Never ? "never triggered" : "evidence is missing")));
        return test;
    }

    static int Scenarios(ReportModel model, Func<string, bool> verdict) => model.Scenarios?.Count(one => verdict(one.Verdict)) ?? 0;

    static XElement Case(ReportModel model, ScenarioRow one)
    {
        var test = new XElement(
            "testcase", new XAttribute("classname", Clean(model.Title)), new XAttribute("name", Clean(one.Name)),
            new XAttribute("time", one.Seconds.ToString("F1", CultureInfo.InvariantCulture)));
        if (one.Verdict is "skipped") test.Add(new XElement("skipped", new XAttribute("message", Clean(one.Why ?? ""))));
        else if (one.Verdict is not "valid")
            test.Add(new XElement("failure", new XAttribute("message", Clean($"{one.Verdict}: {one.Why}"))));
        return test;
    }

    static bool IsFound(MutantRow one) => one.KilledBy.Contains(one.Intended, StringComparer.Ordinal);

    static XElement Case(ReportModel model, string name, string? failure)
    {
        var test = new XElement(
            "testcase", new XAttribute("classname", Clean(model.Title)), new XAttribute("name", Clean(name)));
        if (failure is not null) test.Add(new XElement("failure", new XAttribute("message", Clean(failure))));
        return test;
    }

    static XElement Property(string name, string value) =>
        new("property", new XAttribute("name", name), new XAttribute("value", Clean(value)));

    /// <summary>Without the characters that XML cannot hold.</summary>
    static string Clean(string text) =>
        string.Concat(text.Select(static c => System.Xml.XmlConvert.IsXmlChar(c) ? c : '\uFFFD'));
}
