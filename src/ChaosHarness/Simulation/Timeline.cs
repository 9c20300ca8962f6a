using System.Globalization;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>A history as a person reads it: what was seen and what was stored, in order of time, and the verdict.</summary>
public static class Timeline
{
    public static IEnumerable<string> Lines(Evidence evidence, Verdict verdict)
    {
        var schedule = evidence.Schedule;
        yield return $"seed {schedule.Seed}, profile {schedule.Profile}, {schedule.World.Ranks} ranks, {schedule.World.Servers} servers, "
            + $"{schedule.Operations.Count} operations, {schedule.Faults.Count} faults";
        foreach (var fault in schedule.Faults)
            yield return $"fault {fault.Id}: {fault.Kind} on {fault.Target} at "
                + $"{fault.When.Event ?? "time"} #{fault.When.Nth} +{fault.When.AfterMs} ms";
        var lines = evidence.Journal.Where(static e => e is not (Entry.Trained or Entry.ReadBack))
            .Select(static e => (e.AtMs, Order: e.Index, Text: $"{e.Process,-12} {Told.Of(e)}"))
            .Concat(evidence.Streams.SelectMany(static s => s.Events.Select(
                e => (e.AtMs, Order: e.Sequence, Text: $"{"store",-12} {s.Key} v{e.Version} {e.Name}"))));
        foreach (var (at, _, text) in lines.OrderBy(static l => l.AtMs).ThenBy(static l => l.Order))
            yield return string.Create(CultureInfo.InvariantCulture, $"{at,8} ms  {text}");
        foreach (var one in verdict.Invariants.Where(static one => one.Judgement == Judgement.Violated))
            foreach (var violation in one.Violations) yield return $"VIOLATED {one.Id}: {violation.What}";
        yield return verdict is { SafetyHolds: true, LivenessHolds: true } ? "verdict: valid" : "verdict: violated";
    }
}
