using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Keeping;

public sealed class ReclaimerLaws
{
    static readonly Checkpoint Full = Verified(Id(1, 10)), Delta = Verified(Id(1, 20), EdgeTo(Full)), Kept = Verified(Id(1, 30));

    static Checkpoint Expired(Checkpoint state) => Checkpoint.Fold(
        state, new CheckpointExpired(state.Id, "no rule keeps it", Hash("plan"), At(100), At(50)))!;

    /// <summary>One of its two ranks stored; the other stored too, but died before it could say so.</summary>
    static Checkpoint Abandoned() => Checkpoint.Fold(
        After(CheckpointOf(Opened(Id(1, 40))), RunAt(1), Stored(Id(1, 40), 0)),
        new CheckpointAbandoned(Id(1, 40), AbandonCause.DeadlinePassed, [new Rank(1)], "late", At(60)))!;

    static ReclaimWorld World()
    {
        var world = new ReclaimWorld(Expired(Full), Expired(Delta), Kept, Abandoned());
        world.Put(ObjectKeys.Shard(new ShardId(Id(1, 40), new Rank(1))), 444);
        return world;
    }

    [Fact]
    public async Task What_may_go_goes_deltas_first_and_what_stays_is_untouched()
    {
        using var world = World();
        var round = await world.RoundAsync();
        AssertAllGone(world);
        Assert.Equal(3, round.Reclaimed);
        Assert.Equal(
            [(Id(1, 40), 600L + 444), (Id(1, 20), 300 + 301 + 77), (Id(1, 10), 600 + 601 + 77)],
            world.Events.OfType<ShardsReclaimed>().Select(static e => (e.Checkpoint, e.Bytes)));
        Assert.Equal((0, 0), ((await world.RoundAsync()).Reclaimed, world.Said.Count(static line => line.Contains('['))));
    }

    /// <summary>A keeper that dies at any step leaves work that the next keeper finishes: nothing is decided twice, nothing else is
    /// touched, and no object goes before the decision is on record.</summary>
    [Fact]
    public async Task A_keeper_killed_at_any_step_is_mended_by_the_next_one()
    {
        using var whole = World();
        await whole.RoundAsync();
        for (var at = 0; at < whole.Steps; at++)
        {
            using var world = World();
            await Assert.ThrowsAnyAsync<Exception>(() => world.RoundAsync(stopAfter: at));
            foreach (var checkpoint in new[] { Full, Delta })
                if (world[checkpoint.Id].Phase != CheckpointPhase.Reclaimed)
                    Assert.Equal(3, world.Tier.List(ObjectKeys.Checkpoint(checkpoint.Id)).Count);
            await world.RoundAsync();
            AssertAllGone(world);
        }

        Assert.True(whole.Steps > 25, $"only {whole.Steps} steps were swept");
    }

    [Fact]
    public async Task A_base_waits_for_the_delta_that_is_on_it_and_nobody_is_told_every_round()
    {
        using var world = new ReclaimWorld(Expired(Full), Delta);
        Assert.Equal(0, (await world.RoundAsync()).Reclaimed);
        await world.RoundAsync();
        Assert.Equal((3, 3), (world.Tier.List("demo/g1/s10").Count, world.Tier.List("demo/g1/s20").Count));
        Assert.Empty(world.Said);
    }

    static void AssertAllGone(ReclaimWorld world)
    {
        Assert.Equal(
            ["demo/g1/s30/manifest.json", "demo/g1/s30/r0.shard", "demo/g1/s30/r1.shard"], world.Tier.List(""));
        foreach (var id in new[] { Id(1, 10), Id(1, 20), Id(1, 40) })
        {
            Assert.Equal(
                [typeof(ReclaimStarted), typeof(ShardsReclaimed)],
                world.Events.Where(e => e is ReclaimStarted s ? s.Checkpoint == id : ((ShardsReclaimed)e).Checkpoint == id)
                    .Select(static e => e.GetType()));
            Assert.Equal(id == Id(1, 40) ? CheckpointPhase.Abandoned : CheckpointPhase.Reclaimed, world[id].Phase);
        }
    }
}
