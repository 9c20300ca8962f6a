using System.Globalization;

namespace Lineage.ChaosHarness.Worlds;

/// <summary>What the kernel says of a process (proc(5), <c>stat</c>).</summary>
/// <param name="State">T: stopped by a signal; Z: ended, and not yet awaited by its parent.</param>
public readonly record struct ProcessStanding(char State, int Parent);

public static class ProcessTable
{
    /// <summary>Null if there is no such process, or none any more.</summary>
    public static ProcessStanding? Of(int process)
    {
        try
        {
            var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            var words = text[(text.LastIndexOf(')') + 2)..].Split(' ');   // the name before may hold anything
            return new ProcessStanding(words[0][0], int.Parse(words[1], NumberStyles.None, CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;   // it ended between two looks
        }
    }

    /// <summary>False also for one that has ended and is not yet awaited by its parent.</summary>
    public static bool Lives(int process) => Of(process) is { State: not 'Z' };

    /// <summary>These and whatever they have started, each after the one that started it.</summary>
    public static IReadOnlyList<int> WithDescendants(IEnumerable<int> processes)
    {
        var children = Directory.EnumerateDirectories("/proc").Select(static folder => Path.GetFileName(folder))
            .Where(static name => char.IsAsciiDigit(name[0]))
            .Select(static name => int.Parse(name, NumberStyles.None, CultureInfo.InvariantCulture))
            .Select(static process => (process, Of(process)?.Parent)).ToLookup(static one => one.Parent, static one => one.process);
        var found = processes.ToList();
        for (var next = 0; next < found.Count; next++)
            found.AddRange(children[found[next]].Where(child => !found.Contains(child)).ToList());
        return found;
    }
}
