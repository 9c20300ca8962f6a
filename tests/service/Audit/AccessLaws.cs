using System.Net;
using System.Text.Json;
using Lineage.Audit;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Http;
using Lineage.Tests.Service.Worlds;
using Microsoft.Extensions.DependencyInjection;

namespace Lineage.Tests.Service.Audit;

/// <summary>Who asked for what is on record, with every refusal.</summary>
[Collection(AuditCollection.Name)]
public sealed class AccessLaws(SharedServer shared)
{
    readonly RunningServer server = shared.Server;

    static bool IsOfThisStory(AccessEntry e) => e.Actor.ToString() is "person:eve" or "anonymous"
        && (e.Target.StartsWith("asked", StringComparison.Ordinal) || e.Target == "/v1/no/such/thing")
        && !e.Operation.Contains("audit", StringComparison.Ordinal);

    [Fact]
    public async Task Refusals_and_questions_that_matter_are_on_record_and_polling_is_not()
    {
        var story = await Story.BeginAsync(server.Client, "asked");
        await story.SaveAndVerifyAsync(10);
        using var eve = server.NewClient(ActorId.Parse("person:eve"));
        await eve.GetChainAsync(story.Id(10), default);
        await eve.GetRestorePlanAsync("asked:latest", world: null, default);
        await eve.GetRunAsync(story.Run, default);
        for (var i = 0; i < 3; i++)
            await Assert.ThrowsAsync<LineageProblemException>(() => eve.GetChainAsync(story.Id(99), default));
        await Assert.ThrowsAsync<LineageProblemException>(() => eve.TakeLeaseAsync(
            story.Run, new TakeLease(ActorId.Parse("launcher:other"), new WorldSize(2)), default));
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync("v1/no/such/thing")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("health/ready")).StatusCode);

        // What other tests of this server were refused is on record too.
        var entries = (await EntriesAsync(server, static found => found.Where(IsOfThisStory).Sum(static e => e.Count ?? 1) >= 7))
            .Where(IsOfThisStory).ToList();
        Assert.Equal(
            [
                ("get-chain", "asked/1/10", 200, null, 1), ("get-chain", "asked/1/99", 404, ProblemCodes.NoSuchCheckpoint, 3),
                ("no-such-route", "/v1/no/such/thing", 404, ProblemCodes.NotFound, 1), ("plan-restore", "asked:latest", 200, null, 1),
                ("take-lease", "asked", 409, ProblemCodes.LeaseHeld, 1),
            ],
            entries.GroupBy(static e => (e.Operation, e.Target, e.Status, e.Code), static e => e.Count ?? 1)
                .Select(static g => (g.Key.Operation, g.Key.Target, g.Key.Status, g.Key.Code, g.Sum()))
                .OrderBy(static e => e.Operation, StringComparer.Ordinal).ThenBy(static e => e.Target, StringComparer.Ordinal));
        Assert.All(entries.Where(static e => e.Target.StartsWith("asked", StringComparison.Ordinal)),
            static e => Assert.Equal("person:eve", e.Actor.ToString()));

        var refusals = await server.Client.ListAuditEventsAsync(
            new AuditFilter(Run: story.Run, Actor: ActorId.Parse("person:eve"), Refusals: true), null, 100, newestFirst: false, default);
        Assert.NotEmpty(refusals.Items);
        Assert.DoesNotContain(
            (await new Trail(server).VerifyAsync(run: null)).Findings,
            static f => f.Stream.StartsWith("access/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_asked_last_is_written_before_a_server_stops()
    {
        var database = server.Server.Postgres!.ConnectionString;
        await using (var other = await RunningServer.StartAsync(o => o with { ConnectionString = database }))
        {
            using var client = other.NewClient(ActorId.Parse("person:last"));
            await Assert.ThrowsAsync<LineageProblemException>(() => client.GetRestorePlanAsync("nobody", world: null, default));
        }

        var page = await Story.UntilAsync(
            () => server.Client.ListAuditEventsAsync(
                new AuditFilter(Actor: ActorId.Parse("person:last")), null, 10, newestFirst: true, default),
            static found => found.Items.Count > 0, "what was asked is on record and settled");
        Assert.Equal("access-recorded.v1", Assert.Single(page.Items).Name);
    }

    static async Task<IReadOnlyList<AccessEntry>> EntriesAsync(RunningServer server, Func<IReadOnlyList<AccessEntry>, bool> enough)
    {
        var journal = server.Server.Services.GetRequiredService<AccessJournal>();
        return await Story.UntilAsync(async () =>
        {
            await journal.WriteAsync(default);
            // Asking is on record too, so what was asked before is soon not among the oldest: the newest hold it.
            var page = await server.Client.ListAuditEventsAsync(
                new AuditFilter(Names: ["access-recorded"]), null, 100, newestFirst: true, default);
            return (IReadOnlyList<AccessEntry>)[.. page.Items
                .SelectMany(static e => e.Body.Deserialize<AccessRecorded>(CanonicalJson.Options)!.Entries)];
        }, enough, "the requests are on record");
    }
}
