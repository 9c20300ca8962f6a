using Lineage.Agents.Restoring;
using Lineage.Agents.Shards;
using Lineage.ChaosHarness.Faults;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Tests.Chaos.Sweeps;

namespace Lineage.Tests.Chaos.Real;

/// <summary>Every class of damage to a stored checkpoint is found and named, and nothing else is.</summary>
public sealed class DamageDetection(SweepServer world) : IClassFixture<SweepServer>
{
    static readonly WorldSize Ranks = new(2);

    public static TheoryData<DamageClass> EveryClass => [.. Enum.GetValues<DamageClass>()];

    [Theory, MemberData(nameof(EveryClass))]
    public async Task Damage_is_named_to_its_shard_and_what_was_not_touched_is_intact(DamageClass kind)
    {
        var run = RunId.Parse($"damage-{(int)kind}");
        await world.Client.RegisterRunAsync(new RegisterRun(run, Policy: null, Labels: null), CancellationToken.None);
        await world.Client.TakeLeaseAsync(run, new TakeLease(world.Client.Actor, Ranks), CancellationToken.None);
        var (older, newer) = (await SaveAsync(run, 1), await SaveAsync(run, 2));
        Assert.Empty(await DamagedAsync(newer));
        var other = kind == DamageClass.ReplayedOlder ? PathOf(older, 0) : PathOf(newer, 1);

        StoredDamage.Apply(kind, PathOf(newer, 0), other);

        var damaged = await DamagedAsync(newer);
        var hurt = new HashSet<ShardId> { new(newer, new Rank(0)) };
        if (kind == DamageClass.Swapped) hurt.Add(new ShardId(newer, new Rank(1)));
        Assert.Equal(hurt, damaged.Select(static one => one.Shard).ToHashSet());
        Assert.All(damaged, static one => Assert.NotEqual(Finding.Intact, one.Found.Finding));
        Assert.Empty(await DamagedAsync(older));
    }

    async Task<CheckpointId> SaveAsync(RunId run, long step)
    {
        foreach (var rank in Ranks.Ranks)
        {
            var options = SaverHost.Options(world.Client.Server, world.State, run, new Generation(1), rank, Ranks);
            var hooks = await Agents.Saving.RankSaving.OpenAsync(options, TimeProvider.System, static _ => { }, steps: null,
                CancellationToken.None);
            await hooks.SaveAsync(SweepState.At(step, rank, Ranks), new Step(step), final: false, CancellationToken.None);
            savers.Add(hooks);
        }

        foreach (var hooks in savers)
        {
            await hooks.DrainAsync(CancellationToken.None);
            await hooks.DisposeAsync();
        }

        savers.Clear();
        return new CheckpointId(run, new Generation(1), new Step(step));
    }

    readonly List<Agents.Saving.SavingHooks> savers = [];

    async Task<IReadOnlyList<(ShardId Shard, ShardFinding Found)>> DamagedAsync(CheckpointId checkpoint)
    {
        var chain = await world.Client.GetChainAsync(checkpoint, CancellationToken.None);
        return (await new ChainVerifier(world.Tier, TimeProvider.System).VerifyAsync(chain, parallel: 2, CancellationToken.None)).Damaged;
    }

    string PathOf(CheckpointId checkpoint, int rank) =>
        world.Tier.PathOf(Contracts.Format.ObjectKeys.Shard(new ShardId(checkpoint, new Rank(rank))));
}
