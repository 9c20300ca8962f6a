using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Retention;
using Lineage.Store;
using Lineage.Tests.Service.Http;
using Lineage.Tests.Service.Worlds;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Lineage.Tests.Service.Retention;

/// <summary>
/// Saves that are opened while their base is taken away. A plan would never let go of the newest base; here it is expired behind the
/// planner's back, so that only the holds of the run stand between an open save and the deletion of what it builds on.
/// </summary>
public sealed class ReclaimRaceLaws(SharedServer shared) : IClassFixture<SharedServer>
{
    const int Rounds = 8, Opens = 6;
    static readonly ActorId Keeper = ActorId.Parse("keeper:test");

    readonly RunningServer server = shared.Server;

    HistoryReader Histories => server.Server.Services.GetRequiredService<HistoryReader>();

    Ledger Ledger => server.Server.Services.GetRequiredService<Ledger>();

    [Fact]
    public async Task No_open_checkpoint_ever_has_a_reclaimed_base()
    {
        var (kept, taken) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var story = await Story.BeginAsync(server.Client, $"race-{round}");
            await story.SaveAndVerifyAsync(10);
            var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var opens = Enumerable.Range(0, Opens).Select(async i =>
            {
                await begin.Task;
                return await story.OpenAsync(story.Id(20 + i));
            }).ToList();
            var reclaim = Task.Run(async () =>
            {
                await begin.Task;
                await ExpireAsync(story.Id(10));
                return await IsReclaimedAsync(story.Id(10));
            });
            begin.SetResult();
            var plans = await Task.WhenAll(opens);
            var gone = await reclaim;
            var built = plans.Count(plan => plan.Base?.Checkpoint == story.Id(10));
            Assert.False(gone && built > 0, $"round {round}: {built} saves were opened on {story.Id(10)}, which is reclaimed");
            Assert.Equal(gone ? CheckpointPhase.Reclaimed : CheckpointPhase.Expired,
                (await server.Client.GetCheckpointAsync(story.Id(10), default)).Phase);
            (kept, taken) = (kept + (gone ? 0 : 1), taken + (gone ? 1 : 0));
        }

        Assert.Equal(Rounds, kept + taken);
    }

    [Fact]
    public async Task A_save_that_is_being_opened_on_a_base_is_waited_for_and_then_needs_it()
    {
        var story = await Story.BeginAsync(server.Client, "first-open");
        await story.SaveAndVerifyAsync(10);
        var (chosen, commit) = (Signal(), Signal());
        var open = Ledger.DecideAsync("open", story.Run, CommandContext.ByServer("test"), async (session, ct) =>
        {
            var run = await session.RunAsync(story.Run, RunHold.Shared, ct);
            var state = await session.CheckpointAsync(story.Id(20), ct);
            var (checkpoints, turns) = await Histories.ReadAsync(story.Run, ct);
            var command = new CheckpointCommand.Open(
                story.Id(20), new WorldSize(2), Story.Layout, History.ForWriting(new Generation(1), checkpoints, turns),
                server.Client.Actor, Rank: null, session.Now);
            var decided = new Decided(story.Id(20).StreamKey, CheckpointDecider.Decide(state, run, command));
            chosen.TrySetResult();
            await commit.Task;
            return decided;
        }, default);
        await chosen.Task;
        var reclaim = Task.Run(async () =>
        {
            await ExpireAsync(story.Id(10));
            return await IsReclaimedAsync(story.Id(10));
        });
        await UntilSomebodyWaitsAsync();   // for the run, which the open holds
        commit.SetResult();
        await open;
        Assert.False(await reclaim);
        Assert.Equal(story.Id(10), (await server.Client.GetCheckpointAsync(story.Id(20), default)).Base!.Checkpoint);
        var holders = await server.Client.GetHoldersAsync(story.Id(10), asOf: null, default);
        Assert.Contains(new KeepReason(KeepRule.OpenSave, "open save first-open/1/20 builds on it"), holders.HeldBy);
    }

    /// <summary>The recovery chose it before it expired: it is held until every rank has restored it.</summary>
    [Fact]
    public async Task What_a_recovery_restores_is_not_reclaimed()
    {
        var story = await Story.BeginAsync(server.Client, "restoring");
        await story.SaveAndVerifyAsync(10);
        await server.Client.StartRecoveryAsync(
            story.Run, new StartRecovery(server.Client.Actor, new WorldSize(2), new Generation(1), "killed", [], null), default);
        await ExpireAsync(story.Id(10));
        Assert.False(await IsReclaimedAsync(story.Id(10)));
        foreach (var rank in new WorldSize(2).Ranks)
            await server.Client.ReportRankRestoredAsync(
                new RecoveryId(story.Run, new Generation(2)), rank, new ReportRankRestored(
                    story.Id(10), 10, "local", Story.Hash($"state {rank}"), 1, ActorId.Parse($"rank:restoring/2/{rank}")), default);
        Assert.True(await IsReclaimedAsync(story.Id(10)));
    }

    Task<Decision> ExpireAsync(CheckpointId id) =>
        Ledger.DecideAsync("expire", id.Run, CommandContext.ByServer("test"), async (session, ct) =>
        {
            await session.RunAsync(id.Run, RunHold.Exclusive, ct);
            var command = new RetentionCommand.Expire(id, "test", Story.Hash("plan"), GraceSeconds: 0, session.Now);
            return new Decided(id.StreamKey, RetentionDecider.Decide(await session.CheckpointAsync(id, ct), command));
        }, default);

    async Task<bool> IsReclaimedAsync(CheckpointId id)
    {
        try
        {
            return (await server.Client.StartReclaimAsync(id, new StartReclaim(Keeper), default)).Started;
        }
        catch (LineageProblemException e) when (e.Code == ProblemCodes.StillNeeded)
        {
            return false;
        }
    }

    async Task UntilSomebodyWaitsAsync()
    {
        var database = server.Server.Services.GetRequiredService<NpgsqlDataSource>();
        await Story.UntilAsync(
            async () =>
            {
                await using var command = database.CreateCommand("select count(*) from pg_stat_activity where wait_event_type = 'Lock'");
                return (long)(await command.ExecuteScalarAsync())!;
            },
            static waiting => waiting > 0, "the reclaim waits for the run");
    }

    static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
