using System.Text;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Http;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Audit;

/// <summary>Reading the trail by what a reviewer asks for, and taking it away.</summary>
[Collection(AuditCollection.Name)]
public sealed class ExportLaws(SharedServer shared)
{
    readonly RunningServer server = shared.Server;

    [Fact]
    public async Task Events_are_found_by_run_stream_actor_time_and_kind_and_pages_have_each_once_in_both_orders()
    {
        var story = await Story.BeginAsync(server.Client, "found_1");
        await story.SaveAndVerifyAsync(10);
        var other = await Story.BeginAsync(server.Client, "foundx1");   // '_' must not be a wildcard
        await SettledAsync(other);
        var all = await SettledAsync(story);
        Assert.Equal((await story.LogAsync()).Select(static e => e.Sequence), all.Select(static e => e.Sequence));
        Assert.Equal(all.Select(static e => e.Sequence).Reverse(),
            (await AllAsync(new AuditFilter(story.Run), newestFirst: true)).Select(static e => e.Sequence));

        var stored = await AllAsync(new AuditFilter(story.Run, Names: ["shard-stored", "run-registered.v1"]), newestFirst: false);
        Assert.Equal("run-registered.v1 shard-stored.v1 shard-stored.v1", string.Join(' ', stored.Select(static e => e.Name)));
        var rank = await AllAsync(new AuditFilter(Actor: Story.RankActor(story.Id(10), 1)), newestFirst: false);
        Assert.NotEmpty(rank);
        Assert.All(rank, static e => Assert.Equal("rank:found_1/1/1", e.Actor));
        var middle = all[4];
        Assert.Equal(all.Where(e => e.At >= middle.At).Select(static e => e.Sequence),
            (await AllAsync(new AuditFilter(story.Run, Since: middle.At), newestFirst: false)).Select(static e => e.Sequence));
        Assert.Equal(all.Where(e => e.At < middle.At).Select(static e => e.Sequence),
            (await AllAsync(new AuditFilter(story.Run, Until: middle.At), newestFirst: false)).Select(static e => e.Sequence));
        var one = await server.Client.GetAuditEventAsync(middle.Stream, middle.Version, default);
        Assert.Equal(middle with { Body = default }, one with { Body = default });
        Assert.Equal(middle.Body.GetRawText(), one.Body.GetRawText());
        Assert.Empty(await AllAsync(new AuditFilter(story.Run, Stream: other.Run.StreamKey), newestFirst: false));
        Assert.Equal(ProblemCodes.NotFound, (await Assert.ThrowsAsync<LineageProblemException>(
            () => server.Client.GetAuditEventAsync("run/none", 1, default))).Code);
    }

    [Theory, InlineData("jsonl"), InlineData("csv"), InlineData("html")]
    public async Task An_export_holds_what_was_chosen_and_is_itself_on_record_by_the_digest_of_its_bytes(string format)
    {
        var story = await Story.BeginAsync(server.Client, $"export-{format}");
        await story.SaveAndVerifyAsync(10);
        await SettledAsync(story);
        using var ada = server.NewClient(ActorId.Parse("person:ada"));
        using var file = new MemoryStream();
        var receipt = await ada.ExportAuditAsync(new AuditFilter(story.Run, story.Id(10).StreamKey), format, file, default);
        var text = Encoding.UTF8.GetString(file.ToArray());

        Assert.Equal((9L, ContentHash.Of(file.ToArray())), (receipt.Events, receipt.Digest));
        var lines = text.Split(format == "csv" ? "\r\n" : "\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(9, format switch
        {
            "jsonl" => lines.Count(static line => JsonSerializer.Deserialize<AuditEvent>(line, CanonicalJson.Options)!.Link is not null),
            "csv" => lines.Length - 1,
            _ => lines.Count(static line => line.StartsWith("<tr><td class=\"n\">", StringComparison.Ordinal)),
        });
        if (format == "html") Assert.Contains("The record holds", text, StringComparison.Ordinal);

        var records = await Story.UntilAsync(
            async () => (await AllAsync(new AuditFilter(Names: ["audit-exported"]), newestFirst: true))
                .Select(static e => e.Body.Deserialize<AuditExported>(CanonicalJson.Options)!).Where(e => e.Format == format).ToList(),
            static found => found.Count > 0, "the export is on record");
        var record = records[0];
        Assert.Equal(
            (ActorId.Parse("person:ada"), $"run={story.Run}&stream={Uri.EscapeDataString(story.Id(10).StreamKey)}", 9L, receipt.Digest),
            (record.Actor, record.Filter, record.Events, record.Digest));
    }

    [Theory]
    [InlineData("events?run=UPPER"), InlineData("events?since=yesterday"), InlineData("events?actor="), InlineData("events?order=random")]
    [InlineData("events?after=x"), InlineData("events?limit=0"), InlineData("export?format=exe"), InlineData("event?stream=run/x")]
    [InlineData("verify?run=%20"), InlineData("event?stream=run/x&version=x")]
    public async Task What_cannot_be_read_is_refused(string request)
    {
        using var answer = await server.Http.GetAsync($"v1/audit/{request}");
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.StatusCode);
    }

    /// <summary>The whole trail of a run, asked for once: a tail ends before what a transaction under way, such as the journal's, could
    /// still overtake, and whoever asks the trail again a second later finds the first question in it. So the log is asked until everything
    /// is final, which is the same for both.</summary>
    async Task<IReadOnlyList<AuditEvent>> SettledAsync(Story story)
    {
        var versions = (await server.Client.GetRunAsync(story.Run, default)).Version;
        await Story.UntilAsync(
            story.LogAsync,
            all => all.Count(e => e.Stream == story.Run.StreamKey) == versions
                && (all.All(static e => e.Name != "checkpoint-opened.v1") || all[^1].Name == "checkpoint-verified.v1"),
            "every event is settled");
        return await AllAsync(new AuditFilter(story.Run), newestFirst: false);
    }

    async Task<IReadOnlyList<AuditEvent>> AllAsync(AuditFilter filter, bool newestFirst)
    {
        var found = new List<AuditEvent>();
        for (string? after = null; ;)
        {
            var page = await server.Client.ListAuditEventsAsync(filter, after, 4, newestFirst, default);
            found.AddRange(page.Items);
            if (page.Next is not { } next) return found;
            after = next;
        }
    }
}
