using System.Globalization;

namespace Lineage.Bench.Measuring;

/// <summary>
/// Processor time of this process, of a server's and of PostgreSQL's: what a request costs, however many neighbours wait for the same
/// cores.
/// </summary>
/// <param name="postmaster">Parent of the processes that serve connections; null: not ours to see.</param>
/// <param name="server">The server's process; null: this one.</param>
sealed class ServingTime(int? postmaster, int? server = null)
{
    const double TicksPerSecond = 100;

    public double Seconds() => ProcessorTime.OfProcess()
        + (OperatingSystem.IsLinux() ? Directory.EnumerateDirectories("/proc").Sum(Backend) : 0);

    /// <summary>0 for a process that is none of PostgreSQL's, or has just ended.</summary>
    double Backend(string folder)
    {
        try
        {
            if (postmaster is null || !int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                return 0;
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');   // the name before it may hold blanks
            if (id != server && int.Parse(fields[1], CultureInfo.InvariantCulture) != postmaster) return 0;
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture))
                / TicksPerSecond;
        }
        catch (IOException)
        {
            return 0;
        }
        catch (UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
