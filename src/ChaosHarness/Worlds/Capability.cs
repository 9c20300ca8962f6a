namespace Lineage.ChaosHarness.Worlds;

/// <summary>What a fault or a world may need of the machine.</summary>
public enum Capability
{
    /// <summary>Mounting and unmounting (CAP_SYS_ADMIN).</summary>
    Mount,

    /// <summary>ext4 on a loop file, cut by its shutdown call.</summary>
    PowerLoss,

    /// <summary>Network namespaces joined by veth, filtered by iptables.</summary>
    Partition,

    /// <summary>A packet filter that knows which process sends (its match on cgroup v2).</summary>
    OwnPackets,

    /// <summary>The token bucket that narrows a link.</summary>
    Throttle,

    /// <summary>Delay and loss by the kernel (netem); our own proxy does it without.</summary>
    Netem,

    Fuse,

    /// <summary>The freezer of cgroup v1; SIGSTOP does it without.</summary>
    Freezer,

    /// <summary>The memory controller of cgroup v1.</summary>
    MemoryLimit,

    /// <summary>The quota on processor time of cgroup v1.</summary>
    ProcessorLimit,

    /// <summary>Limits of a process that runs are changed from outside (<c>prlimit</c>).</summary>
    ProcessLimits,

    /// <summary><c>strace -e inject</c>: a system call that fails or is late.</summary>
    SyscallFaults,

    PostgreSql,

    RabbitMq,

    /// <summary>A container engine that answers.</summary>
    Containers,

    Gpu,
}

/// <param name="Detail">What was found, or why it is missing and what to do about it.</param>
public sealed record CapabilityFound(Capability Capability, bool IsThere, string Detail);
