using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Http;

/// <summary>One server for the whole class; each test has a run of its own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await RunningServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}

public sealed class OneRunLaws(SharedServer shared) : IClassFixture<SharedServer>
{
    readonly RunningServer server = shared.Server;

    [Fact]
    public async Task A_run_is_saved_verified_lost_and_recovered_from_its_newest_restore_point()
    {
        var story = await Story.BeginAsync(server.Client, "happy");
        var first = await story.SaveAndVerifyAsync(10);
        var second = await story.SaveAndVerifyAsync(20);
        Assert.Equal((CheckpointKind.Full, CheckpointKind.Incremental), (first.Kind, second.Kind));
        Assert.Equal(first.ManifestHash, second.Base!.ManifestHash);

        var points = await server.Client.GetRestorePointsAsync(story.Run, world: null, atOrBefore: null, default);
        Assert.Equal(second.Checkpoint, points.Best!.Checkpoint);

        var recovery = await server.Client.StartRecoveryAsync(
            story.Run, new StartRecovery(server.Client.Actor, new WorldSize(2), new Generation(1), "rank 1 killed by signal 9",
                [new Rank(1)], new Step(25)), default);
        Assert.Equal((RecoveryPhase.Restoring, new Generation(2), second.Checkpoint),
            (recovery.Phase, recovery.Lease!.Generation, recovery.Chosen!.Value));
        Assert.Equal([first.Checkpoint, second.Checkpoint], recovery.Chain!.Links.Select(static link => link.Checkpoint));

        foreach (var rank in new WorldSize(2).Ranks)
            recovery = await server.Client.ReportRankRestoredAsync(recovery.Recovery, rank, new ReportRankRestored(
                second.Checkpoint, 2_468, "local", Story.Hash($"state {rank}"), 12, ActorId.Parse($"rank:happy/2/{rank}")), default);
        Assert.Equal((RecoveryPhase.Completed, 5L), (recovery.Phase, recovery.LostSteps!.Value));
        Assert.Equal(RunPhase.Running, (await server.Client.GetRunAsync(story.Run, default)).Phase);
    }

    [Fact]
    public async Task Small_deltas_make_a_chain_that_is_restored_link_by_link_and_large_ones_a_star()
    {
        foreach (var (name, bytes, depths) in new[] { ("small", 30L, new[] { 0, 1, 2, 3 }), ("large", 900, [0, 1, 1, 1]) })
        {
            var story = await Story.BeginAsync(server.Client, name, policy: new SavePolicy(ChainDepthMax: 9));
            var saved = new List<CheckpointView>();
            for (var step = 10; step <= 40; step += 10) saved.Add(await story.SaveAsync(step, deltaBytes: bytes));
            Assert.Equal(depths, saved.Select(static view => view.ChainDepth));
            var chain = await server.Client.GetChainAsync(story.Id(40), default);
            Assert.Equal((null, depths[^1] + 1), (chain.Broken, chain.Links.Count));
            Assert.Equal(9, (await story.OpenAsync(story.Id(50))).DepthMax);
            Assert.Contains(await story.LogAsync(), static entry => entry.Summary.Contains(
                "it has no delta yet", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_policy_that_cannot_be_followed_is_refused_by_field()
    {
        var refused = await Assert.ThrowsAsync<LineageProblemException>(() =>
            Story.BeginAsync(server.Client, "deep", policy: new SavePolicy(ChainDepthMax: 51)));
        Assert.Equal(ProblemCodes.BadRequest, refused.Code);
        Assert.Contains("chainDepthMax is 51", refused.Problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_event_carries_actor_correlation_and_the_digest_of_its_canonical_body()
    {
        var story = await Story.BeginAsync(server.Client, "digests");
        await story.SaveAndVerifyAsync(10);
        var log = await story.LogAsync();
        Assert.Equal("run-registered.v1", log[0].Name);
        Assert.Contains(log, static entry => entry.Name is "checkpoint-verified.v1");
        foreach (var entry in log)
        {
            Assert.Equal(ContentHash.Of(CanonicalJson.Canonicalize(entry.Body)), entry.Digest);
            Assert.False(entry.Actor is "unknown", entry.Name);
            Assert.NotEmpty(entry.Summary);
        }

        var stored = log.First(static entry => entry.Name is "shard-stored.v1");
        Assert.Equal(("rank:digests/1/0", "save-1"), (stored.Actor, stored.Correlation));
        Assert.Equal(MessageId.Derive("store", "digests/1/10", "0").ToString(), stored.Causation);
        Assert.Equal(log.Select(static entry => entry.Sequence).Order(), log.Select(static entry => entry.Sequence));
        foreach (var stream in log.GroupBy(static entry => entry.Stream, StringComparer.Ordinal))
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(static n => (long)n), stream.Select(static entry => entry.Version));
    }
}
