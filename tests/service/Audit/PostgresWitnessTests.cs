using Lineage.ChaosHarness.Checkers;
using Lineage.Contracts.Events;
using Lineage.Tests.Service.Worlds;

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
        Assert.IsType<CheckpointOpened>(streams.Single(s => s.Key == story.Id(10).StreamKey).Events[0].Body);
    }
}
