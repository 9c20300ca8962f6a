using System.Text.Json;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Store;
using Lineage.Tests.Service.Http;
using Lineage.Tests.Service.Worlds;
using Lineage.Upcasting;
using Marten;

namespace Lineage.Tests.Service.Audit;

/// <summary>An event that an older version wrote is read as what it means today, by Marten and by our own reader.</summary>
[Collection(AuditCollection.Name)]
public sealed class UpcastLaws(SharedServer shared)
{
    const string OldBody = """{"run":"old-event","why":"published","at":"2026-01-02T03:04:05+00:00"}""";

    static readonly EventReader Reader = new([new EventUpcast("run-archived.v0", typeof(RunArchived), static body => new RunArchived(
        RunId.Parse(body.GetProperty("run").GetString()!), body.GetProperty("why").GetString()!,
        body.GetProperty("at").GetDateTimeOffset()))]);

    [Fact]
    public async Task A_raw_old_event_in_the_table_is_folded_by_marten_and_read_by_the_reader()
    {
        var server = shared.Server;
        var story = await Story.BeginAsync(server.Client, "old-event");
        var trail = new Trail(server);
        await trail.TamperAsync(story.Run.StreamKey,
            "insert into lineage.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived) "
            + "select nextval('lineage.mt_events_sequence'), gen_random_uuid(), stream_id, 3, '" + OldBody + "', 'run-archived.v0', "
            + "now(), tenant_id, null, false from lineage.mt_events where stream_id = {stream} and version = 2",
            "update lineage.mt_streams set version = 3 where id = {stream}");

        await using var store = DocumentStore.For(options =>
            MartenSetup.Configure(options, trail.Database, TimeProvider.System, Reader));
        await using var session = store.QuerySession();
        var folded = await session.Events.AggregateStreamAsync<RunRow>(story.Run.StreamKey);
        Assert.Equal(("published", 3L), (folded!.State.Archived!.Reason, folded.Version));
        var raw = (await session.Events.FetchStreamAsync(story.Run.StreamKey))[^1];
        Assert.IsType<RunArchived>(raw.Data);

        var stored = await server.Client.GetAuditEventAsync(story.Run.StreamKey, 3, default);
        Assert.Equal("an event that this version does not know: run-archived.v0", stored.Summary);   // this server has no upcast
        Assert.Equal(raw.Data, Reader.Read(stored.Name, stored.Body));
        Assert.Equal("archived: published", Reader.Tell(stored.Name, JsonElement.Parse(OldBody)));
    }
}
