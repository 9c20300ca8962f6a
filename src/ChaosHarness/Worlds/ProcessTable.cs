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
}
