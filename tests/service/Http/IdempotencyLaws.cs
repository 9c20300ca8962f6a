using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Http;

[Collection(OneServer.Name)]
public sealed class IdempotencyLaws(SharedServer shared)
{
    static readonly JsonSerializerOptions Json = Contracts.Format.ContractJson.Create();

    readonly RunningServer server = shared.Server;

    [Fact]
    public async Task A_command_sent_again_under_its_key_gets_the_answer_that_it_got()
    {
        var first = await RegisterAsync("\"k-1\"", "twice", "tiny");
        var second = await RegisterAsync("k-1", "twice", "tiny");
        Assert.Equal((HttpStatusCode.OK, false), (first.Status, first.Replayed));
        Assert.Equal((HttpStatusCode.OK, true), (second.Status, second.Replayed));
        Assert.Equal((first.Body, first.Tag), (second.Body, second.Tag));

        // What happened since does not change what was answered then.
        await server.Client.TakeLeaseAsync(RunId.Parse("twice"), new TakeLease(server.Client.Actor, new WorldSize(2)), default);
        Assert.Equal(first.Body, (await RegisterAsync("k-1", "twice", "tiny")).Body);
        Assert.False((await RegisterAsync("k-2", "twice", "tiny")).Replayed);
    }

    [Fact]
    public async Task A_key_that_was_used_for_something_else_is_refused_and_one_of_another_caller_is_not_the_same()
    {
        await RegisterAsync("k-3", "one-thing", "tiny");
        var other = await RegisterAsync("k-3", "another-thing", "tiny");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.Status);
        Assert.Contains(ProblemCodes.IdempotencyConflict, other.Body, StringComparison.Ordinal);
        await Assert.ThrowsAsync<LineageProblemException>(() => server.Client.GetRunAsync(RunId.Parse("another-thing"), default));
        Assert.Equal(HttpStatusCode.OK, (await RegisterAsync("k-3", "another-thing", "tiny", actor: "person:bob")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await RegisterAsync("k 3", "another-thing", "tiny")).Status);
    }

    [Fact]
    public async Task A_refusal_is_not_kept_because_it_changed_nothing()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await CompleteAsync()).Status);
        var story = await Story.BeginAsync(server.Client, "later");
        await story.SaveAndVerifyAsync(10);
        Assert.Equal(HttpStatusCode.OK, (await CompleteAsync()).Status);

        Task<Sent> CompleteAsync() => SendAsync("k-4", "v1/runs/later/complete",
            new CompleteRun(new Generation(1), new Step(10), null, server.Client.Actor), server.Client.Actor.ToString());
    }

    [Fact]
    public async Task Of_many_at_once_one_is_done_and_the_others_are_told_to_wait_or_get_its_answer()
    {
        var sent = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => RegisterAsync("k-5", "at-once", "tiny")));
        Assert.All(sent.Where(static s => s.Status != HttpStatusCode.OK), static s => Assert.True(
            s.Status == HttpStatusCode.Conflict && s.Body.Contains("concurrent-change", StringComparison.Ordinal),
            $"{s.Status}: {s.Body}"));
        Assert.Single(sent, static s => s is { Status: HttpStatusCode.OK, Replayed: false });
        Assert.True((await RegisterAsync("k-5", "at-once", "tiny")).Replayed);
        Assert.Single((await server.Client.LogAsync(RunId.Parse("at-once"), null, 10, default)).Items);
    }

    [Fact]
    public async Task A_crash_between_the_commit_and_the_answer_is_decided_again_and_changes_nothing_more()
    {
        await RegisterAsync("k-6", "crashed", "tiny");
        await using (var source = Npgsql.NpgsqlDataSource.Create(server.Server.Postgres!.ConnectionString))
        await using (var command = source.CreateCommand("delete from lineage.idempotency where key = 'k-6'"))
            Assert.Equal(1, await command.ExecuteNonQueryAsync());   // what the crash would have left
        var again = await RegisterAsync("k-6", "crashed", "tiny");
        Assert.Equal((HttpStatusCode.OK, false), (again.Status, again.Replayed));
        Assert.Single((await server.Client.LogAsync(RunId.Parse("crashed"), null, 10, default)).Items);
    }

    sealed record Sent(HttpStatusCode Status, bool Replayed, string? Tag, string Body);

    Task<Sent> RegisterAsync(string key, string run, string model, string actor = "person:ada") => SendAsync(key, "v1/runs",
        new RegisterRun(RunId.Parse(run), null, new Dictionary<string, string>(StringComparer.Ordinal) { ["model"] = model }), actor);

    async Task<Sent> SendAsync(string key, string route, object body, string actor)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route);
        request.Content = JsonContent.Create(body, body.GetType(), options: Json);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        request.Headers.Add("X-Lineage-Actor", actor);
        using var answer = await server.Http.SendAsync(request);
        return new Sent(
            answer.StatusCode, answer.Headers.Contains("Idempotency-Replayed"), answer.Headers.ETag?.ToString(),
            await answer.Content.ReadAsStringAsync());
    }
}
