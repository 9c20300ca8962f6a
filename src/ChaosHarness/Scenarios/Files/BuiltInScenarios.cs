using Lineage.ChaosHarness.Exchange;
using Lineage.ChaosHarness.Scenarios.Real;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>The files of <c>scenarios/</c>, which this program carries with it: one for each kind of fault that they show.</summary>
public static class BuiltInScenarios
{
    const string Prefix = "scenarios/";

    /// <summary>In the order of their names.</summary>
    public static IReadOnlyList<ScenarioToPlay> All { get; } =
    [
        .. typeof(BuiltInScenarios).Assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Read),
    ];

    /// <summary>As scenarios of the nightly profile.</summary>
    public static IEnumerable<RealScenario> Scenarios() => All.Select(static one =>
        new RealScenario($"file-{one.Name}", FileWorlds.Promise, FileCheck.Needs(one.Schedule), PlayedElsewhere) { File = one });

    static ScenarioToPlay Read(string name)
    {
        using var reader = new StreamReader(typeof(BuiltInScenarios).Assembly.GetManifestResourceStream(name)!);
        return ScenarioToPlay.Of(ScenarioFile.Parse(reader.ReadToEnd()), $"lineage chaos run {name}");
    }

    static Task PlayedElsewhere(Stage stage) =>
        throw new System.Diagnostics.UnreachableException("A file is played in a world of files.");
}
