using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Store;
using Lineage.Tests.Service.Worlds;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Lineage.Tests.Service.Store;

/// <summary>Two servers on one database.</summary>
public sealed class RaceLaws
{
    const int World = 4, Saves = 5;

    [Fact]
    public async Task Two_servers_that_get_every_message_twice_in_any_order_write_what_one_delivery_would_have_written()
    {
        await using var one = await RunningServer.StartAsync();
        await using var two = await RunningServer.StartAsync(o => o with { ConnectionString = one.Server.Postgres!.ConnectionString });
        using var other = two.NewClient(one.Client.Actor);
        var story = await Story.BeginAsync(one.Client, "race", World);
        var twin = new Story(other, story.Run, new WorldSize(World));

        var random = new Random(20261124);
        for (var save = 1; save <= Saves; save++)
        {
            var plans = await Task.WhenAll(story.OpenAsync(story.Id(save * 10)), twin.OpenAsync(story.Id(save * 10), rank: 1));
            Assert.Equal(plans[0], plans[1]);
            var facts = story.ReportsOf(plans[0]).ToArray();
            await Task.WhenAll(Shuffled(facts, random).Select(fact => story.PostAsync([fact]))
                .Concat(Shuffled(facts, random).Select(fact => twin.PostAsync([fact]))));
            await twin.UntilAsync(plans[0].Checkpoint, CheckpointPhase.Sealed);
        }

        foreach (var stream in (await story.LogAsync()).GroupBy(static e => e.Stream, StringComparer.Ordinal)
            .Where(static g => g.Key.StartsWith("checkpoint/", StringComparison.Ordinal)))
        {
            var names = stream.Select(static e => e.Name).ToList();
            Assert.Equal(2 + (2 * World), names.Count);
            Assert.Equal(("checkpoint-opened.v1", "checkpoint-sealed.v1"), (names[0], names[^1]));
            foreach (var rank in Enumerable.Range(0, World))
                Assert.Equal(["shard-diffed.v1", "shard-stored.v1"],
                    stream.Where(e => e.Body.TryGetProperty("rank", out var r) && r.GetInt32() == rank).Select(static e => e.Name),
                    StringComparer.Ordinal);
            Assert.Equal(Enumerable.Range(1, names.Count).Select(static n => (long)n), stream.Select(static e => e.Version));
        }

        await RowsEqualTheirReplayAsync(one);
    }

    [Fact]
    public async Task Of_many_launchers_that_ask_two_servers_at_once_one_gets_the_lease()
    {
        await using var one = await RunningServer.StartAsync();
        await using var two = await RunningServer.StartAsync(o => o with { ConnectionString = one.Server.Postgres!.ConnectionString });
        var run = RunId.Parse("rush");
        await one.Client.RegisterRunAsync(new RegisterRun(run, Policy: null, Labels: null), default);
        var granted = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            using var client = (i % 2 == 0 ? one : two).NewClient(ActorId.Parse($"launcher:{i}"));
            try
            {
                return (await client.TakeLeaseAsync(run, new TakeLease(client.Actor, new WorldSize(1)), default)).Holder.ToString();
            }
            catch (LineageProblemException e)
            {
                Assert.Equal(ProblemCodes.LeaseHeld, e.Code);
                return null;
            }
        }));
        var winner = Assert.Single(granted, static holder => holder is not null);
        var view = await two.Client.GetRunAsync(run, default);
        Assert.Equal((winner, 1L, 2L), (view.Holder.ToString(), view.Generation.Value, view.Version));
    }

    /// <summary>Rows written with their events are what a replay from zero gives.</summary>
    static async Task RowsEqualTheirReplayAsync(RunningServer server)
    {
        var store = server.Server.Services.GetRequiredService<IDocumentStore>();
        await using var session = store.QuerySession();
        foreach (var row in await session.Query<CheckpointRow>().ToListAsync())
        {
            var events = await session.Events.FetchStreamAsync(row.Id);
            var replayed = events.Aggregate((Checkpoints.Checkpoint?)null, static (state, e) => Checkpoints.Checkpoint.Fold(state, e.Data));
            Assert.Equal(Contracts.Format.CanonicalJson.Digest(replayed!), Contracts.Format.CanonicalJson.Digest(row.State));
            Assert.Equal(events.Count, row.Version);
        }

        foreach (var row in await session.Query<RunRow>().ToListAsync())
        {
            var events = await session.Events.FetchStreamAsync(row.Id);
            var replayed = events.Aggregate((Runs.Run?)null, static (state, e) => Runs.Run.Fold(state, e.Data));
            Assert.Equal(Contracts.Format.CanonicalJson.Digest(replayed!), Contracts.Format.CanonicalJson.Digest(row.State));
        }
    }

    static FactMessage[] Shuffled(FactMessage[] facts, Random random)
    {
        var copy = facts.ToArray();
        random.Shuffle(copy);
        return copy;
    }
}
