namespace Lineage.ChaosHarness.Reports;

/// <summary>The kill matrix: which planted defect was found by which promise.</summary>
static class MutantSection
{
    public static void Draw(Html page, ReportModel model)
    {
        if (model.Mutants is not { Count: > 0 } mutants) return;
        var intended = mutants.Count(static one => one.KilledBy.Contains(one.Intended, StringComparer.Ordinal));
        page.Raw("<h2>Kill matrix</h2>\n<p class=\"soft\">Each row is a defect that somebody could write, built into the program and "
            + "hunted with ")
            .Raw("random faults. A full dot: the promise that is about it broke. A ring: that one broke as well. The history that shows "
                + "it was ")
            .Raw("made as small as it can be.</p>\n")
            .Add($"<p>{mutants.Count} defects, {mutants.Count(static one => one.KilledBy.Count > 0)} found, {intended} by the promise ")
            .Raw("that was meant to.</p>\n<div class=\"card\"><table class=\"matrix\"><tr><th>defect</th>");
        var columns = mutants.SelectMany(static one => one.KilledBy.Append(one.Intended)).Distinct(StringComparer.Ordinal)
            .OrderBy(static id => id[0] == 'S' ? 0 : id[0] == 'L' ? 1 : 2).ThenBy(static id => id.Length)
            .ThenBy(static id => id, StringComparer.Ordinal).ToList();
        foreach (var column in columns) page.Add($"<th class=\"col\">{Column(column)}</th>");
        page.Raw("<th class=\"n\">histories</th><th class=\"n\">operations + faults</th></tr>\n");
        foreach (var one in mutants) Row(page, one, columns);
        page.Raw("</table></div>\n");
        Stories(page, mutants);
    }

    /// <summary>What threw has no promise; its type's name is too long for a column.</summary>
    static string Column(string id) => id.Length <= 4 ? id : "threw";

    static void Row(Html page, MutantRow one, List<string> columns)
    {
        var isFound = one.KilledBy.Contains(one.Intended, StringComparer.Ordinal);
        page.Add($"<tr class=\"{(isFound ? "" : "hit")}\"><td title=\"{one.Why}\">{one.Name}")
            .Raw(isFound ? "" : one.KilledBy.Count > 0 ? " <span class=\"tag warn\">by another only</span>"
                : " <span class=\"tag bad\">survived</span>")
            .Raw("</td>");
        foreach (var column in columns)
        {
            var isMeant = string.Equals(column, one.Intended, StringComparison.Ordinal);
            var broke = one.KilledBy.Contains(column, StringComparer.Ordinal);
            var (sign, style) = (isMeant, broke) switch
            {
                (true, true) => ("●", "c2"),
                (true, false) => ("✗", "c5"),
                (false, true) => ("○", "c1"),
                _ => ("·", "soft"),
            };
            page.Add($"<td class=\"dot {style}\" title=\"{one.Name}: {column}{(broke ? " broke" : "")}\">{sign}</td>");
        }

        page.Add($"<td class=\"n\">{one.Histories:N0}</td>")
            .Add($"<td class=\"n\">{(one.Operations is { } operations ? $"{operations} + {one.Faults}" : "–")}</td></tr>\n");
    }

    static void Stories(Html page, IReadOnlyList<MutantRow> mutants)
    {
        page.Raw("<details><summary>What each author believes, and what was seen</summary><div class=\"card\"><table>")
            .Raw("<tr><th>defect</th><th>belief</th><th>seen in its smallest history</th></tr>\n");
        foreach (var one in mutants)
            page.Add($"<tr><td>{one.Name}</td><td>{one.Why}</td><td>{one.What}</td></tr>\n");
        page.Raw("</table></div></details>\n");
    }
}
