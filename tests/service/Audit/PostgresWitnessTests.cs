using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Worlds;
using Npgsql;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.Tests.Service.Audit;

/// <summary>The judge's own SQL against what the service recorded.</summary>
public sealed class PostgresWitnessTests
{
    [Fact]
    public async Task Every_event_of_a_run_is_read_in_order_with_a_digest_that_holds()
    {
        await using var server = await RunningServer.StartAsync();
        var story = await Story.BeginAsync(server.Client, "witnessed_run");
        await story.SaveAndVerifyAsync(10);
        await (await Story.BeginAsync(server.Client, "witnessed-run")).SaveAsync(10);   // '_' is no wildcard

        var streams = await PostgresWitness.ReadAsync(
            server.Server.Postgres!.ConnectionString, story.Run, DateTimeOffset.UnixEpoch, CancellationToken.None);
        Assert.Equal(
            [story.Id(10).StreamKey, story.Run.StreamKey], streams.Select(static stream => stream.Key).Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
        Assert.All(streams, static stream => Assert.Equal(
            Enumerable.Range(1, stream.Events.Count).Select(static version => (long)version), stream.Events.Select(static e => e.Version)));
        Assert.All(streams.SelectMany(static stream => stream.Events), static e => Assert.True(e.DigestHeld, e.Name));
        Assert.Equal(
            (await story.LogAsync()).Count, streams.Sum(static stream => stream.Events.Count));
        Assert.All(streams.SelectMany(static stream => stream.Events), static e => Assert.True(e.LinkHeld, e.Name));
        Assert.All(streams.SelectMany(static stream => stream.Events), static e => Assert.True(e is { Id: not null, Bytes: not null }));
        Assert.IsType<CheckpointOpened>(streams.Single(s => s.Key == story.Id(10).StreamKey).Events[0].Body);
    }

    [Fact]
    public async Task What_was_read_before_shows_what_was_taken_away_and_links_show_what_was_moved()
    {
        await using var server = await RunningServer.StartAsync();
        var database = server.Server.Postgres!.ConnectionString;
        var story = await Story.BeginAsync(server.Client, "read-twice");
        await story.SaveAsync(10);
        var before = await ReadAsync(database, story.Run);
        await story.SaveAsync(20);
        var after = await ReadAsync(database, story.Run);
        Assert.Equal((Judgement.Valid, 0), Judged(before, after));

        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        var (run, saved) = (story.Run.StreamKey, story.Id(10).StreamKey);
        await ExecuteAsync(
            connection, $"update lineage.mt_events set timestamp = timestamp + interval '1 second' where stream_id = '{run}'");
        var moved = await ReadAsync(database, story.Run);
        Assert.All(EventsOf(moved, run), static e => Assert.Equal((true, false), (e.DigestHeld, e.LinkHeld)));
        Assert.Equal(Judgement.Violated, Judged(before, moved).Judgement);

        await ExecuteAsync(connection, $"delete from lineage.mt_events where stream_id = '{saved}' and type = 'checkpoint-sealed.v1'");
        var cut = await ReadAsync(database, story.Run);   // what is left of that stream is whole in itself
        Assert.All(EventsOf(cut, saved), static e => Assert.Equal((true, true), (e.DigestHeld, e.LinkHeld)));
        Assert.Equal(Judgement.Violated, Judged(before, [.. cut.Where(s => s.Key == saved)]).Judgement);
    }

    static IReadOnlyList<EventEvidence> EventsOf(IReadOnlyList<StreamEvidence> streams, string key) =>
        streams.Single(stream => stream.Key == key).Events;

    static Task<IReadOnlyList<StreamEvidence>> ReadAsync(string database, RunId run) =>
        PostgresWitness.ReadAsync(database, run, DateTimeOffset.UnixEpoch, CancellationToken.None);

    static (Judgement Judgement, int Violations) Judged(IReadOnlyList<StreamEvidence> before, IReadOnlyList<StreamEvidence> after)
    {
        var schedule = new Schedule(
            Schedule.CurrentVersion, Seed: 1, "witness", new ScheduledWorld(2, 1, 1, 1), [], [], new ScheduleBounds(60_000, 3, 1, 4),
            BeyondBudget: false);
        var evidence = new Evidence(schedule, [], after, [], [], AtRest: null, Earlier: [new EarlierReading(0, before)]);
        var s10 = Judge.Examine(evidence).Invariants.Single(static one => one.Id is "S10");
        return (s10.Judgement, s10.Violations.Count);
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        Assert.True(await command.ExecuteNonQueryAsync() > 0, sql);
    }
}
