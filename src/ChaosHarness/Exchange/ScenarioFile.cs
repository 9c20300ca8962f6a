using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Exchange;

/// <summary>
/// A schedule that a person wrote, in YAML. Strict: an unknown or doubled key, a missing one, a number out of range and every anchor or
/// alias is refused with its line, so that a typing error never becomes an experiment that tests nothing.
/// </summary>
public static class ScenarioFile
{
    static readonly string[] Members = ["profile", "seed", "world", "operations", "faults", "bounds", "beyondBudget"];

    /// <exception cref="ScenarioException">The text is no scenario.</exception>
    public static Schedule Parse(string yaml)
    {
        var root = YamlTree.Parse(yaml);
        root.AllowOnly(Members);
        return new Schedule(
            Schedule.CurrentVersion, root.Number("seed", 0, 1L << 53), root.Text("profile", "scenario"), World(root.Child("world")),
            [.. root.Items("operations").Select(Operation)], [.. root.Items("faults").Select(Fault)],
            root.Find("bounds") is { } bounds ? Bounds(bounds) : new ScheduleBounds(60_000, 3, 2, 16), root.Flag("beyondBudget"));
    }

    static ScheduledWorld World(YamlTree world)
    {
        world.AllowOnly("ranks", "servers", "copies", "tensors");
        return new ScheduledWorld(
            (int)world.Number("ranks", 1, 4_096), (int)world.Number("servers", 1, 64, otherwise: 1), (int)world.Number("copies", 1, 16,
                otherwise: 1),
            (int)world.Number("tensors", 1, 10_000, otherwise: 2));
    }

    /// <summary>One key, the kind, and its one number: <c>save: 10</c>.</summary>
    static Operation Operation(YamlTree item, int index)
    {
        if (item.Members is not [var (kind, argument)] || !Enum.TryParse<OperationKind>(kind, ignoreCase: true, out var known)
            || char.IsAsciiDigit(kind[0]))
            throw new ScenarioException(
                item.Line, $"an operation is one of {string.Join(", ", Enum.GetNames<OperationKind>()).ToLowerInvariant()} with a "
                    + $"number, as in \"save: 10\"");
        return new Operation(index + 1, known, argument.AsNumber(0, 1L << 53));
    }

    static ScheduledFault Fault(YamlTree item, int index)
    {
        item.AllowOnly("kind", "target", "when", "until", "amount");
        var kind = item.Text("kind", otherwise: null);
        if (FaultCatalogue.All.All(one => !string.Equals(one.Kind, kind, StringComparison.Ordinal)))
            throw new ScenarioException(item.Child("kind").Line, $"\"{kind}\" is no fault of the catalogue in docs/CHAOS.md");
        return new ScheduledFault(
            index + 1, kind, item.Text("target", otherwise: null), Trigger(item.Child("when")),
            item.Find("until") is { } until ? Trigger(until) : null, item.Number("amount", 0, 1L << 53, otherwise: 0));
    }

    static FaultTrigger Trigger(YamlTree when)
    {
        when.AllowOnly("event", "nth", "afterMs");
        return new FaultTrigger(
            when.Find("event") is null ? null : when.Text("event", otherwise: null), (int)when.Number("nth", 1, 1_000_000, otherwise: 1),
            when.Number("afterMs", 0, 86_400_000, otherwise: 0));
    }

    static ScheduleBounds Bounds(YamlTree bounds)
    {
        bounds.AllowOnly("healWithinMs", "recoveriesMax", "verifiedMin", "depthMax");
        return new ScheduleBounds(
            bounds.Number("healWithinMs", 1, 86_400_000, otherwise: 60_000), (int)bounds.Number("recoveriesMax", 1, 1_000, otherwise: 3),
            (int)bounds.Number("verifiedMin", 1, 100_000, otherwise: 2), (int)bounds.Number("depthMax", 1, 50, otherwise: 16));
    }
}
