using System.Text.Json;

namespace Lineage.ChaosHarness.Mutants;

/// <summary>A defect that somebody could write: one place of the sources, said in two ways.</summary>
/// <param name="File">Below <c>src</c>.</param>
/// <param name="Find">Occurs exactly once in the file.</param>
/// <param name="Replace">Takes its place. <c>{on}</c> stands for "this mutant is switched on"; while it is off the meaning must be the
/// old one.</param>
/// <param name="Invariant">The one that has to find it.</param>
/// <param name="Why">What somebody who writes it believes, or saves.</param>
public sealed record Mutant(string Name, string File, string Find, string Replace, string Invariant, string Why)
{
    /// <summary>In what the simulator has of its own (disk, I/O of a rank, store) and not in the sources that production runs.</summary>
    public bool IsOfModel => File.StartsWith("ChaosHarness/", StringComparison.Ordinal);

    /// <exception cref="MutantException">Not a table of mutants.</exception>
    public static IReadOnlyList<Mutant> Table(ReadOnlySpan<byte> json)
    {
        try
        {
            var all = JsonSerializer.Deserialize<List<Mutant>>(json, JsonSerializerOptions.Web) ?? [];
            foreach (var one in all) Check(one);
            return all.DistinctBy(static one => one.Name, StringComparer.Ordinal).Count() == all.Count
                ? all
                : throw new MutantException("The table names a mutant twice.");
        }
        catch (JsonException broken)
        {
            throw new MutantException($"The table of mutants is no JSON list of mutants: {broken.Message}");
        }
    }

    static void Check(Mutant one)
    {
        string?[] parts = [one.Name, one.File, one.Find, one.Replace, one.Invariant, one.Why];
        if (parts.Any(string.IsNullOrEmpty))
            throw new MutantException($"Mutant \"{one.Name}\" lacks a name, file, find, replace, invariant or why.");
        if (!one.Replace.Contains("{on}", StringComparison.Ordinal))
            throw new MutantException($"Mutant {one.Name} has no {{on}} in what it puts in place: it could not be switched off.");
        if (Path.IsPathRooted(one.File) || one.File.Contains("..", StringComparison.Ordinal))
            throw new MutantException($"Mutant {one.Name} names {one.File}; expected a file below src.");
    }
}

/// <summary>The mutants cannot be made or run: exit code 3, never a verdict.</summary>
public sealed class MutantException(string message) : Exception(message);
