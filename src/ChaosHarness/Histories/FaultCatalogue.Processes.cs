using System.Collections.Immutable;

namespace Lineage.ChaosHarness.Histories;

public static partial class FaultCatalogue
{
    /// <summary>Ranks, launchers, keepers and servers.</summary>
    static ImmutableArray<CatalogFault> Workers =>
    [
        new("rank-kill", "a rank dies at once", "SIGKILL of a child; modelled end", "1 2", "S1 S3 S8 L1", Runs: true),
        new("rank-kill-mid-save", "a rank dies right after a chosen durable step of a save",
            "stop point at each `DurableStep`", "1 2", "S1 S2 S8 L1", Runs: true),
        new("rank-pause", "a rank stands still and goes on", "SIGSTOP and SIGCONT; modelled pause", "1 2", "S4 S15 L1", Runs: true),
        new("zombie-rank", "a rank stands still beyond its lease and comes back after the next grant",
            "SIGSTOP until the next grant; cut off and let go", "1 2", "S4 S15 S16", Runs: true),
        new("node-kill", "all ranks of a machine die together", "SIGKILL of all ranks at once", "2", "S1 S5 L1", Runs: true),
        new("rank-crash", "a rank ends by SIGSEGV, abort or fail-fast", "signal to a child", "2", "L1 L8", Runs: true),
        new("rank-preempted", "a rank gets SIGTERM, a grace, then SIGKILL", "signals to a child", "2", "L1 L8", Runs: true),
        new("rank-out-of-memory", "the kernel kills a rank for memory", "memory group of the kernel (cgroup v1)", "2", "S3 L1", Runs: true),
        new("rank-starved", "a rank gets hardly any processor time", "quota of the kernel (cgroup v1)", "2", "S4 L5", Runs: true),
        new("rank-stall", "the thread pool or the collector stalls and beats are missed",
            "hook inside the process", "2", "S4 L6", Runs: false),
        new("rank-out-of-handles", "no file handle or thread is left", "limit of a child that runs (prlimit)", "2", "S3 L1", Runs: true),
        new("rank-hung-in-io", "a rank waits in the kernel for a disk that never answers",
            "stopped FUSE daemon", "2", "L1 L5", Runs: false),
        new("rank-freeze", "the kernel freezes a rank, which no signal reaches then", "freezer of the kernel (cgroup v1)", "2",
            "S4 S15 L1", Runs: true),
        new("rank-straggler", "one rank writes far slower than the others", "its writes made late (strace)", "2", "L1", Runs: true),
        new("rank-crash-loop", "a rank dies at every start", "SIGKILL at each start of a child", "2", "L6", Runs: true),
        new("rank-doubled", "two processes claim one rank", "second child of the same identity", "2", "S4 S9 S15", Runs: false),
        new("mixed-versions", "agents of two versions save one checkpoint", "two builds", "2", "S4 S20", Runs: false),
        new("world-changed", "the run comes back with another number of ranks",
            "operation *scale*; plan of the service, carried out by the judge", "1 2", "S19 S20", Runs: true),
        new("gpu-lost", "a device falls off the bus or reports an uncorrectable error",
            "device reset is refused; needs a GPU", "2", "S5 L6", Runs: false),
        new("gpu-kill-during-copy", "a rank dies between device and host copy", "SIGKILL at capture; needs a GPU", "2", "S3", Runs: false),
        new("launcher-kill", "the launcher dies, its ranks with it", "SIGKILL; modelled restart", "1 2", "S5 S6 L2 L6", Runs: true),
        new("launcher-double", "a second launcher asks for the run", "second launcher", "1 2", "S4 S15", Runs: true),
        new("keeper-kill", "the keeper dies while it verifies or deletes", "modelled restart; SIGKILL and start", "1 2",
            "S7 S13 S17 L7", Runs: true),
        new("server-kill", "a server dies and comes back", "modelled end; SIGKILL", "1 2", "S8 S9 L3", Runs: true),
        new("paused-server", "a server stands still under load", "SIGSTOP and SIGCONT", "2", "S8 S16 L3", Runs: true),
    ];

    /// <summary>Between processes.</summary>
    static ImmutableArray<CatalogFault> Network =>
    [
        new("partition-rank", "one rank reaches nobody", "modelled link; firewall rules of one process", "1 2", "S4 S12 L1", Runs: true),
        new("partition-minority", "fewer than half of the ranks are cut off",
            "firewall rules in a network namespace", "2", "S4 S12 L1", Runs: true),
        new("partition-majority", "more than half of the ranks are cut off",
            "firewall rules in a network namespace", "2", "S4 S12 L1", Runs: true),
        new("partition-one-way", "requests arrive, answers do not", "firewall rules in a network namespace", "2", "S8 S9", Runs: true),
        new("partition-flapping", "a link comes and goes", "firewall rules in a network namespace", "2", "S9 L3", Runs: true),
        new("partition-bridge", "two halves meet in one process only", "firewall rules in a network namespace", "2", "S4 L1", Runs: true),
        new("tcp-reset", "connections are reset", "firewall rule that answers with reset; TCP proxy", "2", "S9 L3", Runs: true),
        new("black-hole", "packets vanish without a reset", "firewall rule that drops", "2", "S9 L3", Runs: true),
        new("link-delay", "everything comes late", "TCP proxy", "2", "S4 S15 S16", Runs: true),
        new("link-jitter", "delays vary", "TCP proxy", "2", "S9 L1", Runs: true),
        new("link-loss", "packets are lost", "traffic control, where the kernel has it", "2", "S9 L1", Runs: false),
        new("link-throttled", "bandwidth is scarce", "TCP proxy", "2", "L1 L3", Runs: true),
        new("link-drip", "bytes come one by one", "TCP proxy", "2", "L1 L3", Runs: true),
        new("cut-after-bytes", "a connection ends in the middle of a frame", "TCP proxy", "2", "S8 S9 S12", Runs: true),
        new("half-open", "one side believes that the connection lives", "TCP proxy", "2", "L3", Runs: true),
        new("refused-at-start", "nobody listens when a process starts", "no listener", "2", "L1 L2", Runs: false),
        new("name-resolution", "a name does not resolve", "address in the settings", "2", "L1", Runs: false),
        new("byte-corrupted-in-flight", "a byte changes on its way", "TCP proxy", "2", "S7 S10", Runs: true),
        new("ports-exhausted", "no port is left for a connection", "range of local ports", "2", "L1 L3", Runs: false),
    ];

    /// <summary>Time.</summary>
    static ImmutableArray<CatalogFault> Clocks =>
    [
        new("clock-skew", "a server's clock is off", "modelled clock; clock of a process", "1 2", "S16 S15", Runs: true),
        new("clock-jump", "a clock jumps forward over a lease",
            "modelled clock of a server or of the ranks' node; clock of a process", "1 2", "S15 S16", Runs: true),
        new("clock-backwards", "a clock goes back across a lease",
            "modelled clock of a server or of the ranks' node; clock of a process", "1 2", "S15 S16", Runs: true),
        new("clock-frozen", "a clock stands still", "clock of a process", "2", "S16 L1", Runs: true),
        new("suspend-gap", "a machine sleeps and wakes", "SIGSTOP of all processes", "2", "S15 S16", Runs: true),
        new("timers-late", "timers fire late, together", "modelled scheduler", "1", "L1 L6", Runs: true),
    ];

    /// <summary>People.</summary>
    static ImmutableArray<CatalogFault> Operators =>
    [
        new("newest-checkpoint-deleted", "somebody deletes the newest checkpoint's folder", "removed folder", "2", "S1 S6 S7", Runs: true),
        new("staging-deleted", "somebody deletes temporary files of a save", "removed files", "2", "S1 L1", Runs: true),
        new("two-launchers", "somebody starts the run twice", "second launcher", "1 2", "S4 S15", Runs: true),
        new("restore-expired", "somebody restores what retention let go of",
            "a person of the modelled world; command line", "1 2", "S2 S13", Runs: true),
        new("rewind-under-load", "somebody rewinds while ranks still save",
            "a person of the modelled world; command line", "1 2", "S6 S15", Runs: true),
        new("retention-zero", "a policy that keeps nothing", "a person of the modelled world; command line", "1 2", "S13", Runs: true),
        new("upgrade-mid-save", "a newer server takes over during a save", "two builds", "2", "S9 S11", Runs: false),
        new("downgrade", "an older server reads newer events", "two builds", "2", "S10 S11", Runs: false),
        new("run-copied", "a run's folder is copied under another name", "copied folder", "2", "S7", Runs: true),
        new("wrong-world-size", "the run is started with another number of ranks", "launcher argument", "2", "S5", Runs: true),
        new("reclaim-killed", "the keeper dies in the middle of deleting", "modelled restart", "1", "S13 L7", Runs: true),
        new("credentials-rotated", "the password changes under load", "own cluster", "2", "L3", Runs: false),
        new("wrong-target", "chaos is pointed at what it did not start", "guard in every injector", "2", "S21", Runs: false),
    ];
}
