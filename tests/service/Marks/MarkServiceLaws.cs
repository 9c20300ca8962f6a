using System.Net;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Http;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Marks;

/// <summary>What people decide and say, over HTTP against a real server and database.</summary>
public sealed class MarkServiceLaws(SharedServer shared) : IClassFixture<SharedServer>
{
    readonly RunningServer server = shared.Server;

    Agents.Client.LineageClient Client => server.Client;

    static async Task<Problem> RefusedAsync(Func<Task> ask, string code)
    {
        var refused = await Assert.ThrowsAsync<LineageProblemException>(ask);
        Assert.Equal(code, refused.Code);
        return refused.Problem;
    }

    async Task RestoreAsync(RecoveryView recovery)
    {
        foreach (var rank in new WorldSize(2).Ranks)
            await Client.ReportRankRestoredAsync(recovery.Recovery, rank, new ReportRankRestored(
                recovery.Chosen, 2_468, "local", Story.Hash($"state {rank}"), 12, ActorId.Parse($"rank:x/{rank}")), default);
    }

    StartRecovery Resume(string cause = "resume") =>
        new(Client.Actor, new WorldSize(2), FailedGeneration: null, cause, [], ReachedStep: null);

    /// <summary>Everything is said twice, as after a lost answer.</summary>
    static async Task SayAsync(Agents.Client.LineageClient person, CheckpointId id)
    {
        for (var time = 0; time < 2; time++)
        {
            await person.PinAsync(id, new PinCheckpoint("baseline", Until: null), default);
            await person.PlaceHoldAsync(id, "case-7", new PlaceHold("audit"), default);
            await person.RecordMetricsAsync(id, new RecordMetrics(Metrics), default);
            await person.RecordExportAsync(id, new RecordExport("safetensors", "host:/x", 10, Story.Hash("files")), default);
            await person.PlaceTagAsync(id.Run, "nightly", new PlaceTag(id, Before: null), default);
        }
    }

    async Task TakeBackAsync(CheckpointId id)
    {
        for (var time = 0; time < 2; time++)
        {
            await Client.RemoveTagAsync(id.Run, "nightly", default);
            await Client.LiftHoldAsync(id, "case-7", new LiftHold("settled"), default);
            await Client.UnpinAsync(id, new UnpinCheckpoint("done"), default);
        }
    }

    static readonly Dictionary<string, double?> Metrics = new(StringComparer.Ordinal) { ["loss"] = 0.1 + 0.2, ["acc"] = double.NaN };

    [Fact]
    public async Task Marks_are_said_twice_and_recorded_once_with_who_said_them()
    {
        var story = await Story.BeginAsync(Client, "marked");
        var id = (await story.SaveAndVerifyAsync(10)).Checkpoint;
        using (var person = server.NewClient(ActorId.Parse("person:ada"))) await SayAsync(person, id);

        var view = await Client.GetCheckpointAsync(id, default);
        Assert.Equal(("person:ada", "baseline"), (view.Pin!.By.ToString(), view.Pin.Reason));
        Assert.Equal("case-7", Assert.Single(view.Holds!).Hold);
        Assert.Equal(Metrics["loss"], view.Metrics!["loss"]);
        Assert.Null(view.Metrics["acc"]);
        Assert.Equal("host:/x", Assert.Single(view.Exports!).Target);
        await TakeBackAsync(id);
        await RefusedAsync(() => Client.LiftHoldAsync(id, "case-8", new LiftHold("settled"), default), ProblemCodes.NoSuchMark);
        var names = (await story.LogAsync()).CountBy(static e => e.Name, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        foreach (var name in new[] { "checkpoint-pinned.v1", "hold-placed.v1", "metrics-recorded.v1", "checkpoint-exported.v1",
            "tag-placed.v1", "tag-removed.v1", "hold-lifted.v1", "checkpoint-unpinned.v1" })
            Assert.Equal(1, names[name]);
    }

    [Fact]
    public async Task Tags_and_metrics_are_references_and_a_tag_is_moved_only_from_what_it_named()
    {
        var story = await Story.BeginAsync(Client, "named");
        var id = (await story.SaveAndVerifyAsync(10)).Checkpoint;
        var second = (await story.SaveAndVerifyAsync(20)).Checkpoint;
        foreach (var point in new[] { id, second }) await Client.RecordMetricsAsync(point, new RecordMetrics(Metrics), default);
        Assert.Equal(id, (await Client.PlaceTagAsync(story.Run, "nightly", new PlaceTag(id, null), default)).Tags!["nightly"]);
        Assert.Equal(id, (await Client.ResolveAsync("named:nightly", default)).Checkpoint);
        Assert.Equal(second, (await Client.ResolveAsync("named:best(loss)", default)).Checkpoint);
        Assert.Equal(id, (await Client.ResolveAsync("named:best(loss)~1", default)).Checkpoint);
        await RefusedAsync(() => Client.ResolveAsync("named:best(val_loss)", default), ProblemCodes.NoSuchMetric);
        await RefusedAsync(() => Client.ResolveAsync("named:weekly", default), ProblemCodes.NoSuchTag);
        var moved = await RefusedAsync(() => Client.PlaceTagAsync(story.Run, "nightly", new PlaceTag(second, null), default),
            ProblemCodes.VersionMismatch);
        Assert.Equal((int)HttpStatusCode.PreconditionFailed, moved.Status);
        Assert.Equal(second, (await Client.PlaceTagAsync(story.Run, "nightly", new PlaceTag(second, id), default)).Tags!["nightly"]);
    }

    [Fact]
    public async Task A_run_is_rewound_goes_on_from_there_and_its_newest_is_what_counts()
    {
        var story = await Story.BeginAsync(Client, "rewound");
        var first = await story.SaveAndVerifyAsync(10);
        await story.SaveAndVerifyAsync(20);
        var body = new RewindRun(first.Checkpoint, "the loss spiked");
        await RefusedAsync(() => Client.RewindAsync(story.Run, body, default), ProblemCodes.RunLive);
        await Client.ReleaseLeaseAsync(story.Run, new Generation(1), new ReleaseLease(Client.Actor, "stopped"), default);
        for (var time = 0; time < 2; time++)
        {
            var run = await Client.RewindAsync(story.Run, body, default);
            Assert.Equal((first.Checkpoint, first.Checkpoint), (run.NewestVerified, Assert.Single(run.Rewound!).To));
        }

        Assert.Equal(first.Checkpoint, (await Client.ResolveAsync("rewound:latest", default)).Checkpoint);
        var points = await Client.GetRestorePointsAsync(story.Run, world: null, atOrBefore: null, default);
        Assert.Equal((first.Checkpoint, RejectionReason.OffHistory), (points.Best!.Checkpoint, points.Rejected[0].Reason));
        var recovery = await Client.StartRecoveryAsync(story.Run, Resume(), default);
        Assert.Equal(first.Checkpoint, recovery.Chosen);
        await RestoreAsync(recovery);
        Assert.Equal(first.Checkpoint, (await story.SaveAndVerifyAsync(20, generation: 2)).Parent);
        await RefusedAsync(() => Client.ArchiveAsync(story.Run, new ArchiveRun("done"), default), ProblemCodes.RunLive);
        await Client.ReleaseLeaseAsync(story.Run, new Generation(2), new ReleaseLease(Client.Actor, "stopped"), default);
        Assert.NotNull((await Client.ArchiveAsync(story.Run, new ArchiveRun("done"), default)).Archived);
        await RefusedAsync(() => Client.StartRecoveryAsync(story.Run, Resume(), default), ProblemCodes.RunArchived);
        Assert.DoesNotContain((await Client.ListRunsAsync(null, 100, default)).Items, run => run.Run == story.Run);
        Assert.Contains((await Client.ListAllRunsAsync(null, 100, default)).Items, run => run.Run == story.Run);
    }

    [Fact]
    public async Task A_fork_restores_its_origin_first_and_is_a_run_of_its_own_from_then_on()
    {
        var story = await Story.BeginAsync(Client, "origin", policy: new SavePolicy(FullEvery: 4));
        await story.SaveAndVerifyAsync(10);
        var from = await story.SaveAndVerifyAsync(20);
        await story.SaveAndVerifyAsync(30);
        var body = new ForkRun(RunId.Parse("forked"), from.Checkpoint, null, null, "another schedule");
        for (var time = 0; time < 2; time++)
        {
            var run = await Client.ForkAsync(body, default);
            Assert.Equal((from.Checkpoint, 4, "tiny"), (run.Origin, run.Policy.FullEvery, run.Labels["model"]));
        }

        await RefusedAsync(() => Client.TakeLeaseAsync(body.Run, new TakeLease(Client.Actor, new WorldSize(2)), default),
            ProblemCodes.RecoveryNeeded);
        var recovery = await Client.StartRecoveryAsync(body.Run, Resume("fork"), default);
        Assert.Equal((from.Checkpoint, new Generation(1)), (recovery.Chosen, recovery.Lease!.Generation));
        Assert.Equal(2, recovery.Chain!.Links.Count);
        await RestoreAsync(recovery);
        var fork = new Story(Client, body.Run, new WorldSize(2));
        var saved = await fork.SaveAndVerifyAsync(30);
        Assert.Equal((CheckpointKind.Full, from.Checkpoint), (saved.Kind, saved.Parent));
        Assert.Equal(story.Id(10), (await Client.ResolveAsync("forked~2", default)).Checkpoint);

        await fork.PostAsync(fork.FindingsOf(saved.Checkpoint, Finding.Altered));
        await fork.UntilAsync(saved.Checkpoint, CheckpointPhase.Quarantined);
        Assert.Equal(from.Checkpoint, (await Client.StartRecoveryAsync(body.Run, Resume("damage"), default)).Chosen);
    }
}
