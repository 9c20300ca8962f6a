namespace Lineage.ChaosHarness.Reports;

/// <summary>Where somebody was made to die or a disk to lose its power, and what came of it.</summary>
static class CrashPointSection
{
    public static void Draw(Html page, ReportModel model)
    {
        if (model.CrashPoints is not { Count: > 0 } all) return;
        page.Raw("<h2>Crash points</h2>\n<p class=\"soft\">A row is one moment, a column what happened right then. The number says how "
            + "often it ")
            .Raw("was tried; a dash: not at this moment.</p>\n");
        foreach (var level in all.Select(static one => one.Level).Distinct(StringComparer.Ordinal))
            Level(page, [.. all.Where(one => string.Equals(one.Level, level, StringComparison.Ordinal))], level);
    }

    static void Level(Html page, List<CrashPointRow> all, string level)
    {
        var modes = all.Select(static one => one.Mode).Distinct(StringComparer.Ordinal).ToList();
        var moments = all.Select(static one => (one.During, one.Step)).Distinct().Count();
        var (tried, broken) = (all.Sum(static one => (long)one.Tried), all.Sum(static one => (long)one.Broken));
        page.Add($"<p>{level}: {moments:N0} moments, {all.Count:N0} pairs of a moment and what happened, ")
            .Add($"tried {tried:N0} times; {broken:N0} broke ")
            .Raw("a promise.</p>\n<div class=\"card\"><table class=\"heat points\"><tr><th>during</th><th>right after</th>");
        foreach (var mode in modes) page.Add($"<th>{mode}</th>");
        page.Raw("</tr>\n");
        var before = "";
        foreach (var moment in all.GroupBy(static one => one.During, StringComparer.Ordinal)
            .SelectMany(static group => group.Select(static one => (one.During, one.Step)).Distinct()))
        {
            page.Add($"<tr><td class=\"id\">{(string.Equals(before, moment.During, StringComparison.Ordinal) ? "" : moment.During)}</td>")
                .Add($"<td>{moment.Step}</td>");
            foreach (var mode in modes)
                Cell(page, all.Find(one => (one.During, one.Step) == moment && string.Equals(one.Mode, mode, StringComparison.Ordinal)));
            page.Raw("</tr>\n");
            before = moment.During;
        }

        page.Raw("</table></div>\n");
    }

    static void Cell(Html page, CrashPointRow? one)
    {
        if (one is null) page.Raw("<td><span class=\"cell none\">–</span></td>");
        else if (one.Broken > 0) page.Add($"<td><span class=\"cell bad\">{one.Broken:N0} of {one.Tried:N0} broke</span></td>");
        else if (one.Struck == 0) page.Add($"<td><span class=\"cell warn\" title=\"it never struck\">0 of {one.Tried:N0}</span></td>");
        else page.Add($"<td><span class=\"cell good\">{one.Struck:N0}</span></td>");
    }
}
