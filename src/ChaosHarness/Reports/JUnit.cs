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
        List<XElement> cases = [.. Cases(model)];
        int With(string child) => cases.Count(one => one.Element(child) is not null);
        var suite = new XElement(
            "testsuite", new XAttribute("name", Clean(model.Title)), new XAttribute("tests", cases.Count),
            new XAttribute("failures", With("failure")), new XAttribute("skipped", With("skipped")),
            new XAttribute("errors", model.HarnessFault is null ? 0 : 1),
            new XElement("properties",
                Property("seed", model.Seed.ToString(CultureInfo.InvariantCulture)),
                Property("profile", model.Profile), Property("schedule", model.Evidence?.Schedule.Digest().ToString() ?? "none"),
                Property("exitCode", model.ExitCode.ToString(CultureInfo.InvariantCulture)),
                model.Replay.Select(static command => Property("replay", command))),
            cases);
        if (model.HarnessFault is { } fault)
            suite.Add(new XElement("testcase", new XAttribute("name", "the harness can be trusted"), new XAttribute("classname",
                Clean(model.Title)),
                new XElement("error", new XAttribute("message", Clean(fault)))));
        return $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{new XElement("testsuites", suite)}\n";
    }

    static IEnumerable<XElement> Cases(ReportModel model) =>
    [
        .. model.Verdict.Invariants.Select(one => Case(model, one)),
        .. (model.Scenarios ?? []).Select(one => Case(model, one)),
        .. (model.Mutants ?? []).Select(one => Case(
            model, $"defect {one.Name} is found by {one.Intended}", IsFound(one) ? null
                : one.KilledBy.Count == 0 ? "it survived" : $"found by {string.Join(", ", one.KilledBy)} only")),
        .. (model.CrashPoints ?? []).Select(one => Case(
            model, $"{one.Mode} right after {one.Step}, {one.During}, {one.Level}", one.Broken == 0 ? null
                : string.Create(CultureInfo.InvariantCulture, $"{one.Broken} of {one.Tried} broke a promise"))),
    ];

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
