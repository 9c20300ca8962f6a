using System.Collections.Immutable;
using System.Text;

namespace Lineage.ChaosHarness.Histories;

/// <summary>One way to hurt the system.</summary>
/// <param name="Kind">What a schedule calls it.</param>
/// <param name="Injector">Who does it, and how.</param>
/// <param name="Levels">1 simulated, 2 real processes; where it runs, or where it would.</param>
/// <param name="Threatens">Invariants of docs/PROTOCOL.md that it could break.</param>
/// <param name="Runs">Whether an injector for it is in this repository; no: the row says what is still missing.</param>
public sealed record CatalogFault(string Kind, string What, string Injector, string Levels, string Threatens, bool Runs);

/// <summary>Every fault that is known to threaten recovery, whether it can be injected here yet or not: what is missing must be
/// seen.</summary>
public static partial class FaultCatalogue
{
    public static ImmutableArray<CatalogFault> All { get; } =
        [.. Workers, .. Network, .. Broker, .. Database, .. Storage, .. Corruption, .. Clocks, .. Operators];

    /// <summary>The table of docs/CHAOS.md.</summary>
    public static string Table()
    {
        var text = new StringBuilder("| fault | what happens | injector | level | threatens | runs here |\n|---|---|---|---|---|---|\n");
        foreach (var one in All)
            text.Append("| `").Append(one.Kind).Append("` | ").Append(one.What).Append(" | ").Append(one.Injector).Append(" | ")
                .Append(one.Levels)
                .Append(" | ").Append(one.Threatens).Append(" | ").Append(one.Runs ? "yes" : "no").Append(" |\n");
        return text.ToString();
    }
}
