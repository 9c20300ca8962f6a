using System.Net;
using System.Net.Http.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Resharding;

/// <summary>What a checkpoint is worth on another number of ranks, asked over HTTP.</summary>
public sealed class ReshardTests
{
    static readonly TensorLayout Layout = new(LayoutDigest.FormatName, new WorldSize(2),
    [
        new("model.w", TensorDtype.F32, [5, 2], TensorRole.Weight), new("optimizer.step", TensorDtype.I64, [], TensorRole.Scalar),
        new("rng.torch", TensorDtype.U8, [2, 16], TensorRole.Rng),
    ]);

    [Fact]
    public async Task A_layout_is_told_once_and_answers_what_another_world_can_use()
    {
        await using var server = await RunningServer.StartAsync();
        var (client, digest) = (server.Client, Layout.Digest());
        var story = await Story.BeginAsync(client, "reshard");
        var id = story.Id(10);
        var plan = await client.OpenCheckpointAsync(
            id, new OpenCheckpoint(new WorldSize(2), digest, Story.RankActor(id, 0), "save-1"), default);
        await story.PostAsync(story.ReportsOf(plan));
        await story.PostAsync(story.FindingsOf(id));

        var unknown = await Assert.ThrowsAsync<LineageProblemException>(() => client.PlanReshardAsync(id, new WorldSize(3), null, default));
        Assert.Equal(ProblemCodes.NoSuchLayout, unknown.Code);
        var blind = await client.GetCompatiblePointsAsync(story.Run, new WorldSize(3), asOf: null, default);
        Assert.Null(blind.Best);
        Assert.Equal(RejectionReason.ComponentsLost, Assert.Single(blind.Rejected).Reason);

        await client.PutLayoutAsync(digest, Layout, default);
        await client.PutLayoutAsync(digest, Layout, default);
        Assert.Equal(digest, (await client.GetLayoutAsync(digest, default)).Digest());
        using var other = await server.Http.PutAsJsonAsync(
            $"v1/layouts/{Story.Hash("another")}", Layout, ContractJson.Create(), CancellationToken.None);
        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);

        var view = await client.PlanReshardAsync(id, new WorldSize(3), new Rank(1), default);
        Assert.True(view.Usable);
        Assert.Equal([new ReshardPiece(0, 0, 1, 1, 8, 0, 8), new ReshardPiece(0, 1, 2, 1, 0, 8, 8), new ReshardPiece(1, 1, 0, 1, 0, 0, 8)],
            view.RankPieces!);
        var points = await client.GetCompatiblePointsAsync(story.Run, new WorldSize(3), asOf: null, default);
        Assert.Equal(id, points.Best);
        Assert.Contains(points.Points[0].Components, static c => c is { Component: StateComponent.Rng, Verdict: ComponentVerdict.Lost });
        var restore = await client.GetRestorePlanAsync("reshard@10", new WorldSize(3), default);
        Assert.Equal((id, view.Pieces, view.Why), (restore.Checkpoint, restore.Reshard!.Pieces, restore.Reshard.Why));
        Assert.Null((await client.GetRestorePlanAsync("reshard@10", world: null, default)).Reshard);
    }
}
