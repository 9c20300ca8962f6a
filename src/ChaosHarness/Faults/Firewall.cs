using System.Globalization;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Faults;

/// <summary>
/// Partitions by the kernel's own packet filter, only ever inside a network namespace that the harness made for its world: its loopback is
/// nobody else's. Whether packets were really hit is read from the filter's counters.
/// </summary>
public static class Firewall
{
    /// <summary>Set in a harness that runs inside a network namespace of its own; without it no rule is ever made.</summary>
    public const string OwnNetwork = "LINEAGE_CHAOS_NETWORK";

    public static bool IsOwn => Environment.GetEnvironmentVariable(OwnNetwork) is "own";

    /// <summary>Nothing that goes to this port arrives.</summary>
    public static Task DropToAsync(int port, CancellationToken ct) => RuleAsync(["--dport", Text(port)], reset: false, ct);

    /// <summary>Nothing that this port answers arrives: what was asked was done, and nobody hears of it.</summary>
    public static Task DropFromAsync(int port, CancellationToken ct) => RuleAsync(["--sport", Text(port)], reset: false, ct);

    /// <summary>Who sends to this port is told that the connection is broken. The other direction stays open, or the filter would eat
    /// its own answers.</summary>
    public static Task ResetAsync(int port, CancellationToken ct) => RuleAsync(["--dport", Text(port)], reset: true, ct);

    /// <summary>Breaks off everything that one process has open, whoever is at the other end.</summary>
    /// <returns>How many connections.</returns>
    public static async Task<int> IsolateAsync(int process, CancellationToken ct)
    {
        var (_, table) = await ProgramRun.Async("ss", ["-tnpH", "state", "established"], ct);
        var mark = string.Create(CultureInfo.InvariantCulture, $"pid={process},");
        var ports = table.Split('\n').Where(line => line.Contains(mark, StringComparison.Ordinal))
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2])
            .Select(static local => int.Parse(local[(local.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture)).Distinct().ToArray();
        foreach (var port in ports) await ResetAsync(port, ct);
        return ports.Length;
    }

    /// <summary>Packets that a rule has stopped since it was made.</summary>
    public static async Task<long> HitsAsync(CancellationToken ct)
    {
        var (_, table) = await ProgramRun.Async("iptables", ["-L", "INPUT", "-v", "-x", "-n"], ct);
        return table.Split('\n').Skip(2).Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(static words => words.Length > 2).Sum(static words => long.Parse(words[0], CultureInfo.InvariantCulture));
    }

    public static async Task HealAsync(CancellationToken ct)
    {
        if (IsOwn) await ProgramRun.MustAsync("iptables", ["-F", "INPUT"], ct);
    }

    static Task RuleAsync(string[] match, bool reset, CancellationToken ct)
    {
        if (!IsOwn) throw new WorldException("This harness is not in a network namespace of its own; no packet is filtered.");
        string[] verdict = reset ? ["-j", "REJECT", "--reject-with", "tcp-reset"] : ["-j", "DROP"];
        return ProgramRun.MustAsync("iptables", ["-I", "INPUT", "-i", "lo", "-p", "tcp", .. match, .. verdict], ct);
    }

    static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
