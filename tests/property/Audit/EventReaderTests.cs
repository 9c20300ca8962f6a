using System.Text.Json;
using Lineage.Contracts.Events;
using Lineage.Store;
using Lineage.Tests.Property.Format;
using Lineage.Upcasting;

namespace Lineage.Tests.Property.Audit;

/// <summary>Events are for ever: every name that was ever written is read.</summary>
public sealed class EventReaderTests
{
    public static TheoryData<string> Names => [.. Files];

    static IEnumerable<string> Files => Directory.EnumerateFiles(Path.Combine(Golden.Folder, "events"), "*.json")
        .Select(static path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    [Theory, MemberData(nameof(Names))]
    public void Every_golden_event_is_read_and_told(string name)
    {
        var body = JsonElement.Parse(File.ReadAllBytes(Path.Combine(Golden.Folder, "events", $"{name}.json")));
        name = EventOf(name);
        var read = EventReader.Today.Read(name, body);
        Assert.NotNull(read);
        Assert.True(EventCatalog.Names.ContainsKey(read.GetType()), $"{name} becomes {read.GetType()}, which is no event of today");
        Assert.NotEmpty(EventReader.Today.Tell(name, body));
    }

    [Fact]
    public void Every_name_that_can_be_read_has_a_golden_file_and_the_other_way_round() => Assert.Equal(
        string.Join('\n', EventReader.Today.Names.Order(StringComparer.Ordinal)),
        string.Join('\n', Files.Select(EventOf).Distinct(StringComparer.Ordinal)));

    /// <summary>A file is named after its event and version; where there are several of one, each has a word more.</summary>
    static string EventOf(string file) => string.Join('.', file.Split('.').Take(2));

    [Fact]
    public void A_name_nobody_knows_is_said_and_a_body_that_is_not_its_own_too()
    {
        var body = JsonElement.Parse("{\"x\":1}");
        Assert.Null(EventReader.Today.Read("run-paused.v1", body));
        Assert.Equal("an event that this version does not know: run-paused.v1", EventReader.Today.Tell("run-paused.v1", body));
        foreach (var broken in new[] { "7", "\"x\"", "[]", "{\"checkpoint\":5}", "{\"checkpoint\":\"no id\"}" })
            Assert.StartsWith(
                "its body is not that of a shard-stored.v1", EventReader.Today.Tell("shard-stored.v1", JsonElement.Parse(broken)),
                StringComparison.Ordinal);
    }

    [Fact]
    public void An_old_name_becomes_the_event_of_today_and_never_takes_the_place_of_a_new_one()
    {
        var old = new EventUpcast("run-archived.v0", typeof(RunArchived), static body => new RunArchived(
            Contracts.Identity.RunId.Parse(body.GetProperty("run").GetString()!), body.GetProperty("why").GetString()!,
            body.GetProperty("at").GetDateTimeOffset()));
        var reader = new EventReader([old]);
        var read = (RunArchived)reader.Read("run-archived.v0", JsonElement.Parse(
            """{"run":"demo","why":"published","at":"2026-01-01T00:00:00+00:00"}"""))!;
        Assert.Equal(("demo", "published"), (read.Run.ToString(), read.Reason));
        Assert.Throws<ArgumentException>(() => new EventReader([old with { Name = "run-archived.v1" }]));
        Assert.Throws<ArgumentException>(() => new EventReader([old with { Current = typeof(string) }]));
    }
}
