using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Http;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Audit;

/// <summary>Somebody with the password of the database changes the record; a verification names the first event that is not what was
/// appended, and what was most likely done.</summary>
[Collection(AuditCollection.Name)]
public sealed class TamperLaws(SharedServer shared)
{
    const string Event = "update lineage.mt_events set ", At3 = " where stream_id = {stream} and version = 3";

    const string Shift = "update lineage.mt_events set version = -version where stream_id = {stream} and version > 2",
        Unshift = "update lineage.mt_events set version = 1 - version where stream_id = {stream} and version < 0";

    /// <summary>A copy of event 2 as event 3; digest and link go with it.</summary>
    const string Copy = "insert into lineage.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, "
        + "correlation_id, causation_id, headers, user_name, is_archived) select nextval('lineage.mt_events_sequence'), gen_random_uuid(), "
        + "stream_id, 3, data, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, user_name, is_archived "
        + "from lineage.mt_events where stream_id = {stream} and version = 2";

    readonly RunningServer server = shared.Server;
    readonly Trail trail = new(shared.Server);

    public static TheoryData<string, string, int, string[]> Cases => new()
    {
        { "body", AuditDamage.BodyAltered, 3, [$"{Event}data = jsonb_set(data, '{{rank}}', '7'){At3}"] },
        { "body-digest", AuditDamage.MetadataChanged, 3, [$"{Event}headers = jsonb_set(headers, '{{digest}}', "
            + $"to_jsonb('sha256:' || encode(sha256('\"x\"'), 'hex'))), data = '\"x\"'{At3}", ] },
        { "middle", AuditDamage.Removed, 3, ["delete from lineage.mt_events where stream_id = {stream} and version = 3"] },
        { "renumbered", AuditDamage.Removed, 3, [
            "delete from lineage.mt_events where stream_id = {stream} and version = 3",
            "update lineage.mt_events set version = -version where stream_id = {stream} and version > 3",
            "update lineage.mt_events set version = -version - 1 where stream_id = {stream} and version < 0",
            "update lineage.mt_streams set version = version - 1 where id = {stream}"] },
        { "last", AuditDamage.Removed, 9, ["delete from lineage.mt_events where stream_id = {stream} and version = 9"] },
        { "last-adjusted", AuditDamage.Removed, 9, ["delete from lineage.mt_events where stream_id = {stream} and version = 9",
            "update lineage.mt_streams set version = 8 where id = {stream}"] },
        { "inserted", AuditDamage.Inserted, 3, [Shift, Unshift, Copy,
            "update lineage.mt_streams set version = version + 1 where id = {stream}"] },
        { "reordered", AuditDamage.Reordered, 3, [$"{Event}version = -5{At3}",
            $"{Event}version = 3 where stream_id = {{stream}} and version = 5",
            $"{Event}version = 5 where stream_id = {{stream}} and version = -5"] },
        { "neighbours", AuditDamage.Reordered, 3, [$"{Event}version = -4{At3}",
            $"{Event}version = 3 where stream_id = {{stream}} and version = 4",
            $"{Event}version = 4 where stream_id = {{stream}} and version = -4"] },
        { "actor", AuditDamage.MetadataChanged, 3, [
            $"{Event}user_name = 'person:eve', headers = jsonb_set(headers, '{{actor}}', '\"person:eve\"'){At3}"] },
        { "user", AuditDamage.MetadataChanged, 3, [$"{Event}user_name = 'person:eve'{At3}"] },
        { "correlation", AuditDamage.MetadataChanged, 3, [$"{Event}correlation_id = 'other'{At3}"] },
        { "causation", AuditDamage.MetadataChanged, 3, [$"{Event}causation_id = null{At3}"] },
        { "command", AuditDamage.MetadataChanged, 3, [$"{Event}headers = headers - 'command'{At3}"] },
        { "time", AuditDamage.MetadataChanged, 3, [$"{Event}timestamp = timestamp - interval '1 microsecond'{At3}"] },
        { "kind", AuditDamage.MetadataChanged, 3, [$"{Event}type = 'checkpoint-verified.v1'{At3}"] },
        { "link", AuditDamage.MetadataChanged, 3, [$"{Event}headers = headers - 'link'{At3}"] },
        { "links", AuditDamage.MetadataChanged, 1, [$"{Event}headers = headers - 'link' where stream_id = {{stream}}"] },
        { "archived", AuditDamage.MetadataChanged, 3, [$"{Event}is_archived = true{At3}"] },
        { "row", AuditDamage.RowMissing, 9, ["delete from lineage.mt_doc_checkpoint where id = {stream}"] },
        { "whole", AuditDamage.StreamRemoved, 1, ["delete from lineage.mt_events where stream_id = {stream}",
            "delete from lineage.mt_streams where id = {stream}"] },
    };

    [Theory, MemberData(nameof(Cases))]
    public async Task The_first_event_that_is_not_what_was_appended_is_named(string name, string damage, int version, string[] statements)
    {
        var story = await Story.BeginAsync(server.Client, $"tamper-{name}");
        await story.SaveAndVerifyAsync(10);
        var stream = story.Id(10).StreamKey;
        Assert.Empty((await trail.VerifyAsync(story.Run)).Findings);

        await trail.TamperAsync(stream, statements);

        var found = Assert.Single((await trail.VerifyAsync(story.Run)).Findings);
        Assert.Equal((stream, version, damage), (found.Stream, (int)found.Version, found.Damage));
        Assert.NotEmpty(found.Detail);
    }

    [Fact]
    public async Task Two_events_swapped_between_streams_are_named_on_both_sides()
    {
        var story = await Story.BeginAsync(server.Client, "tamper-streams");
        await story.SaveAndVerifyAsync(10);
        await story.SaveAndVerifyAsync(20);
        var (one, two) = (story.Id(10).StreamKey, story.Id(20).StreamKey);
        await trail.TamperAsync(one, $"update lineage.mt_events set version = -1{At3}",
            $"update lineage.mt_events set stream_id = {{stream}}, version = 3 where stream_id = '{two}' and version = 4",
            $"update lineage.mt_events set stream_id = '{two}', version = 4 where stream_id = {{stream}} and version = -1");

        var found = (await trail.VerifyAsync(story.Run)).Findings;
        Assert.Equal([(one, 3L, AuditDamage.Moved), (two, 4L, AuditDamage.Moved)],
            found.Select(static f => (f.Stream, f.Version, f.Damage)));
        Assert.Contains($"stands in {two} at 4", found[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_with_a_digest_and_a_link_that_its_forger_computed_is_named_in_the_middle_and_at_the_end()
    {
        var story = await Story.BeginAsync(server.Client, "tamper-forged");
        await story.SaveAndVerifyAsync(10);
        await story.SaveAndVerifyAsync(20);
        var (middle, end) = (story.Id(10).StreamKey, story.Id(20).StreamKey);
        await trail.TamperAsync(middle, Shift, Unshift, Copy, "update lineage.mt_streams set version = version + 1 where id = {stream}");
        await RelinkAsync(middle, 3);
        await trail.TamperAsync(end, Copy.Replace("stream_id, 3, data", "stream_id, 10, data", StringComparison.Ordinal),
            "update lineage.mt_streams set version = version + 1 where id = {stream}");
        await RelinkAsync(end, 10);

        Assert.Equal([(middle, 3L, AuditDamage.Inserted), (end, 10L, AuditDamage.Inserted)],
            (await trail.VerifyAsync(story.Run)).Findings.Select(static f => (f.Stream, f.Version, f.Damage)));
    }

    [Fact]
    public async Task What_was_replaced_with_everything_that_refers_to_it_is_seen_against_heads_that_were_written_before()
    {
        var story = await Story.BeginAsync(server.Client, "tamper-all");
        await story.SaveAndVerifyAsync(10);
        await story.SaveAndVerifyAsync(20);
        var (forged, gone) = (story.Id(10).StreamKey, story.Id(20).StreamKey);
        AuditHead[] heads = [.. (await trail.HeadsAsync()).Where(head => head.Stream.Contains("/tamper-all/", StringComparison.Ordinal))];
        Assert.Empty(await trail.AgainstAsync(heads));
        await story.PostAsync(story.FindingsOf(story.Id(10), Contracts.Events.Finding.Altered));
        await story.UntilAsync(story.Id(10), CheckpointPhase.Quarantined);
        Assert.Empty(await trail.AgainstAsync(heads));

        await trail.TamperAsync(forged, $"{Event}data = jsonb_set(data, '{{tier}}', '\"other\"'){At3}");
        await trail.ForgeAsync(forged, "checkpoint");
        await trail.TamperAsync(gone, "delete from lineage.mt_events where stream_id = {stream}",
            "delete from lineage.mt_streams where id = {stream}", "delete from lineage.mt_doc_checkpoint where id = {stream}");

        Assert.Empty((await trail.VerifyAsync(story.Run)).Findings);
        Assert.Equal([(forged, 9L, AuditDamage.HeadReplaced), (gone, 9L, AuditDamage.Removed)],
            (await trail.AgainstAsync(heads)).Select(static f => (f.Stream, f.Version, f.Damage)));
    }

    async Task RelinkAsync(string stream, long version)
    {
        var events = await trail.RawAsync(stream);
        var (before, at) = (events.Single(e => e.Version == version - 1), events.Single(e => e.Version == version));
        var digest = ContentHash.Parse(at.Header("digest")!);
        var link = at.LinkTo(ContentHash.Parse(before.Header("link")!), digest);
        await trail.TamperAsync(stream, string.Create(CultureInfo.InvariantCulture,
            $"update lineage.mt_events set headers = headers || '{{\"link\":\"{link}\"}}' where stream_id = {{stream}} "
            + $"and version = {version}"));
    }
}
