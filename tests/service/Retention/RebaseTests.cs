using Lineage.Attesting;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Retention;

public sealed class RebaseTests
{
    [Fact]
    public async Task The_newest_delta_is_stored_anew_and_what_it_was_built_on_is_free()
    {
        await using var server = await RunningServer.StartAsync();
        var story = await Story.BeginAsync(server.Client, "rebase", policy: new SavePolicy(ChainDepthMax: 9));
        for (var step = 10; step <= 30; step += 10)
        {
            var saved = await story.SaveAsync(step, deltaBytes: 30);
            await story.PostAsync(story.FindingsOf(saved.Checkpoint));
            await story.UntilAsync(saved.Checkpoint, CheckpointPhase.Verified);
        }

        var (client, top) = (server.Client, story.Id(30));
        var refused = await Assert.ThrowsAsync<LineageProblemException>(() => RebaseAsync(server, story.Id(20)));
        Assert.Equal(ProblemCodes.StillNeeded, refused.Code);
        var view = await RebaseAsync(server, top);
        Assert.Equal(
            (CheckpointPhase.Verified, CheckpointKind.Full, null, 2_000L), (view.Phase, view.Kind, view.Base, view.StoredBytes));
        Assert.Equal(view.Version, (await RebaseAsync(server, top)).Version);

        var chain = await client.GetChainAsync(top, default);
        Assert.Equal(
            (null, ObjectKeys.Rebased(new ShardId(top, new Rank(1)))), (chain.Broken, Assert.Single(chain.Links).Shards[1].ObjectKey));
        Assert.Equal(view.ManifestHash, ContentHash.Of(await client.GetManifestAsync(top, default)));
        Assert.Equal(0, (await client.GetBlastRadiusAsync(story.Id(20), asOf: null, after: null, 9, default)).Count);
        Assert.DoesNotContain(
            KeepRule.BaseOf, (await client.GetHoldersAsync(story.Id(20), asOf: null, default)).HeldBy.Select(static r => r.Rule));
        Assert.Empty(EvidenceVerifier.Verify(await client.GetEvidenceAsync(top, asOf: null, default)).Faults);
        Assert.Equal(top, (await client.AskPointsAsync(story.Run, "latest", [], default)).Best!.Checkpoint);

        await story.PostAsync(story.FindingsOf(top));   // a keeper that still read the old bytes
        Assert.Equal(CheckpointPhase.Verified, (await client.GetCheckpointAsync(top, default)).Phase);
        var next = await client.OpenCheckpointAsync(
            story.Id(40), new OpenCheckpoint(new WorldSize(2), Story.Layout, Story.RankActor(story.Id(40), 0), "save-1"), default);
        Assert.Equal((top, view.ManifestHash), (next.Base!.Checkpoint, next.Base.ManifestHash));
    }

    static Task<CheckpointView> RebaseAsync(RunningServer server, CheckpointId id) => server.Client.RebaseAsync(
        id, new RebaseCheckpoint(server.Client.Actor, "its base is not to be kept",
        [
            .. new WorldSize(2).Ranks.Select(rank => new RewrittenShard(
                rank, Story.Hash($"anew {id}/{rank}"), 1_000, "local", ObjectKeys.Rebased(new ShardId(id, rank)), 1_000)),
        ]), default);
}
