using System.Collections.Concurrent;
using System.Diagnostics;
using Lineage.Agents.Telemetry;
using Lineage.Contracts.Messages;
using Lineage.Telemetry;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Telemetry;

public sealed class TelemetryLaws(Http.SharedServer world) : IClassFixture<Http.SharedServer>
{
    /// <summary>Names that alert rules and dashboards are written against, as Prometheus spells them.</summary>
    static readonly string[] Published =
    [
        "lineage_events_total", "lineage_facts_total", "lineage_checkpoint_seal_duration_seconds_count",
        "lineage_checkpoint_verify_duration_seconds_count", "lineage_use_case_duration_seconds_count", "lineage_checkpoints_late",
        "lineage_run_restore_point_age_max_seconds", "lineage_standing_age_seconds", "dotnet_gc_collections_total",
    ];

    [Fact]
    public async Task Figures_of_what_was_committed_can_be_scraped_without_a_secret_in_them()
    {
        await (await Story.BeginAsync(world.Server.Client, "telemetry-1")).SaveAndVerifyAsync(10);
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri($"{world.Server.Server.Url}/metrics"));
        Assert.All(Published, name => Assert.Contains($"\n{name}{{", text, StringComparison.Ordinal));
        Assert.Contains("event=\"checkpoint-verified.v1\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("password", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Host=", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_save_is_one_trace_from_the_rank_to_the_seal()
    {
        var spans = new ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is LineageTelemetry.Name or AgentTelemetry.Name,
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        var story = await Story.BeginAsync(world.Server.Client, "telemetry-2");
        var correlation = AgentTelemetry.CorrelationOf(story.Id(10));
        using (AgentTelemetry.Start("checkpoint.save", correlation, story.Id(10)))
        {
            var plan = await story.OpenAsync(story.Id(10));
            await story.PostAsync([.. story.ReportsOf(plan).Select(fact => With(fact, correlation))]);
            await story.UntilAsync(plan.Checkpoint, Contracts.Api.CheckpointPhase.Sealed);
        }

        var names = spans.Where(span => span.TraceId.ToHexString() == correlation).Select(static span => span.OperationName).ToList();
        Assert.All(
            ["checkpoint.save", "checkpoint.open", "facts.take", "checkpoint.record-facts"],
            name => Assert.Contains(name, names, StringComparer.Ordinal));
    }

    static FactMessage With(FactMessage fact, string correlation) => fact with { Correlation = correlation };
}
