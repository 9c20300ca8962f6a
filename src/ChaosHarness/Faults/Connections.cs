using System.Globalization;
using System.Text.RegularExpressions;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Faults;

/// <param name="Local">Port at the process' own end.</param>
/// <param name="Peer">Port at the other end.</param>
public sealed record Connection(int Process, int Local, int Peer);

/// <summary>Who is connected to whom on this machine, from the kernel.</summary>
public static partial class Connections
{
    /// <summary>Established ones; each end that belongs to a process is a connection of its own.</summary>
    public static async Task<IReadOnlyList<Connection>> EstablishedAsync(CancellationToken ct)
    {
        var (_, table) = await ProgramRun.Async("ss", ["-tnpH", "state", "established"], ct);
        return [.. table.Split('\n', StringSplitOptions.RemoveEmptyEntries).SelectMany(Ends)];
    }

    /// <summary>Ports at a process' own end of everything that it has open, whoever is at the other end.</summary>
    public static async Task<IReadOnlyList<int>> PortsOfAsync(int process, CancellationToken ct) =>
        [.. (await EstablishedAsync(ct)).Where(one => one.Process == process).Select(static one => one.Local).Distinct()];

    static IEnumerable<Connection> Ends(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length < 5 ? []
            : Holder().Matches(line).Select(match => new Connection(Number(match.Groups["process"].Value), Port(words[2]), Port(words[3])))
                .Distinct();
    }

    static int Port(string address) => Number(address[(address.LastIndexOf(':') + 1)..]);

    static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex("pid=(?<process>[0-9]+),", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Holder();
}
