using System.Collections.Immutable;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>Every kind of fault that a scenario file can have done to real processes.</summary>
static class RealInjectors
{
    static readonly Capability[] Nothing = [], Mount = [Capability.Mount], Partition = [Capability.Partition];

    static readonly (string Kind, DamageClass Class)[] Damage =
    [
        ("bit-rot", DamageClass.FlipInBody), ("bit-rot-in-header", DamageClass.FlipInHeader),
        ("bit-rot-in-index", DamageClass.FlipInIndex), ("bit-rot-in-footer", DamageClass.FlipInFooter),
        ("truncation", DamageClass.Truncated), ("emptied", DamageClass.Emptied), ("zero-run", DamageClass.ZeroRun),
        ("torn-block", DamageClass.TornBlock), ("extra-tail", DamageClass.ExtraTail), ("swapped-shards", DamageClass.Swapped),
        ("wrong-rank", DamageClass.WrongRank), ("stale-shard", DamageClass.ReplayedOlder), ("object-deleted", DamageClass.Missing),
    ];

    public static ImmutableSortedDictionary<string, RealInjector> All { get; } = Table().ToImmutableSortedDictionary(
        static one => one.Kind, static one => one, StringComparer.Ordinal);

    static IEnumerable<RealInjector> Table() =>
    [
        .. Each(["rank-kill", "rank-kill-mid-save", "kill-at-durable-step"], static kind =>
            new RealInjector(kind, "rank:", Nothing, ProcessHands.KillRankAsync)),
        new("rank-pause", "rank:", Nothing, ProcessHands.PauseRankAsync) { Heal = ProcessHands.ResumeRankAsync },
        new("zombie-rank", "rank:", Nothing, LauncherHands.ZombieAsync),
        new("launcher-kill", "launcher", Nothing, LauncherHands.KillAsync),
        .. Each(["launcher-double", "two-launchers"], static kind =>
            new RealInjector(kind, "launcher", Nothing, LauncherHands.DoubleAsync)),
        new("keeper-kill", "keeper", Nothing, ProcessHands.KillKeeperAsync),
        new("server-kill", "server:", Nothing, ProcessHands.KillServerAsync) { Heal = ProcessHands.RestartServerAsync },
        new("paused-server", "server:", Nothing, ProcessHands.PauseServerAsync) { Heal = ProcessHands.ResumeServerAsync },
        .. Each(["broker-down", "broker-kill", "broker-restart-mid-publish"], static kind =>
            new RealInjector(kind, "broker", [Capability.RabbitMq], ProcessHands.KillBrokerAsync)
            {
                Heal = ProcessHands.RestartBrokerAsync,
            }),
        .. Each(["store-kill", "postgres-kill-during-commit"], static kind =>
            new RealInjector(kind, "store", Nothing, ProcessHands.KillPostgresAsync)),
        new("disk-full", "", Mount, DiskHands.FillAsync) { Heal = DiskHands.EmptyAsync },
        new("disk-read-only", "", Mount, DiskHands.ProtectAsync) { Heal = DiskHands.UnprotectAsync },
        .. Each(["power-loss-contents", "store-power-loss-journal"], static kind =>
            new RealInjector(kind, "", [Capability.PowerLoss], static (play, _) => DiskHands.CutPowerAsync(play, PowerCut.JournalFlushed))),
        .. Each(["power-loss-names", "store-power-loss"], static kind =>
            new RealInjector(kind, "", [Capability.PowerLoss], static (play, _) => DiskHands.CutPowerAsync(play, PowerCut.NothingFlushed))),
        .. Damage.Select(static one => new RealInjector(one.Kind, "shard", Nothing, (play, fault) =>
            StoredHands.DamageAsync(play, fault, one.Class))),
        .. Links(), .. Ranks(), .. Services(),
    ];

    /// <summary>Between a run and its service, by a proxy of our own or by the packet filter.</summary>
    static IEnumerable<RealInjector> Links() =>
    [
        Proxied("link-delay", LinkHands.DelayAsync), Proxied("link-jitter", LinkHands.JitterAsync),
        Proxied("link-throttled", LinkHands.ThrottleAsync), Proxied("link-drip", LinkHands.DripAsync),
        Proxied("cut-after-bytes", LinkHands.CutAsync), Proxied("byte-corrupted-in-flight", LinkHands.CorruptAsync),
        Proxied("half-open", LinkHands.HalfOpenAsync), Proxied("tcp-reset", LinkHands.ResetAsync),
        Kept("partition-rank", "rank:", [Capability.Partition, Capability.OwnPackets], PartitionHands.SilenceRankAsync),
        Kept("partition-minority", "rank:", Partition, PartitionHands.BreakRankAsync),
        Kept("partition-majority", "server:", Partition, PartitionHands.SilenceServerAsync),
        Kept("partition-one-way", "server:", Partition, PartitionHands.MuteServerAsync),
        Kept("partition-bridge", "", Partition, PartitionHands.BridgeAsync),
        Kept("black-hole", "server:|broker", Partition, PartitionHands.BlackHoleAsync),
        new("partition-flapping", "server:", Partition, PartitionHands.FlapAsync),
    ];

    /// <summary>Ranks that end in other ways than by SIGKILL, or run short of something.</summary>
    static IEnumerable<RealInjector> Ranks() =>
    [
        new("rank-crash", "rank:", Nothing, RankEndHands.CrashAsync), new("rank-preempted", "rank:", Nothing, RankEndHands.PreemptAsync),
        new("rank-crash-loop", "rank:", Nothing, RankEndHands.LoopAsync), new("node-kill", "node:", Nothing, RankEndHands.KillNodeAsync),
        Kept("suspend-gap", "", Nothing, RankEndHands.SuspendAsync),
        Kept("rank-starved", "rank:", [Capability.ProcessorLimit], RankLimitHands.StarveAsync),
        Kept("rank-freeze", "rank:", [Capability.Freezer], RankLimitHands.FreezeAsync),
        Kept("rank-out-of-memory", "rank:", [Capability.MemoryLimit], RankLimitHands.StarveOfMemoryAsync),
        Kept("rank-out-of-handles", "rank:", [Capability.ProcessLimits], RankLimitHands.StarveOfHandlesAsync),
        Kept("rank-straggler", "rank:", [Capability.SyscallFaults], SyscallHands.StraggleAsync),
        Kept("disk-eio-once", "rank:", [Capability.SyscallFaults], SyscallHands.FailOnceAsync),
        Kept("disk-stall", "rank:", [Capability.SyscallFaults], SyscallHands.StallAsync),
        Kept("disk-eio-read", "keeper", [Capability.SyscallFaults], SyscallHands.FailReadsAsync),
        Kept("unreadable-file", "keeper", [Capability.SyscallFaults], SyscallHands.RefuseReadsAsync),
        Kept("disk-short-write", "rank:", [Capability.SyscallFaults, Capability.Mount], SyscallHands.ShortWriteAsync),
        new("inodes-exhausted", "", Mount, DiskHands.ExhaustNamesAsync) { Heal = DiskHands.GiveNamesBackAsync },
    ];

    /// <summary>PostgreSQL and RabbitMQ, by those who may do that.</summary>
    static IEnumerable<RealInjector> Services() =>
    [
        Kept("store-disk-full", "store", Mount, StoreDiskHands.FillAsync),
        Kept("store-lock-held", "store", Nothing, PostgresHands.HoldLockAsync),
        new("store-connection-killed", "store", Nothing, PostgresHands.KillConnectionsAsync),
        Kept("store-connections-exhausted", "store", Nothing, PostgresHands.ExhaustConnectionsAsync),
        new("store-asynchronous-commit", "store", Nothing, PostgresHands.CommitAsynchronouslyAsync)
        {
            Heal = PostgresHands.CommitSynchronouslyAsync,
        },
        new("broker-power-loss", "broker", [Capability.RabbitMq, Capability.PowerLoss], BrokerHands.LosePowerAsync),
        Kept("queue-purged", "broker", [Capability.RabbitMq], BrokerHands.PurgeAsync),
        new("queue-deleted", "broker", [Capability.RabbitMq], BrokerHands.DeleteAsync),
        Kept("broker-memory-alarm", "broker", [Capability.RabbitMq], BrokerHands.AlarmMemoryAsync),
        Kept("broker-disk-alarm", "broker", [Capability.RabbitMq], BrokerHands.AlarmDiskAsync),
    ];

    static RealInjector Proxied(string kind, Func<FilePlay, ScheduledFault, Task<string?>> harm) =>
        new(kind, "server:|broker", Nothing, harm) { Heal = LinkHands.HealAsync, ThroughProxy = true };

    /// <summary>What ends the harm is kept by the play.</summary>
    static RealInjector Kept(
        string kind, string target, Capability[] needs, Func<FilePlay, ScheduledFault, Task<string?>> harm) =>
        new(kind, target, needs, harm) { Heal = FilePlay.ReleaseAsync };

    static IEnumerable<RealInjector> Each(string[] kinds, Func<string, RealInjector> make) => kinds.Select(make);
}
