using System.Globalization;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Faults;

/// <summary>
/// The packet filter's rules of one fault, in chains of their own, so that healing it leaves every other fault as it is, and what is
/// counted is its own. Only ever inside a network namespace that the harness made for its world.
/// </summary>
public sealed class PacketChain : IAsyncDisposable
{
    static readonly string[] Hooks = ["INPUT", "OUTPUT"];

    static int made;

    readonly string name;

    PacketChain(string name) => this.name = name;

    /// <exception cref="WorldException">This harness is not in a network namespace of its own, or the kernel refuses.</exception>
    public static async Task<PacketChain> MakeAsync(CancellationToken ct)
    {
        if (!Firewall.IsOwn) throw new WorldException("This harness is not in a network namespace of its own; no packet is filtered.");
        var chain = new PacketChain(string.Create(CultureInfo.InvariantCulture, $"lineage-{Interlocked.Increment(ref made)}"));
        foreach (var hook in Hooks)
        {
            await RunAsync(["-N", chain.Of(hook)], ct);
            await RunAsync(["-I", hook, "-j", chain.Of(hook)], ct);
        }

        return chain;
    }

    /// <summary>Nothing that goes to this port arrives.</summary>
    public Task DropToAsync(int port, CancellationToken ct) => InAsync(["--dport", Text(port)], ["-j", "DROP"], ct);

    /// <summary>Nothing that comes from this port arrives.</summary>
    public Task DropFromAsync(int port, CancellationToken ct) => InAsync(["--sport", Text(port)], ["-j", "DROP"], ct);

    /// <summary>Nothing of one connection arrives, in one direction.</summary>
    public Task DropBetweenAsync(int from, int to, CancellationToken ct) =>
        InAsync(["--sport", Text(from), "--dport", Text(to)], ["-j", "DROP"], ct);

    /// <summary>Who sends to this port is told that the connection is broken. The other direction stays open, or the filter would eat its
    /// own answers.</summary>
    public Task ResetAsync(int port, CancellationToken ct) =>
        InAsync(["--dport", Text(port)], ["-j", "REJECT", "--reject-with", "tcp-reset"], ct);

    /// <summary>Nothing leaves that a process of this group sends over a connection that it makes from now on (cgroup v2).</summary>
    public Task DropOfAsync(ControlGroup group, CancellationToken ct) =>
        RunAsync(["-A", Of("OUTPUT"), "-m", "cgroup", "--path", group.Path, "-j", "DROP"], ct);

    /// <summary>Packets that these rules have stopped.</summary>
    public async Task<long> HitsAsync(CancellationToken ct)
    {
        var hits = 0L;
        foreach (var hook in Hooks)
        {
            var (_, table) = await ProgramRun.Async("iptables", ["-L", Of(hook), "-v", "-x", "-n"], ct);
            hits += table.Split('\n').Skip(2).Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(static words => words.Length > 2).Sum(static words => long.Parse(words[0], CultureInfo.InvariantCulture));
        }

        return hits;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var hook in Hooks)
        {
            await RunAsync(["-D", hook, "-j", Of(hook)], CancellationToken.None);
            await RunAsync(["-F", Of(hook)], CancellationToken.None);
            await RunAsync(["-X", Of(hook)], CancellationToken.None);
        }
    }

    Task InAsync(string[] match, string[] verdict, CancellationToken ct) =>
        RunAsync(["-A", Of("INPUT"), "-p", "tcp", .. match, .. verdict], ct);

    static Task RunAsync(string[] arguments, CancellationToken ct) => ProgramRun.MustAsync("iptables", arguments, ct);

    string Of(string hook) => $"{name}-{hook}";

    static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
