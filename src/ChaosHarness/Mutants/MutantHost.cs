using System.Globalization;
using Lineage.Contracts.Format;

namespace Lineage.ChaosHarness.Mutants;

/// <summary>The program that <see cref="MutantWorkshop"/> builds: table, seed, histories and names as arguments, the report as one JSON
/// object on standard output.</summary>
public static class MutantHost
{
    public static int Run(string[] arguments, Action<int> turn)
    {
        if (arguments is not [var file, var seed, var histories, .. var names])
            throw new MutantException("Expected: table, seed, histories [, names].");
        var plan = new MutatingPlan(
            Mutant.Table(File.ReadAllBytes(file)), long.Parse(seed, CultureInfo.InvariantCulture),
            int.Parse(histories, CultureInfo.InvariantCulture), Environment.ProcessorCount, turn);
        var report = Mutating.Run(
            plan, TimeProvider.System, mutant => names.Length == 0 || names.Contains(mutant.Name, StringComparer.Ordinal), default);
        using var output = Console.OpenStandardOutput();
        output.Write(CanonicalJson.Write(report));
        return 0;
    }
}
