using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Saving;

/// <summary>Which capture a rank keeps in memory as the next base, and that a wrong guess costs a read and nothing else.</summary>
public sealed class BaseLaws
{
    [Fact]
    public async Task A_chain_of_small_deltas_is_written_from_memory_and_restores_bit_for_bit()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        world.Service.DepthMax = 8;
        var captured = await SaveAsync(world, saves: 5, static (state, step) => state.Nudge(step));
        Assert.Equal([null, 0, 1, 2, 3], Bases(world).Select(static link => link?.Depth));
        Assert.Equal(0, world.Service.ChainReads);
        CheckRestores(world, captured);
    }

    [Fact]
    public async Task A_star_is_written_from_memory_whether_its_deltas_are_small_or_large()
    {
        foreach (var large in new[] { false, true })
        {
            await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
            var captured = await SaveAsync(world, saves: 4, (state, step) =>
            {
                if (large) state.Train(step);
                else state.Nudge(step);
            });
            Assert.Equal([null, 0, 0, 0], Bases(world).Select(static link => link?.Depth));
            Assert.Equal(0, world.Service.ChainReads);
            CheckRestores(world, captured);
        }
    }

    [Fact]
    public async Task A_plan_that_names_another_base_than_the_one_kept_reads_it_back_through_its_chain_once()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        world.Service.DepthMax = 8;
        var captured = await SaveAsync(world, saves: 5, (state, step) =>
        {
            state.Nudge(step);
            world.Service.Names = step == 4 ? SavingWorld.Id(2) : null;   // the third delta goes on the first one, not on the second
        });
        Assert.Equal([null, 1, 2, 2, 4], Bases(world).Select(static link => link?.Checkpoint.Step.Value));
        Assert.Equal(1, world.Service.ChainReads);
        CheckRestores(world, captured);
    }

    [Fact]
    public async Task A_new_process_reads_the_base_back_once_and_keeps_what_it_writes_from_then_on()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        world.Service.DepthMax = 8;
        await SaveAsync(world, saves: 3, static (state, step) => state.Nudge(step));
        var captured = await SaveAsync(world, saves: 3, static (state, step) => state.Nudge(step), after: 3);
        Assert.Equal([null, 0, 1, 2, 3, 4], Bases(world).Select(static link => link?.Depth));
        Assert.Equal(1, world.Service.ChainReads);
        CheckRestores(world, captured);
    }

    /// <returns>What each step captured.</returns>
    static async Task<Dictionary<long, byte[][]>> SaveAsync(
        SavingWorld world, int saves, Action<MemoryRankState, int> train, int after = 0)
    {
        var rank = world.Rank(0);
        var state = State(world);
        var captured = new Dictionary<long, byte[][]>();
        for (var step = after + 1; step <= after + saves; step++)
        {
            train(state, step);
            captured[step] = state.Copy();
            await rank.Saver.SaveAsync(state, new Step(step), final: false, CancellationToken.None);
            Assert.True(await rank.Saver.DrainAsync(CancellationToken.None));
        }

        Assert.Equal((saves, 0), (rank.Saver.SealedSaves, rank.Saver.FailedSaves));
        return captured;
    }

    /// <summary>Large enough that a delta of one chunk is small against it, index and header included.</summary>
    static MemoryRankState State(SavingWorld world) => new(new Rank(0), world.World, rows: 300, columns: 400, seed: 1);

    static IEnumerable<BaseLink?> Bases(SavingWorld world) => world.Service.Plans.Select(static plan => plan.Base);

    static void CheckRestores(SavingWorld world, Dictionary<long, byte[][]> captured)
    {
        foreach (var (step, bytes) in captured)
        {
            var target = State(world);
            world.Restorer.Restore(target, world.Service.Chain(SavingWorld.Id(step)), new Rank(0), CancellationToken.None);
            Assert.True(target.Holds(bytes), $"step {step}");
        }
    }
}
