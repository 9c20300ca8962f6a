using System.Globalization;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Demo;

/// <summary>
/// What the demo shows at its end: the graph, the story of each recovery, the figures, the verdict, and where to go from here.
/// </summary>
sealed class DemoEpilogue(TrainingWorld world, DemoOptions options, DemoNarrator narrator)
{
    public async Task TellAsync(DemoSummary summary, CancellationToken cancellation)
    {
        var (_, graph) = await world.CommandAsync(cancellation, "log", "--graph", DemoOptions.Faulted.ToString());
        narrator.Lines(graph);
        foreach (var recovery in summary.RecoveryStory) Tell(recovery);
        Figures(summary);
        narrator.Title(summary.Verdict == DemoVerdict.Exact
            ? $"EXACT: {summary.Ranks} ranks ended in {summary.FinalDigest}, as the golden run did; " +
                $"all {summary.Steps:N0} losses are equal to the bit."
            : $"{summary.Verdict.ToString().ToUpperInvariant()}: {summary.Why}");
        Next();
    }

    void Tell(RecoveryFigures recovery)
    {
        narrator.Title($"Recovery into generation {recovery.Generation}: {recovery.Cause}");
        foreach (var rejected in recovery.Rejected) narrator.Lines($"    refused   {rejected}");
        var lost = recovery.LostSteps?.ToString("N0", CultureInfo.InvariantCulture) ?? "an unknown number of";
        narrator.Lines($"    restored  {recovery.Chosen?.ToString() ?? "the initial state"}, {lost} steps done again");
        if (recovery.Phases.Count > 0)
            narrator.Lines("    seconds   " + string.Join(", ",
                recovery.Phases.Select(static phase => string.Create(CultureInfo.InvariantCulture, $"{phase.Key} {phase.Value:F2}"))));
    }

    void Figures(DemoSummary summary)
    {
        const double mebi = 1 << 20;
        var (saves, counts) = (summary.Saves, summary.Checkpoints);
        narrator.Title("Figures");
        narrator.Lines(string.Create(CultureInfo.InvariantCulture, $"""
                opened       {counts.Full} full and {counts.Incremental} incremental checkpoints
                closed       {counts.Sealed} sealed, {counts.Abandoned} abandoned
                now          {counts.Verified} verified, {counts.Quarantined} quarantined
                stall        {saves.StallMsP50:F2} ms per save (median over ranks), {saves.StallMsMax:F2} ms at most
                bytes        {saves.RawBytes / mebi:F1} MiB captured, {saves.StoredBytes / mebi:F1} MiB stored, {saves.Ratio:F2}x
                events       {summary.Events} on record, PostgreSQL {summary.Postgres}, {summary.Broker} bus
                time         {summary.Seconds:F0} s in all
            """));
    }

    void Next()
    {
        narrator.Title("Look around (the first command keeps the server running; use another terminal for the others)");
        narrator.Lines($"""
                ./dev lineage server run --state {options.StateDirectory}
                ./dev lineage restore-point list demo --explain --state {options.StateDirectory}
                ./dev lineage restore demo:latest-verified --to restored --state {options.StateDirectory}
            """);
    }
}
