using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Scenarios.Files;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>Every scenario of real processes, by profile.</summary>
public static class RealCatalog
{
    static readonly Capability[] Containers = [Capability.Containers];

    static readonly Capability[] Stack = [Capability.PostgreSql, Capability.RabbitMq], Network = [.. Stack, Capability.Partition];

    /// <param name="program">The <c>lineage</c> executable, for scenarios that need a world of their own.</param>
    public static IReadOnlyList<RealScenario> Ci(string program) =>
    [
        new("rank-kill-mid-save", "A torn save is never offered, and the run ends as if nothing had been.", Stack,
            RankScenarios.KilledMidSaveAsync),
        new("zombie-rank", "Who comes back after the lease is over is refused, on record.", Stack, RankScenarios.ZombieAsync),
        new("partition-minority", "A rank that is cut off is replaced.", Network, NetworkScenarios.MinorityAsync),
        new("partition-majority", "Ranks that cannot reach the service wait, and lose nothing.", Network, NetworkScenarios.MajorityAsync),
        new("partition-one-way", "What was done and not answered is not done twice.", Network, NetworkScenarios.OneWayAsync),
        new("partition-flapping", "A link that comes and goes costs time only.", Network, NetworkScenarios.FlappingAsync),
        new("broker-restart-mid-publish", "A report that was durable is delivered.", Stack, NetworkScenarios.BrokerRestartAsync),
        new("postgres-kill-during-commit", "What was acknowledged is on record after PostgreSQL's recovery.", Stack,
            StoreScenarios.PostgresKilledAsync),
        new("store-power-loss", "What was acknowledged survives, and the run goes on from it.",
            [Capability.PostgreSql, Capability.PowerLoss], stage => StoreScenarios.PowerLossAsync(stage, program, PowerCut.NothingFlushed)),
        new("bit-rot-in-delta", "A flipped bit is found before anybody restores it.", Stack,
            static stage => StoreScenarios.RotAsync(stage, DamageClass.FlipInBody, inBase: false)),
        new("bit-rot-in-base", "Nothing is restored over a damaged base.", Stack,
            static stage => StoreScenarios.RotAsync(stage, DamageClass.FlipInBody, inBase: true)),
        new("swapped-shards", "A shard that is whole and in the wrong place is refused.", Stack,
            static stage => StoreScenarios.RotAsync(stage, DamageClass.Swapped, inBase: false)),
        new("disk-full", "A save without room is lost loudly, and training goes on.", [.. Stack, Capability.Mount],
            StoreScenarios.DiskFullAsync),
        new("paused-server", "A server that stands still costs time only.", Stack, RankScenarios.PausedServerAsync),
        new("double-launcher", "A second launcher is refused while the first one lives.", Stack, RankScenarios.TwoLaunchersAsync),
        new("poison-message", "What can never be taken is set aside with a reason, and delays nobody.", Stack, PoisonScenarios.PoisonAsync),
        new("world-changed", "Another number of ranks is refused, and what it would read is every row once.", Stack,
            WorldSizeScenarios.ChangedAsync),
        new("clock-frozen", "A clock that stands still stops nobody.", Stack, ClockScenarios.FrozenAsync),
    ];

    public static IReadOnlyList<RealScenario> Nightly(string program) =>
    [
        .. Ci(program),
        new("clock-skew", "Clocks that are apart by hours change nothing that is promised.", Stack, ClockScenarios.SkewAsync),
        new("clock-backwards", "A clock that goes back lets nobody in early, and costs time only.", Stack, ClockScenarios.BackwardsAsync),
        new("clock-jump", "A clock that jumps over a lease costs time only.", Stack, ClockScenarios.JumpAsync),
        new("newest-checkpoint-deleted", "What somebody deletes is missed before anybody restores it.", Stack,
            OperatorScenarios.NewestDeletedAsync),
        new("staging-deleted", "A save whose temporary file is taken away is lost loudly, and training goes on.", Stack,
            OperatorScenarios.StagingDeletedAsync),
        new("retention-zero", "Whatever the policy, what can be restored newest stays, and what expired is refused.", Stack,
            OperatorScenarios.RetentionZeroAsync),
        new("rewind-under-load", "A rewind is refused while a run is live, and obeyed once it is not.", Stack,
            OperatorScenarios.RewindUnderLoadAsync),
        new("run-copied", "A copied folder is neither written over nor restored from.", Stack, OperatorScenarios.RunCopiedAsync),
        new("container-kill", "A database in a container that is killed and started again loses nothing that was acknowledged.", Containers,
            stage => ContainerScenarios.KillAsync(stage, program)),
        new("container-pause", "A database in a container that stands still costs time only.", Containers,
            stage => ContainerScenarios.PauseAsync(stage, program)),
        new("link-late", "A late link costs time only.", Stack, LinkScenarios.LateAsync),
        new("link-narrow", "A narrow link costs time only.", Stack, LinkScenarios.NarrowAsync),
        new("link-half-open", "Nobody waits for ever on a connection that nothing comes through.", Stack, LinkScenarios.HalfOpenAsync),
        new("link-resets", "Connections that break again and again cost time only.", Stack, LinkScenarios.ResetsAsync),
        new("store-power-loss-journal", "What was acknowledged survives, and the run goes on from it.",
            [Capability.PostgreSql, Capability.PowerLoss], stage => StoreScenarios.PowerLossAsync(stage, program, PowerCut.JournalFlushed)),
        .. Enum.GetValues<DamageClass>().Where(static kind => kind is not (DamageClass.ReplayedOlder or DamageClass.Swapped))
            .Select(static kind => new RealScenario(
                $"damage-{kind.ToString().ToLowerInvariant()}", "Damage of every class is found before anybody restores it.", Stack,
                stage => StoreScenarios.RotAsync(stage, kind, inBase: false))),
        .. BuiltInScenarios.Scenarios(),
    ];
}
