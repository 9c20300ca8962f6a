using System.Diagnostics;
using System.Globalization;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.PowerLoss;

namespace Lineage.ChaosHarness.Worlds;

/// <summary>
/// Probes the machine by trying: a kernel that lists a feature may still refuse it. Everything tried is undone, and a skipped fault is
/// told with the reason given here.
/// </summary>
public static class MachineCapabilities
{
    static readonly TimeSpan ProbeMax = TimeSpan.FromSeconds(20);

    public static async Task<IReadOnlyList<CapabilityFound>> ProbeAsync(CancellationToken ct)
    {
        var found = new List<CapabilityFound>();
        foreach (var capability in Enum.GetValues<Capability>()) found.Add(await ProbeAsync(capability, ct));
        return found;
    }

    /// <summary>Null if it is there.</summary>
    public static async Task<CapabilityFound?> MissingAsync(Capability capability, CancellationToken ct) =>
        await ProbeAsync(capability, ct) is { IsThere: false } missing ? missing : null;

    public static IEnumerable<string> Lines(IEnumerable<CapabilityFound> found) =>
        found.Select(static one => $"{(one.IsThere ? "there  " : "MISSING")} {one.Capability,-14} {one.Detail}");

    static Task<CapabilityFound> ProbeAsync(Capability capability, CancellationToken ct) => capability switch
    {
        Capability.Mount => Task.FromResult(Mounting()),
        Capability.PowerLoss => Task.FromResult(PowerLossHere()),
        Capability.Partition => TryAsync(capability, "network namespaces, veth and iptables work",
            "ip link add lnprobe0 type veth peer name lnprobe1 netns $NS && ip netns exec $NS iptables -A INPUT -j DROP", ct),
        Capability.OwnPackets => TryAsync(capability, "iptables matches a group of cgroup v2",
            "mkdir /sys/fs/cgroup/unified/$NS && ip netns exec $NS iptables -A OUTPUT -m cgroup --path $NS -j DROP"
            + " && ip netns exec $NS iptables -F OUTPUT && rmdir /sys/fs/cgroup/unified/$NS", ct),
        Capability.Throttle => TryAsync(capability, "tbf works",
            "ip netns exec $NS ip link set lo up && " +
            "ip netns exec $NS tc qdisc add dev lo root tbf rate 1mbit burst 32kbit latency 400ms", ct),
        Capability.Netem => TryAsync(capability, "netem works",
            "ip netns exec $NS ip link set lo up && ip netns exec $NS tc qdisc add dev lo root netem delay 1ms", ct),
        Capability.Fuse => Task.FromResult(Path(capability, "/dev/fuse", "the kernel has no FUSE; modprobe fuse")),
        Capability.Freezer => Task.FromResult(Group(capability, ControlGroup.Freezer, "SIGSTOP is used instead")),
        Capability.MemoryLimit => Task.FromResult(Group(capability, ControlGroup.Memory, "no process is limited")),
        Capability.ProcessorLimit => Task.FromResult(Group(capability, ControlGroup.Processor, "no process is limited")),
        Capability.ProcessLimits => RunsAsync(capability, "sh", ["-c", "prlimit --pid $$ --nofile=64:"],
            "install util-linux", ct, "prlimit changes a process that runs"),
        Capability.SyscallFaults => RunsAsync(capability, "strace", ["-qq", "-e", "inject=sync:error=EIO:when=1", "/bin/true"],
            "install strace", ct, "strace -e inject works"),
        Capability.PostgreSql => Task.FromResult(Postgres()),
        Capability.RabbitMq => Task.FromResult(new CapabilityFound(
            capability, PrivateRabbitMq.Installed is not null, PrivateRabbitMq.Installed ?? "apt-get install rabbitmq-server")),
        Capability.Containers => RunsAsync(capability, "docker", ["info", "--format", "{{.ServerVersion}}"],
            "no container engine answers; worlds are native processes", ct),
        Capability.Gpu => RunsAsync(capability, "nvidia-smi", ["--query-gpu=name", "--format=csv,noheader"], "no NVIDIA GPU answers", ct),
        _ => throw new UnreachableException(),
    };

    static CapabilityFound Mounting()
    {
        const int systemAdministration = 21;   // linux/capability.h
        var holds = File.ReadLines("/proc/self/status").Where(static line => line.StartsWith("CapEff:", StringComparison.Ordinal))
            .Select(static line => ulong.Parse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .Any(static bits => (bits >> systemAdministration & 1) == 1);
        return new CapabilityFound(Capability.Mount, holds, holds ? "CAP_SYS_ADMIN" : "CAP_SYS_ADMIN is missing; run as root");
    }

    static CapabilityFound PowerLossHere()
    {
        if (!Mounting().IsThere) return new CapabilityFound(Capability.PowerLoss, IsThere: false, "needs CAP_SYS_ADMIN; run as root");
        const long bytes = 16 << 20;
        try
        {
            using var disk = LoopDisk.Create(bytes, TimeProvider.System);
            disk.Cycle(PowerCut.NothingFlushed);
            return new CapabilityFound(
                Capability.PowerLoss, IsThere: true, $"ext4 on a loop file below {LoopDisk.Parent(bytes)}, cut and mounted again");
        }
        catch (Exception refused) when (refused is WorldException or IOException)
        {
            return new CapabilityFound(Capability.PowerLoss, IsThere: false, refused.Message);
        }
    }

    static CapabilityFound Postgres()
    {
        const string versions = "/usr/lib/postgresql";
        var program = !Directory.Exists(versions) ? null
            : Directory.EnumerateDirectories(versions).Select(static folder => System.IO.Path.Combine(folder, "bin/postgres"))
                .LastOrDefault(File.Exists);
        return new CapabilityFound(Capability.PostgreSql, program is not null, program ?? "apt-get install postgresql");
    }

    /// <summary>A group of cgroup v1 is made and removed again.</summary>
    static CapabilityFound Group(Capability capability, string controller, string otherwise)
    {
        try
        {
            using var group = ControlGroup.Make(controller);
            return new CapabilityFound(capability, IsThere: true, $"a group of cgroup v1 can be made in {controller}");
        }
        catch (IOException refused)
        {
            return new CapabilityFound(capability, IsThere: false, $"{refused.Message}; {otherwise}");
        }
    }

    static CapabilityFound Path(Capability capability, string path, string otherwise)
    {
        var isThere = System.IO.Path.Exists(path);
        return new CapabilityFound(capability, isThere, isThere ? path : otherwise);
    }

    /// <summary>Tries a command line in a network namespace made for the probe, which takes with it whatever was made inside.</summary>
    static Task<CapabilityFound> TryAsync(Capability capability, string works, string commands, CancellationToken ct)
    {
        var space = string.Create(CultureInfo.InvariantCulture, $"lineage-probe-{Environment.ProcessId}");
        var script = $"NS={space}; ip netns add $NS || exit 1; {commands}; status=$?; ip netns del $NS; exit $status";
        return RunsAsync(capability, "sh", ["-c", script], "the kernel or the account does not allow it", ct, works);
    }

    static async Task<CapabilityFound> RunsAsync(
        Capability capability, string program, string[] arguments, string otherwise, CancellationToken ct, string? works = null)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var timer = TimeProvider.System.CreateTimer(_ => bound.Cancel(), state: null, ProbeMax, Timeout.InfiniteTimeSpan);
        try
        {
            var (exitCode, output) = await ProgramRun.Async(program, arguments, bound.Token);
            return exitCode == 0
                ? new CapabilityFound(
                    capability, IsThere: true, works ?? (output.Trim() is { Length: > 0 } said ? said : $"{program} works"))
                : new CapabilityFound(capability, IsThere: false, $"{otherwise} ({program} ended with {exitCode}: {LastLine(output)})");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return new CapabilityFound(capability, IsThere: false, $"{otherwise} ({program} is not installed)");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new CapabilityFound(capability, IsThere: false, $"{program} did not answer within {ProbeMax.TotalSeconds:N0} s");
        }
    }

    static string LastLine(string output) => output.TrimEnd().Split('\n')[^1];
}
