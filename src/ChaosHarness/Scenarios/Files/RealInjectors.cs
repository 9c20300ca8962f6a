using System.Collections.Immutable;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>Every kind of fault that a scenario file can have done to real processes.</summary>
static class RealInjectors
{
    static readonly Capability[] Nothing = [], Mount = [Capability.Mount];

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
    ];

    static IEnumerable<RealInjector> Each(string[] kinds, Func<string, RealInjector> make) => kinds.Select(make);
}
