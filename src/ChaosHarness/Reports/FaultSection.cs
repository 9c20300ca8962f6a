namespace Lineage.ChaosHarness.Reports;

/// <summary>What was done to the world: how much of each kind of fault was planned, struck and was seen to do something, and which phase of
/// the protocol it met.</summary>
static class FaultSection
{
    public static void Draw(Html page, RunFigures figures)
    {
        if (figures.Faults.Count == 0) return;
        var phases = HistoryFigures.Phases.Union(figures.Heat.Select(static one => one.Phase), StringComparer.Ordinal).ToList();
        var most = figures.Heat.Select(static one => one.Count).DefaultIfEmpty(1).Max();
        page.Raw("<h2>Faults, and what they met</h2>\n<p class=\"soft\">Planned: written in schedules. Struck: its moment came and "
            + "there was ")
            .Raw("something to hurt. Effects: how often it was seen to do harm. Right of that, what was going on when it struck; the "
                + "darker, ")
            .Raw("the more often; a dash was never tried.</p>\n<div class=\"card\"><table class=\"heat\"><tr><th>fault</th>")
            .Raw("<th class=\"n\">planned</th><th class=\"n\">struck</th><th class=\"n\">effects</th>");
        foreach (var phase in phases) page.Add($"<th>{phase}</th>");
        page.Raw("</tr>\n");
        foreach (var fault in figures.Faults) Row(page, figures, fault, phases, most);
        page.Raw("</table></div>\n");
    }

    static void Row(Html page, RunFigures figures, FaultFigure fault, List<string> phases, long most)
    {
        page.Add($"<tr><td>{fault.Kind}</td><td class=\"n soft\">{fault.Planned:N0}</td><td class=\"n\">{fault.Struck:N0}</td>");
        if (fault.Effects == 0) page.Raw("<td class=\"n\"><span class=\"tag warn\">none</span></td>");
        else page.Add($"<td class=\"n\">{fault.Effects:N0}</td>");
        foreach (var phase in phases)
        {
            var count = figures.Heat.Where(one => string.Equals(one.Fault, fault.Kind, StringComparison.Ordinal)
                && string.Equals(one.Phase, phase, StringComparison.Ordinal)).Sum(static one => one.Count);
            var share = 8 + (52 * Math.Log(1 + count) / Math.Log(1 + most));
            if (count == 0) page.Raw("<td><span class=\"cell none\">–</span></td>");
            else page.Add($"<td><span class=\"cell\" style=\"background:color-mix(in srgb,var(--accent) ")
                .Add($"{share:F0}%,var(--card))\">{count:N0}</span></td>");
        }

        page.Raw("</tr>\n");
    }
}
