using System.Text;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Worlds;
using Npgsql;

namespace Lineage.Tests.Service.Graph;

public sealed partial class GraphQuestions
{
    /// <summary>What was answered then is answered again for then, whatever has come since; and now it is answered otherwise.</summary>
    [Fact]
    public async Task Every_question_is_answered_as_of_a_time()
    {
        var story = await ChainOfFourAsync("past");
        await RecordAsync(story.Run, story.Id(20), story.Run.StreamKey, new TagPlaced(story.Run, "best", story.Id(20), null, Now));
        await RecordAsync(story.Run, story.Id(30), story.Id(30).StreamKey,
            Measured(story.Id(30), ("data.samples", 960)), new HoldPlaced(story.Id(30), "case-7", Ada, "court", Now));
        await story.OpenAsync(story.Id(50));
        var then = await AnswersAsync(story, asOf: null);
        var at = await NewestEventAsync(story);

        await story.SaveAsync(60, deltaBytes: 30);
        await server.Client.AbandonCheckpointAsync(story.Id(50), new AbandonCheckpoint(Ada, "stop"), default);
        await RecordAsync(story.Run, null, story.Run.StreamKey, new TagRemoved(story.Run, "best", story.Id(20), Now));
        await RecordAsync(story.Run, story.Id(30), story.Id(30).StreamKey, Measured(story.Id(30), ("data.samples", 970)),
            new CheckpointExported(story.Id(30), Ada, "safetensors", "/out", 9, null, Now));
        await server.Client.StartRecoveryAsync(story.Run, new StartRecovery(
            server.Client.Actor, new WorldSize(2), new Generation(1), "rank 1 killed", [new Rank(1)], new Step(65)), default);

        var (again, now) = (await AnswersAsync(story, at), await AnswersAsync(story, asOf: null));
        Assert.All(then.Keys.Order(StringComparer.Ordinal), question =>
        {
            Assert.Equal(then[question], again[question], StringComparer.Ordinal);
            Assert.NotEqual(then[question], now[question], StringComparer.Ordinal);
        });
        Assert.Equal(10, then.Count);
    }

    async Task<string> NewestEventAsync(Story story)
    {
        await using var command = shared.Database.CreateCommand(
            "select max(timestamp) from lineage.mt_events where stream_id like '%/past%' or stream_id = $1");
        command.Parameters.Add(new NpgsqlParameter { Value = story.Run.StreamKey });
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync())!).ToString("O");
    }

    /// <summary>Answers that do not tell the time of asking, as canonical JSON.</summary>
    async Task<IReadOnlyDictionary<string, string>> AnswersAsync(Story story, string? asOf)
    {
        var (client, id) = (server.Client, story.Id(30));
        using var pack = System.Text.Json.JsonDocument.Parse(await client.GetEvidenceAsync(id, asOf, default));
        var evidence = pack.RootElement.GetProperty("evidence");
        return new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["blast radius"] = await client.GetBlastRadiusAsync(story.Id(10), asOf, after: null, 9, default),
            ["compatible"] = await client.GetCompatiblePointsAsync(story.Run, new WorldSize(3), asOf, default),
            ["comparison"] = await client.CompareAsync(story.Id(10), id, asOf, default),
            ["holders"] = await client.GetHoldersAsync(story.Id(20), asOf, default),
            ["restores of the run"] = await client.ListRestoresAsync(story.Run, asOf, after: null, 9, default),
            ["restores of the checkpoint"] = await client.ListRestoresAsync(id, asOf, after: null, 9, default),
            ["incomplete"] = await client.ListIncompleteSavesAsync(story.Run, abandoned: false, asOf, after: null, 9, default),
            ["continuity"] = await client.GetContinuityAsync(story.Run, asOf, default),
            ["evidence"] = new { Events = evidence.GetProperty("events"), Heads = evidence.GetProperty("heads") },
            ["exposure"] = new { (await client.GetExposureAsync(0, story.Run, asOf, after: null, 9, default)).Count },
        }.ToDictionary(
            static pair => pair.Key, static pair => Encoding.UTF8.GetString(CanonicalJson.Write(pair.Value, pair.Value.GetType())),
            StringComparer.Ordinal);
    }
}
