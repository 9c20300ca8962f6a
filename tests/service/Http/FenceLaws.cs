using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Http;

public sealed class FenceLaws(SharedServer shared) : IClassFixture<SharedServer>
{
    readonly RunningServer server = shared.Server;

    [Fact]
    public async Task A_rank_of_an_older_generation_is_refused_and_the_refusal_is_on_record_once()
    {
        var story = await Story.BeginAsync(server.Client, "zombie");
        await story.SaveAndVerifyAsync(10);
        var torn = await story.OpenAsync(story.Id(20));
        await RecoverAsync(story, 1);

        for (var i = 0; i < 3; i++)
            Assert.Equal(ProblemCodes.StaleGeneration, (await ProblemOf(() => story.OpenAsync(story.Id(30), rank: 1))).Code);
        await story.PostAsync(story.ReportsOf(torn));   // by message it cannot be told, but it changes nothing
        var closed = await story.UntilAsync(torn.Checkpoint, CheckpointPhase.Abandoned);
        Assert.Equal([new Rank(0), new Rank(1)], closed.MissingRanks);

        var log = await Story.UntilAsync(story.LogAsync, static l => l.Count(IsRefusal) >= 3, "the refused store reports are on record");
        var opens = log.Where(IsRefusal).Where(static e => e.Body.GetProperty("attempt").GetString() is "open-checkpoint").ToList();
        Assert.Single(opens);
        Assert.Equal(("rank:zombie/1/1", 1), (opens[0].Actor, opens[0].Body.GetProperty("rank").GetInt32()));
    }

    [Fact]
    public async Task Two_launchers_never_hold_the_lease_of_one_run_at_once()
    {
        var story = await Story.BeginAsync(server.Client, "contested");
        using var other = server.NewClient(ActorId.Parse("launcher:other"));
        var refused = await ProblemOf(() => other.StartRecoveryAsync(
            story.Run, new StartRecovery(other.Actor, new WorldSize(2), FailedGeneration: null, "resume", [], ReachedStep: null), default));
        Assert.Equal(ProblemCodes.LeaseHeld, refused.Code);
        Assert.Equal(new Generation(1), (await server.Client.GetRunAsync(story.Run, default)).Generation);
    }

    [Fact]
    public async Task A_damaged_restore_point_is_quarantined_and_the_same_recovery_chooses_an_older_one()
    {
        var story = await Story.BeginAsync(server.Client, "damaged", policy: new SavePolicy(FullEvery: 1));
        var older = await story.SaveAndVerifyAsync(10);
        var newer = await story.SaveAndVerifyAsync(20);
        var recovery = await RecoverAsync(story, 1);
        Assert.Equal(newer.Checkpoint, recovery.Chosen);

        await story.PostAsync([.. story.FindingsOf(newer.Checkpoint, Finding.Altered).Take(1)]);
        await story.UntilAsync(newer.Checkpoint, CheckpointPhase.Quarantined);
        recovery = await server.Client.ChooseAgainAsync(recovery.Recovery, new ChooseAgain(server.Client.Actor, 1, "rank 0 found damage"),
            default);
        Assert.Equal((2, older.Checkpoint), (recovery.Attempt, recovery.Chosen!.Value));
        Assert.Equal(RejectionReason.Quarantined, recovery.Rejected.Single(r => r.Checkpoint == newer.Checkpoint).Reason);

        var resolved = await server.Client.ResolveAsync("damaged:latest-verified", default);
        Assert.Equal(older.Checkpoint, resolved.Checkpoint);
        var plan = await server.Client.GetRestorePlanAsync("damaged", world: null, default);
        Assert.Equal(older.Checkpoint, plan.Checkpoint);
        Assert.Contains(plan.Rejected, r => r.Checkpoint == newer.Checkpoint);
    }

    [Fact]
    public async Task A_save_past_its_deadline_is_abandoned_with_its_missing_ranks_and_a_silent_lease_expires()
    {
        var story = await Story.BeginAsync(server.Client, "late", policy: new SavePolicy(SaveDeadlineSeconds: 1, LeaseSeconds: 2));
        var plan = await story.OpenAsync(story.Id(10));
        await story.PostAsync(Story.ReportsOf(plan, new Rank(0)));
        var closed = await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Abandoned);
        Assert.Equal([new Rank(1)], closed.MissingRanks);
        await Story.UntilAsync(() => server.Client.GetRunAsync(story.Run, default), static run => run.Holder is null, "the lease expires");
    }

    static bool IsRefusal(LogEntry entry) => entry.Name is "stale-generation-refused.v1";

    Task<RecoveryView> RecoverAsync(Story story, long failed) => server.Client.StartRecoveryAsync(
        story.Run, new StartRecovery(server.Client.Actor, new WorldSize(2), new Generation(failed), "rank 1 killed by signal 9",
            [new Rank(1)], new Step(25)), default);

    static async Task<Problem> ProblemOf(Func<Task> request) => (await Assert.ThrowsAsync<LineageProblemException>(request)).Problem;
}
