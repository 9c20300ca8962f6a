using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Http;

/// <summary>Saves that a rank gives up, and saves that nobody can verify.</summary>
public sealed class FailedSaveLaws(SharedServer shared) : IClassFixture<SharedServer>
{
    readonly RunningServer server = shared.Server;

    Task FailAsync(CheckpointId id, int rank) => server.Client.ReportRankFailureAsync(
        id, new Rank(rank), new ReportRankFailure(Story.RankActor(id, rank), "save-1", ProblemCodes.DiskFull, "No space left."), default);

    [Fact]
    public async Task A_rank_that_cannot_save_ends_the_save_at_once_and_the_next_one_is_sealed()
    {
        var story = await Story.BeginAsync(server.Client, "failed-save");
        var plan = await story.OpenAsync(story.Id(10));
        await story.PostAsync(Story.ReportsOf(plan, new Rank(1)));
        await FailAsync(plan.Checkpoint, 0);
        await FailAsync(plan.Checkpoint, 0);   // its answer was lost

        var closed = await server.Client.GetCheckpointAsync(plan.Checkpoint, default);
        Assert.Equal(CheckpointPhase.Abandoned, closed.Phase);
        Assert.Equal("rank 0 could not save its shard: No space left. [disk-full]", closed.Cause);
        Assert.True(closed.ClosedAt < closed.Deadline, $"closed at {closed.ClosedAt}, its deadline is {closed.Deadline}");
        Assert.Equal([new Rank(0)], closed.MissingRanks);
        var entry = Assert.Single(await story.LogAsync(), static e => e.Name == EventCatalog.Names[typeof(CheckpointAbandoned)]);
        Assert.Equal("rank:failed-save/1/0", entry.Actor);
        Assert.Equal(
            ("rank-failed", 0, "disk-full"),
            (entry.Body.GetProperty("cause").GetString(), entry.Body.GetProperty("failure").GetProperty("rank").GetInt32(),
                entry.Body.GetProperty("failure").GetProperty("code").GetString()));
        await story.SaveAsync(20);
    }

    [Fact]
    public async Task Neither_a_zombie_nor_a_rank_whose_shard_is_on_record_gives_a_save_up()
    {
        var story = await Story.BeginAsync(server.Client, "zombie-fails");
        var plan = await story.OpenAsync(story.Id(10));
        await story.PostAsync(Story.ReportsOf(plan, new Rank(1)));
        await Story.UntilAsync(
            () => server.Client.GetCheckpointAsync(plan.Checkpoint, default), static view => view.Shards.Any(s => s.Stored is not null),
            "a shard is on record");
        Assert.Equal(ProblemCodes.ShardConflict, await CodeAsync(plan.Checkpoint, 1));
        await story.PostAsync(Story.ReportsOf(plan, new Rank(0)));
        await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Sealed);
        Assert.Equal(ProblemCodes.CheckpointClosed, await CodeAsync(plan.Checkpoint, 0));

        await story.PostAsync(story.FindingsOf(plan.Checkpoint));
        await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Verified);
        await server.Client.StartRecoveryAsync(story.Run, new StartRecovery(
            server.Client.Actor, new WorldSize(2), new Generation(1), "rank 0 killed", [new Rank(0)], new Step(12)), default);
        Assert.Equal(ProblemCodes.StaleGeneration, await CodeAsync(story.Id(20), 0));
        var refusal = Assert.Single(
            await story.LogAsync(), static e => e.Name == EventCatalog.Names[typeof(StaleGenerationRefused)]);
        Assert.Equal("report-failure", refusal.Body.GetProperty("attempt").GetString());
    }

    async Task<string> CodeAsync(CheckpointId id, int rank) =>
        (await Assert.ThrowsAsync<LineageProblemException>(() => FailAsync(id, rank))).Code;

    [Fact]
    public async Task What_is_built_on_something_quarantined_is_pending_for_no_keeper()
    {
        var story = await Story.BeginAsync(server.Client, "pending", policy: new SavePolicy(FullEvery: 3));
        var keyframe = await story.SaveAndVerifyAsync(10);
        foreach (var step in (long[])[20, 30, 40]) await story.SaveAsync(step);
        Assert.Equal([20L, 30L, 40L], await PendingAsync(story));

        await story.PostAsync([.. story.FindingsOf(keyframe.Checkpoint, Finding.Altered).Take(1)]);
        await story.UntilAsync(keyframe.Checkpoint, CheckpointPhase.Quarantined);
        Assert.Equal([40L], await PendingAsync(story));   // a full one: nothing below it
    }

    async Task<IReadOnlyList<long>> PendingAsync(Story story) =>
    [
        .. (await server.Client.ListPendingVerificationsAsync(after: null, limit: 200, default)).Items
            .Where(view => view.Checkpoint.Run == story.Run).Select(static view => view.Checkpoint.Step.Value),
    ];
}
