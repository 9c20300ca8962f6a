using System.Net.Http.Json;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Store;
using Lineage.Tests.Service.Http;
using Lineage.Tests.Service.Worlds;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Lineage.Tests.Service.Questions;

/// <summary>Questions to a real server: slices by SQL, the past from the events, rows that can be built again.</summary>
public sealed class QuestionLaws(SharedServer shared) : IClassFixture<SharedServer>
{
    readonly RunningServer server = shared.Server;

    [Fact]
    public async Task The_past_answers_as_it_did_then_and_the_present_as_it_does_now()
    {
        var story = await Story.BeginAsync(server.Client, "past");
        foreach (var step in new[] { 10, 20, 30 }) await story.SaveAndVerifyAsync(step);
        var then = TimeProvider.System.GetUtcNow();
        var before = await AnswersAsync("past", asOf: null);

        await story.PostAsync(story.FindingsOf(story.Id(30), Finding.Altered));
        await story.UntilAsync(story.Id(30), CheckpointPhase.Quarantined);
        await server.Client.StartRecoveryAsync(story.Run, new StartRecovery(
            server.Client.Actor, new WorldSize(2), new Generation(1), "rank 1 killed", [new Rank(1)], new Step(33)), default);
        await story.SaveAndVerifyAsync(40, generation: 2);

        var now = await AnswersAsync("past", asOf: null);
        Assert.False(string.Equals(before, now, StringComparison.Ordinal), "nothing changed, so the law says nothing");
        Assert.Equal(before, await AnswersAsync("past", then));
        Assert.Equal(now, await AnswersAsync("past", TimeProvider.System.GetUtcNow().AddMinutes(1)));
    }

    [Fact]
    public async Task A_rejected_point_is_told_with_its_reason_and_a_wrong_question_by_its_field()
    {
        var story = await Story.BeginAsync(server.Client, "told");
        foreach (var step in new[] { 10, 20 }) await story.SaveAndVerifyAsync(step);
        await story.SaveAsync(30);
        var latest = await GetAsync<PointAnswer>("v1/runs/told/restore-points/latest?world=2");
        Assert.Equal((story.Id(20), RejectionReason.NotVerified), (latest.Best!.Checkpoint, Assert.Single(latest.Reasons).Reason));
        Assert.Contains("1 checkpoint that would come before rejected", latest.Why, StringComparison.Ordinal);

        var spike = await GetAsync<PointAnswer>("v1/runs/told/restore-points/latest?before-spike=15..25");
        Assert.Equal((story.Id(10), RejectionReason.InsideSpike), (spike.Best!.Checkpoint, Assert.Single(spike.Rejected).Reason));
        var cheapest = await GetAsync<PointAnswer>("v1/runs/told/restore-points/cheapest");
        Assert.Equal((story.Id(10), 2, "local"),
            (cheapest.Best!.Checkpoint, cheapest.Best.Cost!.Risk.Objects, Assert.Single(cheapest.Best.Cost.Tiers)));
        var best = await GetAsync<PointAnswer>("v1/runs/told/restore-points/best?metric=val_loss");
        Assert.Equal((null, 2), (best.Best, best.Reasons.Single(static r => r.Reason == RejectionReason.NoMetric).Count));

        foreach (var wrong in new[]
        {
            "latest?before-spike=9", "latest?before-spike=9..3", "best", "latest?as-of=yesterday", "latest?limit=0",
        })
            Assert.Equal(System.Net.HttpStatusCode.BadRequest,
                (await server.Http.GetAsync(new Uri($"v1/runs/told/restore-points/{wrong}", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Rows_built_again_from_the_events_and_columns_filled_again_from_the_rows_are_the_live_ones()
    {
        await using var own = await RunningServer.StartAsync(static options => options with { Tick = TimeSpan.FromHours(1) });
        var story = await Story.BeginAsync(own.Client, "again");
        foreach (var step in new[] { 10, 20 }) await story.SaveAndVerifyAsync(step);
        await own.Client.StartRecoveryAsync(story.Run, new StartRecovery(
            own.Client.Actor, new WorldSize(2), new Generation(1), "resume", [], ReachedStep: null), default);
        var (store, database) = (own.Server.Services.GetRequiredService<IDocumentStore>(),
            own.Server.Services.GetRequiredService<NpgsqlDataSource>());
        var rebuild = new ProjectionRebuild(store, database);
        var live = await rebuild.DigestsAsync(default);
        await rebuild.RunAsync(parallel: 2, told: null, default);
        Assert.Equal(live, await rebuild.DigestsAsync(default));

        await using (var command = database.CreateCommand(
            "update lineage.mt_doc_checkpoint set outline = null, is_sealed = null; update lineage.mt_doc_run set outline = null"))
            await command.ExecuteNonQueryAsync();
        Assert.NotEqual(live, await rebuild.DigestsAsync(default));
        await MartenSetup.ApplyAsync(store, database, default);
        Assert.Equal(live, await rebuild.DigestsAsync(default));
    }

    async Task<string> AnswersAsync(string run, DateTimeOffset? asOf)
    {
        List<object> answers = [];
        foreach (var question in new[] { "latest", "latest?at-or-before=25", "cheapest?limit=2", "ancestry?limit=5" })
            answers.Add(await GetAsync<PointAnswer>($"v1/runs/{run}/restore-points/{question}{Time(question)}") with { AsOf = null });
        answers.Add(await GetAsync<BranchesView>($"v1/runs/{run}/branches{Time("")}") with { AsOf = null });
        answers.Add(await GetAsync<AncestorsView>($"v1/checkpoints/{run}/1/30/ancestors{Time("")}") with { AsOf = null });
        answers.Add(await GetAsync<ChainView>($"v1/checkpoints/{run}/1/30/chain{Time("")}"));
        answers.Add(await GetAsync<ResolvedReference>($"v1/resolve?ref={run}:latest-verified{Time("?")}"));
        return JsonSerializer.Serialize(answers, CanonicalJson.Options);

        string Time(string question)
        {
            if (asOf is not { } at) return "";
            var text = Uri.EscapeDataString(at.UtcDateTime.ToString("O", null));
            return $"{(question.Contains('?', StringComparison.Ordinal) ? '&' : '?')}as-of={text}";
        }
    }

    async Task<T> GetAsync<T>(string path) =>
        (await server.Http.GetFromJsonAsync<T>(new Uri(path, UriKind.Relative), CanonicalJson.Options))!;
}
