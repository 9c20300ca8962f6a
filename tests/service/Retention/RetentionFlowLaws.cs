using Lineage.Agents.Keeping;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Http;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Retention;

/// <summary>Plan, apply, undo and reclaim against a real server, PostgreSQL and directory.</summary>
public sealed class RetentionFlowLaws(SharedServer shared) : IClassFixture<SharedServer>, IDisposable
{
    static readonly ActorId Keeper = ActorId.Parse("keeper:test");
    static readonly RetentionPolicy LatestTwo = new(Latest: 2, GraceSeconds: 3_600, VerifiedMin: 1);

    readonly RunningServer server = shared.Server;
    readonly string folder = RunningServer.Folder();

    LocalDirectoryTier Tier => field ??= new LocalDirectoryTier(folder);

    [Fact]
    public async Task A_plan_is_looked_at_applied_repeated_and_taken_back()
    {
        var story = await RunAsync("planned", saves: 4, LatestTwo);
        var plan = await server.Client.GetRetentionPlanAsync(story.Run, whatIf: null, default);
        Assert.Equal((2, 2), (plan.Kept, plan.Expiring));
        Assert.Equal(3, (await server.Client.GetRetentionPlanAsync(story.Run, LatestTwo with { Latest = 1 }, default)).Expiring);
        var outdated = await RefusedAsync(() => ApplyAsync(story.Run, Story.Hash("another")));
        Assert.Equal(ProblemCodes.PlanOutdated, outdated.Code);

        var applied = await ApplyAsync(story.Run, plan.Digest);
        Assert.Equal([story.Id(20), story.Id(10)], applied.Expired.Select(static e => e.Checkpoint));
        Assert.Equal((plan.FreedBytes, 0), (applied.FreedBytes, applied.Remaining));
        Assert.Equal(applied.Expired, (await ApplyAsync(story.Run, plan.Digest)).Expired);   // a repeat changes nothing
        Assert.Equal(CheckpointPhase.Expired, (await server.Client.GetCheckpointAsync(story.Id(10), default)).Phase);

        // Expired: offered no more, not deleted yet, and no restore begins from it.
        Assert.Equal(2, (await server.Client.GetRestorePointsAsync(story.Run, null, null, default)).Usable.Count);
        Assert.Equal(
            ProblemCodes.NoRestorePoint,
            (await RefusedAsync(() => server.Client.GetRestorePlanAsync($"{story.Id(10)}", world: null, default))).Code);
        Assert.Equal(
            ProblemCodes.StillNeeded,
            (await RefusedAsync(() => server.Client.StartReclaimAsync(story.Id(10), new StartReclaim(Keeper), default))).Code);

        var back = await server.Client.UndoExpiryAsync(story.Id(10), new UndoExpiry(server.Client.Actor, "paper"), default);
        Assert.Equal(CheckpointPhase.Verified, back.Phase);
        var undone = await server.Client.UndoRetentionPlanAsync(
            story.Run, new UndoPlan(plan.Digest, server.Client.Actor, "wrong policy"), default);
        Assert.Equal([story.Id(20)], undone.Undone);
        var next = await server.Client.GetRetentionPlanAsync(story.Run, whatIf: null, default);
        Assert.Equal([story.Id(20)], next.Entries.Where(static e => e.Outcome == RetentionOutcome.Expire).Select(static e => e.Checkpoint));
        Assert.Contains("expiry undone: paper", next.Entries[^1].Why, StringComparison.Ordinal);   // pinned, so that it stays back
    }

    [Fact]
    public async Task What_a_fork_went_on_from_is_kept_and_named()
    {
        // Without a policy of its own: the keeper of another test applies those of all runs.
        var story = await RunAsync("forked", saves: 4, policy: null);
        await server.Client.ForkAsync(
            new ForkRun(RunId.Parse("forked-child"), story.Id(10), Policy: null, Labels: null, "lower rate"), default);
        var plan = await server.Client.GetRetentionPlanAsync(story.Run, LatestTwo, default);
        Assert.Equal([story.Id(20)], plan.Entries.Where(static e => e.Outcome == RetentionOutcome.Expire).Select(static e => e.Checkpoint));
        var held = await server.Client.GetHoldersAsync(story.Id(10), asOf: null, default);
        Assert.Contains(held.HeldBy, static h => h.Rule == KeepRule.Fork && h.Detail.Contains("forked-child", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_keeper_expires_by_the_policy_and_deletes_what_may_go_and_nothing_else()
    {
        var story = await RunAsync("reclaimed", saves: 3, LatestTwo with { Latest = 1, GraceSeconds = 0 });
        await story.OpenAsync(story.Id(40));
        await server.Client.AbandonCheckpointAsync(story.Id(40), new AbandonCheckpoint(server.Client.Actor, "asked"), default);
        var held = await server.Client.GetHoldersAsync(story.Id(30), asOf: null, default);
        Assert.False(held.SafeToDelete);
        Assert.Equal([KeepRule.NewestRestorePoint, KeepRule.Latest], held.HeldBy.Select(static h => h.Rule));
        Assert.True((await server.Client.GetHoldersAsync(story.Id(10), asOf: null, default)).SafeToDelete);

        var said = new List<string>();
        using var client = server.NewClient(Keeper);
        var round = await new Reclaimer(Keeper, client, Tier, said.Add).RoundAsync(default);
        Assert.True(round is { Expired: 2, Reclaimed: 2, FreedBytes: 4 * 1_234 }, $"{round}; {string.Join(" | ", said)}");
        Assert.Equal(["reclaimed/g1/s30/r0.shard", "reclaimed/g1/s30/r1.shard"], Tier.List(""));
        foreach (var step in new long[] { 10, 20 })
            Assert.Equal(CheckpointPhase.Reclaimed, (await client.GetCheckpointAsync(story.Id(step), default)).Phase);
        Assert.DoesNotContain((await client.ListPendingReclaimsAsync(null, 50, default)).Items, w => w.Checkpoint.Run == story.Run);
        Assert.Equal(
            ProblemCodes.GraceOver,
            (await RefusedAsync(() => client.UndoExpiryAsync(story.Id(10), new UndoExpiry(Keeper, "late"), default))).Code);
        Assert.Equal(new ReclaimRound(0, 0, 0), await new Reclaimer(Keeper, client, Tier, said.Add).RoundAsync(default));

        var names = (await story.LogAsync()).Where(e => e.Stream == story.Id(10).StreamKey).Select(static e => e.Name).ToList();
        Assert.Equal(["checkpoint-expired.v1", "reclaim-started.v1", "shards-reclaimed.v1"], names[^3..]);
    }

    [Fact]
    public async Task What_is_tagged_pinned_being_built_on_or_restored_is_held_by_name()
    {
        var story = await RunAsync("held", saves: 3, LatestTwo with { Latest = 1 }, fullEvery: 8);
        await server.Client.PlaceTagAsync(story.Run, "release", new PlaceTag(story.Id(20), Before: null), default);
        await story.OpenAsync(story.Id(40));
        await server.Client.StartRecoveryAsync(
            story.Run, new StartRecovery(server.Client.Actor, new WorldSize(2), new Generation(1), "killed", [], null), default);
        Assert.Contains(
            new KeepReason(KeepRule.Tag, "tag release"), (await server.Client.GetHoldersAsync(story.Id(20), asOf: null, default)).HeldBy);
        Assert.Contains(
            new KeepReason(KeepRule.Restoring, "recovery held/2 is restoring it"),
            (await server.Client.GetHoldersAsync(story.Id(30), asOf: null, default)).HeldBy);
        var full = (await server.Client.GetHoldersAsync(story.Id(10), asOf: null, default)).HeldBy;
        Assert.Contains(full, static reason => reason.Rule == KeepRule.BaseOf);
        Assert.Equal(0, (await server.Client.GetRetentionPlanAsync(story.Run, whatIf: null, default)).Expiring);
    }

    async Task<Story> RunAsync(string name, int saves, RetentionPolicy? policy, int fullEvery = 1)
    {
        var story = await Story.BeginAsync(server.Client, name, policy: new SavePolicy(FullEvery: fullEvery, SaveDeadlineSeconds: 3_600));
        await server.Client.ChangeRetentionAsync(story.Run, new ChangeRetention(policy, "test"), default);
        for (var save = 1; save <= saves; save++)
        {
            var saved = await story.SaveAndVerifyAsync(save * 10);
            foreach (var shard in saved.Shards)
                await Tier.PutAsync(
                    shard.Stored!.ObjectKey, (stream, ct) => stream.WriteAsync(new byte[shard.Stored.StoredBytes], ct), NoSteps.Instance,
                    default);
        }

        return story;
    }

    Task<RetentionApplied> ApplyAsync(RunId run, ContentHash plan) =>
        server.Client.ApplyRetentionAsync(run, new ApplyRetention(plan, server.Client.Actor), default);

    static async Task<Problem> RefusedAsync(Func<Task> act) => (await Assert.ThrowsAsync<LineageProblemException>(act)).Problem;

    public void Dispose() => RunningServer.Delete(folder);
}
