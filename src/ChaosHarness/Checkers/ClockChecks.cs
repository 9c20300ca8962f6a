namespace Lineage.ChaosHarness.Checkers;

/// <summary>S16: with a clock off, everything that must hold without time holds as before.</summary>
static class ClockChecks
{
    /// <summary>What is decided by order and never by a clock.</summary>
    static readonly string[] Timeless = ["S2", "S4", "S5", "S9", "S13", "S15"];

    public static void Examine(CaseFile file, Bench bench)
    {
        var off = file.Journal.Injected.FindAll(static one => one.Kind.StartsWith("clock", StringComparison.Ordinal));
        foreach (var fault in off)
        {
            bench["S16"].Look();
            foreach (var id in Timeless)
                if (bench[id].Violations is [var first, ..])
                    bench["S16"].Violate(
                        $"A clock was off ({fault.Kind} on {fault.Target} at {fault.AtMs} ms). Expected the same safety as with true "
                        + $"clocks; observed: {id} is "
                        + $"violated. {first.What}",
                        first.Stream, first.Version, [fault.Index, .. first.Entries]);
        }
    }
}
