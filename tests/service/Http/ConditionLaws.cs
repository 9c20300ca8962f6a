using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Store;
using Lineage.Tests.Service.Worlds;
using Microsoft.Extensions.DependencyInjection;

namespace Lineage.Tests.Service.Http;

[Collection(OneServer.Name)]
public sealed class ConditionLaws(SharedServer shared)
{
    static readonly JsonSerializerOptions Json = Contracts.Format.ContractJson.Create();

    readonly RunningServer server = shared.Server;

    [Fact]
    public async Task A_change_for_a_version_that_is_gone_is_refused_with_both_versions_and_changes_nothing()
    {
        var story = await Story.BeginAsync(server.Client, "if-match");
        var id = (await story.OpenAsync(story.Id(10))).Checkpoint;
        var seen = await TagAsync($"v1/checkpoints/{id}");
        await story.PostAsync(Story.ReportsOf(await story.OpenAsync(id), new Rank(0)));
        var moved = await Story.UntilAsync(
            () => server.Client.GetCheckpointAsync(id, default), static v => v.Version > 1, "a shard is on record");

        using var stale = await SendAsync(HttpMethod.Post, $"v1/checkpoints/{id}/abandon", Abandon, seen);
        var problem = (await stale.Content.ReadFromJsonAsync<Problem>(Json))!;
        Assert.Equal((HttpStatusCode.PreconditionFailed, ProblemCodes.VersionMismatch), (stale.StatusCode, problem.Code));
        Assert.Equal((1L, moved.Version), (problem.Extensions["expected"][0].GetInt64(), problem.Extensions["got"].GetInt64()));
        Assert.Equal(CheckpointPhase.Open, (await server.Client.GetCheckpointAsync(id, default)).Phase);

        var fresh = await TagAsync($"v1/checkpoints/{id}");
        using var done = await SendAsync(HttpMethod.Post, $"v1/checkpoints/{id}/abandon", Abandon, fresh);
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);

        // Its own success moved the version. Whoever did not hear of it asks again, and is told that it is done.
        using var again = await SendAsync(HttpMethod.Post, $"v1/checkpoints/{id}/abandon", Abandon, fresh);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task The_condition_of_a_recovery_is_about_its_run()
    {
        var story = await Story.BeginAsync(server.Client, "if-match-run");
        await story.SaveAndVerifyAsync(10);
        var body = new StartRecovery(server.Client.Actor, new WorldSize(2), new Generation(1), "a rank died", [new Rank(0)], new Step(11));
        using var stale = await SendAsync(HttpMethod.Post, "v1/runs/if-match-run/recoveries", body, "\"1\"");
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.StatusCode);
        using var done = await SendAsync(HttpMethod.Post, "v1/runs/if-match-run/recoveries", body, await TagAsync("v1/runs/if-match-run"));
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        using var nonsense = await SendAsync(HttpMethod.Post, "v1/runs/if-match-run/complete", body, "*");
        Assert.Equal(HttpStatusCode.BadRequest, nonsense.StatusCode);
    }

    [Fact]
    public async Task What_is_known_is_not_sent_again_and_what_changed_beside_the_stream_is()
    {
        var story = await Story.BeginAsync(server.Client, "if-none-match");
        var known = await TagAsync("v1/runs/if-none-match");
        Assert.Equal(HttpStatusCode.NotModified, await ReadAsync(known));
        Assert.Equal(HttpStatusCode.NotModified, await ReadAsync($"\"0\", W/{known}"));
        await server.Client.RenewLeaseAsync(story.Run, new Generation(1), new RenewLease(server.Client.Actor), default);
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(known));   // the same version: a renewal is no event, and yet the answer differs

        async Task<HttpStatusCode> ReadAsync(string tag)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "v1/runs/if-none-match");
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
            using var answer = await server.Http.SendAsync(request);
            if (answer.StatusCode == HttpStatusCode.NotModified) Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task A_command_that_no_decider_can_recognise_is_recognised_by_its_id_after_its_own_commit()
    {
        var story = await Story.BeginAsync(server.Client, "guarded");
        var seen = (await server.Client.GetRunAsync(story.Run, default)).Version;
        Assert.IsType<Decision.Accepted>(await TagAsync("c-1", seen));
        Assert.IsType<Decision.AlreadyDone>(await TagAsync("c-1", seen));   // the commit took effect and its answer was lost
        var refused = Assert.IsType<Decision.Refused>(await TagAsync("c-2", seen));
        Assert.Equal((ProblemCodes.VersionMismatch, 412), (refused.Code, refused.Status));
        Assert.Equal(seen + 1, (await server.Client.GetRunAsync(story.Run, default)).Version);

        Task<Decision> TagAsync(string command, long expected) => server.Server.Services.GetRequiredService<Ledger>().DecideAsync(
            "test", story.Run, new CommandContext(server.Client.Actor, null, null, command) { Expected = [expected] },
            async (session, ct) =>
            {
                await session.RunAsync(story.Run, RunHold.Optimistic, ct);
                return new Decided(
                    story.Run.StreamKey, Decision.Accept(new TagPlaced(story.Run, "t", story.Id(1), Before: null, session.Now)));
            }, default);
    }

    static AbandonCheckpoint Abandon { get; } = new(ActorId.Parse("person:ada"), "not wanted");

    async Task<string> TagAsync(string route)
    {
        using var answer = await server.Http.GetAsync(route);
        return answer.Headers.ETag!.ToString();
    }

    async Task<HttpResponseMessage> SendAsync(HttpMethod method, string route, object body, string ifMatch)
    {
        using var request = new HttpRequestMessage(method, route) { Content = JsonContent.Create(body, body.GetType(), options: Json) };
        request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return await server.Http.SendAsync(request);
    }
}
