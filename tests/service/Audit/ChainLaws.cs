using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Http;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Audit;

/// <summary>The hash chain of every stream holds on a real database, also when many write at once.</summary>
[Collection(AuditCollection.Name)]
public sealed class ChainLaws(SharedServer shared)
{
    readonly RunningServer server = shared.Server;

    [Fact]
    public async Task Every_digest_and_every_link_is_what_the_stored_columns_say_also_under_concurrent_writers()
    {
        var trail = new Trail(server);
        var stories = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => Story.BeginAsync(server.Client, $"chain-{i}", world: 4)));
        await Task.WhenAll(stories.Select(async story =>
        {
            for (var step = 10; step <= 30; step += 10)
            {
                var plan = await story.OpenAsync(story.Id(step));
                await Task.WhenAll(new WorldSize(4).Ranks.SelectMany(rank =>
                    Story.ReportsOf(plan, rank).Select(fact => story.PostAsync([fact]))));
                await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Sealed);
                await Task.WhenAll(story.FindingsOf(plan.Checkpoint).Select(fact => story.PostAsync([fact])));
                await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Verified);
            }

            await Task.WhenAll(new WorldSize(4).Ranks.Select(rank => server.Client.JoinRankAsync(
                story.Run, new Generation(1), rank, new JoinRank("host", 1, server.Client.Actor), default)));
        }));

        RequireChains([.. await trail.RawAsync("run/chain-"), .. await trail.RawAsync("checkpoint/chain-")]);
        foreach (var story in stories)
        {
            var (findings, summary) = await trail.VerifyAsync(story.Run);
            Assert.Empty(findings);
            Assert.Equal((4L, 6L + (3 * 15), 0L), (summary.Streams, summary.Events, summary.Unlinked));
        }
    }

    static void RequireChains(IReadOnlyList<RawEvent> events)
    {
        foreach (var stream in events.GroupBy(static e => e.Stream, StringComparer.Ordinal))
        {
            ContentHash? link = null;
            foreach (var (i, e) in stream.Index())
            {
                var digest = ContentHash.Of(CanonicalJson.Canonicalize(e.Body));
                link = e.LinkTo(link, digest);
                Assert.Equal((i + 1L, digest.ToString(), link.ToString()), (e.Version, e.Header("digest"), e.Header("link")));
                Assert.Equal(e.User, e.Header("actor"));
            }

            Assert.Equal(stream.Select(static e => e.Sequence).Order(), stream.Select(static e => e.Sequence));
        }
    }

    [Fact]
    public async Task A_metric_of_any_size_has_the_digest_that_it_was_appended_with()
    {
        // A double beyond 2^53 comes back from jsonb as a plain whole number.
        foreach (var value in new[] { 1e16, -1.5e17, 1e30, 1.7976931348623157e308, 5e-324, 0.1, 1e-7, 123456789012345680000d })
        {
            var body = System.Text.Json.JsonSerializer.SerializeToElement(
                new Contracts.Events.Metric("loss", value), CanonicalJson.Options);
            await using var command = new Trail(server).Database.CreateCommand("select ($1::jsonb)::text");
            command.Parameters.Add(new() { Value = body.GetRawText() });
            var back = System.Text.Json.JsonElement.Parse((string)(await command.ExecuteScalarAsync())!);
            Assert.Equal(ContentHash.Of(CanonicalJson.Canonicalize(body)), Lineage.Audit.StoredBody.Digest(back));
        }
    }
}
