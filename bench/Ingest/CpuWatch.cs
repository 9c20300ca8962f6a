using System.Diagnostics;
using System.Globalization;

namespace Lineage.Bench.Ingest;

/// <summary>Processor seconds of this process (clients and server) and of PostgreSQL with its backends, since it was made.</summary>
sealed class CpuWatch(int postgres)
{
    const double TicksPerSecond = 100;   // USER_HZ of every Linux that .NET runs on

    readonly double own = Own(), database = Database(postgres);

    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"processor: clients and server {Own() - own:0.0} s, PostgreSQL {Database(postgres) - database:0.0} s");

    static double Own() => Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;

    static double Database(int postmaster)
    {
        var ticks = 0L;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(static d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            if (Fields(folder) is not { } fields) continue;
            var isServer = fields[1] == postmaster.ToString(CultureInfo.InvariantCulture)
                || Path.GetFileName(folder) == postmaster.ToString(CultureInfo.InvariantCulture);
            if (isServer) ticks += fields[11..15].Sum(static f => long.Parse(f, CultureInfo.InvariantCulture));
        }

        return ticks / TicksPerSecond;
    }

    /// <summary>The fields after the name: state, parent, and from the 12th on the times. Null if the process is gone.</summary>
    static string[]? Fields(string folder)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
