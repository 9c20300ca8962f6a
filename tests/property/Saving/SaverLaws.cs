using FsCheck.Xunit;
using Lineage.Agents.Tiers;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Tests.Property.Saving;

public sealed class SaverLaws
{
    static readonly Problem Unreachable = Problem.Of(ProblemCodes.ServerUnreachable, 503, "Away", "The server is away.");

    [Property(MaxTest = 12)]
    public void Restoring_any_saved_step_returns_exactly_the_captured_bytes(int seed, byte pick)
    {
        RestoringAnySavedStepAsync(seed, pick).GetAwaiter().GetResult();
    }

    static async Task RestoringAnySavedStepAsync(int seed, byte pick)
    {
        await using var world = new SavingWorld(worldSize: 2, fullEvery: 3);
        var ranks = new[] { world.Rank(0), world.Rank(1) };
        var states = ranks.Select(r => new MemoryRankState(r.Rank, world.World, rows: 1 + (pick % 9), columns: 5, seed)).ToArray();
        var captured = new Dictionary<(long Step, int Rank), byte[][]>();
        for (var step = 1; step <= 4; step++)
        {
            foreach (var (rank, state) in ranks.Zip(states))
            {
                state.Train(seed + step);
                captured[(step, rank.Rank.Value)] = state.Copy();
                await rank.Saver.SaveAsync(state, new Step(step), final: false, CancellationToken.None);
            }

            foreach (var rank in ranks) Assert.True(await rank.Saver.DrainAsync(CancellationToken.None));
        }

        var at = 1 + (pick % 4);
        foreach (var rank in ranks)
        {
            var target = new MemoryRankState(rank.Rank, world.World, rows: 1 + (pick % 9), columns: 5, seed: 999);
            world.Restorer.Restore(target, world.Service.Chain(SavingWorld.Id(at)), rank.Rank, CancellationToken.None);
            Assert.True(target.Holds(captured[(at, rank.Rank.Value)]), $"step {at}, rank {rank.Rank}, seed {seed}");
        }
    }

    [Fact]
    public async Task Training_may_change_the_state_as_soon_as_the_save_returns()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        var rank = world.Rank(0);
        var state = new MemoryRankState(rank.Rank, world.World, rows: 300, columns: 400, seed: 1);
        var captured = state.Copy();
        await rank.Saver.SaveAsync(state, new Step(1), final: false, CancellationToken.None);
        state.Train(seed: 2);
        await rank.Saver.DrainAsync(CancellationToken.None);

        world.Restorer.Restore(state, world.Service.Chain(SavingWorld.Id(1)), rank.Rank, CancellationToken.None);
        Assert.True(state.Holds(captured));
    }

    [Fact]
    public async Task A_service_that_is_away_delays_a_save_and_loses_none()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        var rank = world.Rank(0);
        world.Service.Away = Unreachable;
        var state = new MemoryRankState(rank.Rank, world.World, 4, 4, seed: 1);
        await rank.Saver.SaveAsync(state, new Step(1), final: false, CancellationToken.None);
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        Assert.Empty(world.Service.SealedCheckpoints);

        world.Service.Away = null;
        Assert.True(await rank.Saver.DrainAsync(CancellationToken.None));
        Assert.Equal([SavingWorld.Id(1)], world.Service.SealedCheckpoints);
        Assert.Equal(0, rank.Outbox.Count);
    }

    [Fact]
    public async Task A_report_that_was_taken_over_and_lost_is_sent_again_under_the_same_id()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        world.Service.LosesFacts = 2;   // the diff and the store report of the first attempt
        var rank = world.Rank(0);
        var state = new MemoryRankState(rank.Rank, world.World, 4, 4, seed: 1);
        await rank.Saver.SaveAsync(state, new Step(1), final: false, CancellationToken.None);
        Assert.True(await rank.Saver.DrainAsync(CancellationToken.None));

        var stores = world.Service.Received.OfType<ShardStoreReported>().ToList();
        Assert.True(stores.Count >= 2, $"sent {stores.Count} times");
        Assert.Single(stores.Select(static fact => fact.Id).Distinct());
        Assert.Equal(1, rank.Saver.SealedSaves);
    }

    [Fact]
    public async Task A_service_that_stays_away_fails_the_save_and_not_the_training()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8)
        {
            Bounds = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(200)),
        };
        var rank = world.Rank(0);
        world.Service.Away = Unreachable;
        var state = new MemoryRankState(rank.Rank, world.World, 4, 4, seed: 1);
        await rank.Saver.SaveAsync(state, new Step(1), final: false, CancellationToken.None);
        Assert.True(await rank.Saver.DrainAsync(CancellationToken.None));
        Assert.Equal((0, 1), (rank.Saver.SealedSaves, rank.Saver.FailedSaves));
        Assert.Contains("\"outcome\":\"unopened\"", Assert.Single(rank.Records()), StringComparison.Ordinal);

        world.Service.Away = null;
        await rank.Saver.SaveAsync(state, new Step(2), final: false, CancellationToken.None);
        await rank.Saver.DrainAsync(CancellationToken.None);
        Assert.Equal([SavingWorld.Id(2)], world.Service.SealedCheckpoints);
    }

    [Fact]
    public async Task A_fenced_rank_is_told_to_stop_with_its_exit_code()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        var rank = world.Rank(0);
        world.Service.Current = new Generation(2);
        var state = new MemoryRankState(rank.Rank, world.World, 4, 4, seed: 1);
        await rank.Saver.SaveAsync(state, new Step(1), final: false, CancellationToken.None);
        var refused = await Assert.ThrowsAsync<RankRefusedException>(() => rank.Saver.DrainAsync(CancellationToken.None));
        Assert.Equal((ProblemCodes.StaleGeneration, ExitCodes.Fenced), (refused.Code, refused.ExitCode));
        Assert.Empty(world.Tier.List(""));
    }

    [Fact]
    public async Task A_save_beyond_the_queue_waits_until_an_earlier_one_has_ended()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        var rank = world.Rank(0);
        world.Service.Away = Unreachable;
        var state = new MemoryRankState(rank.Rank, world.World, 4, 4, seed: 1);
        await rank.Saver.SaveAsync(state, new Step(1), final: false, CancellationToken.None);
        await rank.Saver.SaveAsync(state, new Step(2), final: false, CancellationToken.None);
        var third = rank.Saver.SaveAsync(state, new Step(3), final: false, CancellationToken.None).AsTask();
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        Assert.False(third.IsCompleted);

        world.Service.Away = null;
        await third;
        await rank.Saver.DrainAsync(CancellationToken.None);
        Assert.Equal(3, world.Service.SealedCheckpoints.Count);
    }

    [Fact]
    public async Task A_full_disk_fails_the_save_by_name_and_leaves_no_object()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        var rank = world.Rank(0, steps: new FailAt(DurableStep.PartlyWritten, () => new IOException("No space left on device", 28)));
        var state = new MemoryRankState(rank.Rank, world.World, 4, 4, seed: 1);
        await rank.Saver.SaveAsync(state, new Step(1), final: false, CancellationToken.None);
        await rank.Saver.DrainAsync(CancellationToken.None);
        Assert.Contains("\"code\":\"disk-full\"", Assert.Single(rank.Records()), StringComparison.Ordinal);
        Assert.Empty(world.Tier.List(""));
        Assert.Empty(Directory.EnumerateFiles(world.Directory["store"], "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_full_outbox_fails_the_save_by_name()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        var rank = world.Rank(0, outboxMax: 0);
        var state = new MemoryRankState(rank.Rank, world.World, 4, 4, seed: 1);
        await rank.Saver.SaveAsync(state, new Step(1), final: false, CancellationToken.None);
        await rank.Saver.DrainAsync(CancellationToken.None);
        Assert.Contains("\"code\":\"outbox-full\"", Assert.Single(rank.Records()), StringComparison.Ordinal);
    }

    /// <summary>
    /// The peer's save would have waited for its deadline, its queue would have filled, and rank 0 would have taken it for dead.
    /// </summary>
    [Theory, InlineData(DurableStep.PartlyWritten), InlineData(DurableStep.OutboxTempWritten)]
    public async Task One_ranks_full_disk_ends_the_save_of_every_rank_and_the_next_one_is_sealed(DurableStep at)
    {
        await using var world = new SavingWorld(worldSize: 2, fullEvery: 8);
        var disk = new FailAt(at, static () => new IOException("No space left on device", 28));
        SavingRank[] ranks = [world.Rank(0, steps: disk), world.Rank(1)];
        var states = ranks.Select(r => new MemoryRankState(r.Rank, world.World, 4, 4, seed: 1)).ToArray();
        foreach (var step in (long[])[1, 2])
        {
            foreach (var (rank, state) in ranks.Zip(states))
                await rank.Saver.SaveAsync(state, new Step(step), final: false, CancellationToken.None);
            foreach (var rank in ranks) Assert.True(await rank.Saver.DrainAsync(CancellationToken.None));
            disk.IsOver = true;
        }

        Assert.Equal([(SavingWorld.Id(1), new Rank(0), ProblemCodes.DiskFull)], world.Service.Failures);
        Assert.Equal([SavingWorld.Id(2)], world.Service.SealedCheckpoints);
        Assert.Contains("\"outcome\":\"failed\"", ranks[0].Records()[0], StringComparison.Ordinal);
        Assert.Contains("\"outcome\":\"abandoned\"", ranks[1].Records()[0], StringComparison.Ordinal);
        Assert.All(ranks, static rank => Assert.Equal((1, 1, 0), (rank.Saver.SealedSaves, rank.Saver.FailedSaves, rank.Outbox.Count)));
    }

    [Fact]
    public async Task A_failure_is_told_as_soon_as_the_service_is_back()
    {
        await using var world = new SavingWorld(worldSize: 1, fullEvery: 8);
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var rank = world.Rank(0, steps: new FailAt(DurableStep.PartlyWritten, () =>
        {
            world.Service.Away = Unreachable;
            failed.TrySetResult();
            return new IOException("No space left on device", 28);
        }));
        await rank.Saver.SaveAsync(new MemoryRankState(rank.Rank, world.World, 4, 4, seed: 1), new Step(1), final: false, default);
        var drained = rank.Saver.DrainAsync(CancellationToken.None);
        await failed.Task;
        Assert.Empty(world.Service.Failures);
        world.Service.Away = null;
        Assert.True(await drained);
        Assert.Equal([(SavingWorld.Id(1), new Rank(0), ProblemCodes.DiskFull)], world.Service.Failures);
    }

    sealed class FailAt(DurableStep at, Func<Exception> failure) : IDurableSteps
    {
        public bool IsOver { get; set; }

        public void Reached(DurableStep step)
        {
            if (step == at && !IsOver) throw failure();
        }
    }
}
