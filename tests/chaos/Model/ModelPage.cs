using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Lineage.Tests.Chaos.Model;

/// <summary>The parts of docs/chaos-model.md that come from the exploration, between their markers.</summary>
static class ModelPage
{
    const string End = "<!-- end -->";

    public static string Read() => File.ReadAllText(Path());

    public static void Write(string page) => File.WriteAllText(Path(), page);

    public static string WithBlocks(string page, Explored explored)
    {
        page = With(page, "<!-- figures -->", Figures(explored));
        page = With(page, "<!-- life -->", Life(explored));
        page = With(page, "<!-- requirements -->", Requirements(explored));
        return With(page, "<!-- faulty -->", Faulty());
    }

    static string With(string page, string marker, string block)
    {
        var start = page.IndexOf(marker, StringComparison.Ordinal) + marker.Length;
        var end = page.IndexOf(End, start, StringComparison.Ordinal);
        Assert.True(start >= marker.Length && end > start, $"docs/chaos-model.md lacks {marker} or its {End}");
        return $"{page[..start]}\n{block}{page[end..]}";
    }

    static string Figures(Explored explored)
    {
        var report = explored.Report;
        var killed = Defects.All.Count(defect => explored.Faults.CaughtBy(defect.Name) is not null);
        return new StringBuilder("| | |\n|---|---|\n")
            .Append(CultureInfo.InvariantCulture, $"| distinct states, all of them reached | {report.States:N0} |\n")
            .Append(CultureInfo.InvariantCulture, $"| transitions, each checked against every requirement | {report.Transitions:N0} |\n")
            .Append(CultureInfo.InvariantCulture, $"| of those, taken by production alike | {report.ConformedTransitions:N0} |\n")
            .Append(CultureInfo.InvariantCulture, $"| longest way from the beginning | {report.Depth} steps |\n")
            .Append(CultureInfo.InvariantCulture, $"| defects planted in the specification, found | {Defects.All.Count}, {killed} |\n")
            .Append(CultureInfo.InvariantCulture, $"| faulty productions, told apart | {FaultyProduction.All.Count}, each by a test |\n")
            .ToString();
    }

    /// <summary>The phases of one save and what moves it between them.</summary>
    static string Life(Explored explored)
    {
        var arrows = explored.Changes.GroupBy(static change => (change.From, change.To), static change => change.By)
            .OrderBy(static arrow => arrow.Key).Select(static arrow =>
                $"    {Name(arrow.Key.From)} --> {Name(arrow.Key.To)}: {string.Join(", ", arrow.Order(StringComparer.Ordinal))}\n");
        return $"```mermaid\nstateDiagram-v2\n{string.Concat(arrows)}```\n";
    }

    static string Name(SavePhase phase) => phase == SavePhase.Unopened ? "[*]" : phase.ToString();

    static string Requirements(Explored explored)
    {
        const string head = "| invariant | how the protocol is broken to see that it is looked at | steps to see it |\n|---|---|---|\n";
        var text = new StringBuilder(head);
        var results = explored.Faults.Results.ToDictionary(static result => result.Fault, StringComparer.Ordinal);
        foreach (var (name, _) in Defects.All.Select(static d => (d.Name, d.Breaks)).OrderBy(static d => d.Breaks, StringComparer.Ordinal)
            .ThenBy(static d => d.Name, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"| {results[name].CaughtBy} | {name} | {results[name].Steps} |\n");
        return text.ToString();
    }

    static string Faulty()
    {
        var text = new StringBuilder("| faulty production | what the comparison says |\n|---|---|\n");
        foreach (var faulty in FaultyProduction.All)
            text.Append(CultureInfo.InvariantCulture, $"| {faulty.Name} | {faulty.Says} |\n");
        return text.ToString();
    }

    static string Path([CallerFilePath] string here = "") => System.IO.Path.GetFullPath(
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "chaos-model.md"));
}
