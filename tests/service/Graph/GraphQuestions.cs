using Lineage.Attesting;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Store;
using Lineage.Tests.Service.Worlds;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Lineage.Tests.Service.Graph;

public sealed partial class GraphQuestions(GraphServer shared) : IClassFixture<GraphServer>
{
    static readonly ActorId Ada = ActorId.Parse("person:ada");

    readonly RunningServer server = shared.Server;

    [Fact]
    public async Task What_a_damaged_base_takes_down_is_named_with_forks_exports_tags_and_running_restores()
    {
        var story = await ChainOfFourAsync("blast");
        await RecordAsync(story.Run, story.Id(20), story.Run.StreamKey, new TagPlaced(story.Run, "best", story.Id(20), null, Now));
        await RecordAsync(story.Run, story.Id(30), story.Id(30).StreamKey,
            new CheckpointExported(story.Id(30), Ada, "safetensors", "/backup", 9, null, Now),
            new CheckpointPinned(story.Id(30), Ada, "keep", Now.AddDays(-1), Now),
            new HoldPlaced(story.Id(30), "case-7", Ada, "court", Now));
        await RecordAsync(RunId.Parse("blast-fork"), null, "run/blast-fork", new RunForked(
            RunId.Parse("blast-fork"), story.Id(40), SavePolicy.Default, new Dictionary<string, string>(StringComparer.Ordinal), "try",
            Now));
        var recovery = await server.Client.StartRecoveryAsync(story.Run, new StartRecovery(
            server.Client.Actor, new WorldSize(2), new Generation(1), "rank 1 killed", [new Rank(1)], new Step(45)), default);

        var radius = await server.Client.GetBlastRadiusAsync(story.Id(10), asOf: null, after: null, 2, default);
        Assert.Equal((3L, 3, true), (radius.Count, radius.Depth, radius.IsWhole));
        Assert.Equal(new PhaseCount(CheckpointPhase.Verified, 3), Assert.Single(radius.Phases));
        Assert.Equal([(story.Id(20), 1), (story.Id(30), 2)], radius.Dependants.Select(static d => (d.Checkpoint, d.Distance)));
        Assert.Equal(story.Id(40), Assert.Single(
            (await server.Client.GetBlastRadiusAsync(story.Id(10), asOf: null, radius.Next, 2, default)).Dependants).Checkpoint);

        // The pin is over, so it keeps nothing.
        Assert.Equal(
            [
                (AffectedKind.Export, story.Id(30)), (AffectedKind.Fork, story.Id(40)), (AffectedKind.Hold, story.Id(30)),
                (AffectedKind.Restore, story.Id(40)), (AffectedKind.Tag, story.Id(20)),
            ],
            radius.Affected.Select(static a => (a.Kind, a.Checkpoint)));
        Assert.Equal(recovery.Recovery.ToString(), radius.Affected[3].Name);
        Assert.Equal(0, (await server.Client.GetBlastRadiusAsync(story.Id(40), asOf: null, after: null, 9, default)).Count);

        await RecordAsync(story.Run, story.Id(30), story.Id(30).StreamKey, new CheckpointRebased(
            story.Id(30), Base: null, [], Story.Hash("rewritten"), 99, "the chain was deep", Now));
        Assert.Equal(story.Id(20), Assert.Single(
            (await server.Client.GetBlastRadiusAsync(story.Id(10), asOf: null, after: null, 9, default)).Dependants).Checkpoint);
        Assert.Equal(story.Id(40), Assert.Single(
            (await server.Client.GetBlastRadiusAsync(story.Id(30), asOf: null, after: null, 9, default)).Dependants).Checkpoint);
        await EdgesEqualTheirRebuildAsync();
    }

    [Fact]
    public async Task Two_checkpoints_are_compared_by_what_is_on_record()
    {
        var story = await ChainOfFourAsync("compare");
        await RecordAsync(story.Run, story.Id(10), story.Id(10).StreamKey, Measured(story.Id(10), ("loss", 3), ("data.samples", 320)));
        await RecordAsync(story.Run, story.Id(30), story.Id(30).StreamKey, Measured(story.Id(30), ("loss", 2), ("data.samples", 960)));
        var pair = await server.Client.CompareAsync(story.Id(10), story.Id(30), asOf: null, default);
        Assert.Equal((20L, 640L, -1.0), (pair.StepsBetween, pair.SamplesBetween!.Value, pair.Metrics[^1].Delta!.Value));
        Assert.Equal((story.Id(10), 0, 2), (pair.Descent.CommonAncestor!.Value, pair.Descent.SavesToA, pair.Descent.SavesToB));
        var missing = await Assert.ThrowsAsync<LineageProblemException>(() =>
            server.Client.CompareAsync(story.Id(10), story.Id(77), asOf: null, default));
        Assert.Equal(ProblemCodes.NoSuchCheckpoint, missing.Code);
    }

    [Fact]
    public async Task Who_restored_what_is_told_by_run_and_by_checkpoint_and_discarded_choices_too()
    {
        var story = await ChainOfFourAsync("restores");
        var recovery = await server.Client.StartRecoveryAsync(story.Run, new StartRecovery(
            server.Client.Actor, new WorldSize(2), new Generation(1), "rank 0 killed", [new Rank(0)], new Step(44)), default);
        await story.PostAsync(story.FindingsOf(story.Id(40), Finding.Altered));
        await story.UntilAsync(story.Id(40), CheckpointPhase.Quarantined);
        recovery = await server.Client.ChooseAgainAsync(
            recovery.Recovery, new ChooseAgain(server.Client.Actor, recovery.Attempt, "altered"), default);
        Assert.Equal(story.Id(30), recovery.Chosen);
        foreach (var rank in new WorldSize(2).Ranks)
            await server.Client.ReportRankRestoredAsync(recovery.Recovery, rank, new ReportRankRestored(
                story.Id(30), 100, "local", Story.Hash($"state {rank}"), 5, Ada), default);
        await RecordAsync(story.Run, story.Id(20), story.Id(20).StreamKey,
            new CheckpointExported(story.Id(20), Ada, "safetensors", "/out", 9, null, Now));

        var first = await server.Client.ListRestoresAsync(story.Run, asOf: null, after: null, 1, default);
        Assert.Equal((RestorationKind.Export, Ada, RestorationOutcome.Written), Shape(Assert.Single(first.Items)));
        var second = Assert.Single((await server.Client.ListRestoresAsync(story.Run, asOf: null, first.Next, 9, default)).Items);
        Assert.Equal((RestorationKind.Recovery, server.Client.Actor, RestorationOutcome.Completed), Shape(second));
        Assert.Equal((story.Id(30), 14L, 200L, "rank 0 killed"),
            (second.Checkpoint!.Value, second.LostSteps!.Value, second.ReadBytes, second.Why));
        var discarded = Assert.Single((await server.Client.ListRestoresAsync(story.Id(40), asOf: null, after: null, 9, default)).Items);
        Assert.Equal(RestorationOutcome.Discarded, discarded.Outcome);
        Assert.Contains(story.Id(30).ToString(), discarded.Detail, StringComparison.Ordinal);
    }

    static (RestorationKind, ActorId, RestorationOutcome) Shape(Restoration r) => (r.Kind, r.Actor, r.Outcome);

    [Fact]
    public async Task Incomplete_saves_name_who_is_silent_and_who_only_encoded()
    {
        var story = await Story.BeginAsync(server.Client, "incomplete", world: 3);
        var plan = await story.OpenAsync(story.Id(10));
        var (zero, one) = (Story.ReportsOf(plan, new Rank(0)), Story.ReportsOf(plan, new Rank(1)));
        await story.PostAsync([.. zero, one[0]]);
        var save = await Story.UntilAsync(
            () => IncompleteAsync(story, abandoned: false),
            static items => items is [{ EncodedRanks.Count: 1, LastHeardAt: not null }], "rank 1 has encoded");
        Assert.Equal((story.Id(10), new Rank(1), new Rank(2)),
            (save[0].Checkpoint, save[0].EncodedRanks[0], Assert.Single(save[0].SilentRanks)));
        await server.Client.AbandonCheckpointAsync(story.Id(10), new AbandonCheckpoint(Ada, "stop"), default);
        Assert.Empty(await IncompleteAsync(story, abandoned: false));
        Assert.Equal("requested: stop", Assert.Single(await IncompleteAsync(story, abandoned: true)).Cause);
    }

    async Task<IReadOnlyList<IncompleteSave>> IncompleteAsync(Story story, bool abandoned) =>
        (await server.Client.ListIncompleteSavesAsync(story.Run, abandoned, asOf: null, after: null, 9, default)).Items;

    [Fact]
    public async Task Evidence_is_checked_from_the_file_alone()
    {
        var story = await ChainOfFourAsync("evidence");
        await server.Client.StartRecoveryAsync(story.Run, new StartRecovery(
            server.Client.Actor, new WorldSize(2), new Generation(1), "resume", [], null), default);
        var bytes = await server.Client.GetEvidenceAsync(story.Id(40), asOf: null, default);
        var verdict = EvidenceVerifier.Verify(bytes);
        Assert.Empty(verdict.Faults);
        Assert.Equal((story.Id(40), 6, 0), (verdict.Checkpoint!.Value, verdict.Streams, verdict.Unlinked));   // four links, run, recovery
        await using (var forge = shared.Database.CreateCommand(
            "update lineage.mt_events set data = jsonb_set(data, '{storedBytes}', '1') where stream_id = $1 and version = 3"))
        {
            forge.Parameters.Add(new NpgsqlParameter { Value = story.Id(20).StreamKey });
            Assert.Equal(1, await forge.ExecuteNonQueryAsync());
        }

        var forged = EvidenceVerifier.Verify(await server.Client.GetEvidenceAsync(story.Id(40), asOf: null, default));
        Assert.Contains($"{story.Id(20).StreamKey} version 3", Assert.Single(forged.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exposure_counts_what_nobody_read_back_and_says_that_nothing_outside_vouches_for_the_events()
    {
        var story = await Story.BeginAsync(server.Client, "exposure");
        await story.SaveAndVerifyAsync(10);
        await story.SaveAsync(20);
        var exposure = await server.Client.GetExposureAsync(0, story.Run, asOf: null, after: null, 1, default);
        Assert.Equal((2L, 1), (exposure.Count, exposure.Unchecked.Count));
        var rest = await server.Client.GetExposureAsync(0, story.Run, asOf: null, exposure.Next, 9, default);
        var all = exposure.Unchecked.Concat(rest.Unchecked).ToDictionary(static c => c.Checkpoint);
        Assert.Equal((true, false), (all[story.Id(10)].CheckedAt is not null, all[story.Id(20)].CheckedAt is not null));
        Assert.Equal((exposure.Events, null), (exposure.UnsealedEvents, exposure.ExportedAt));
        Assert.Contains("no transparency log", exposure.Seal, StringComparison.Ordinal);
        Assert.Equal(0, (await server.Client.GetExposureAsync(1, story.Run, asOf: null, after: null, 9, default)).Count);
    }

    [Fact]
    public async Task A_series_is_taken_twice_without_harm_and_its_spike_is_found()
    {
        var story = await Story.BeginAsync(server.Client, "series");
        SeriesPoint[] points = [.. Enumerable.Range(0, 120).Select(i => new SeriesPoint(
            new Generation(1), new Step(i), "loss", i == 110 ? null : i is >= 80 and < 85 ? 9 : 3 - (0.01 * i) + (i * 0.618 % 1 / 50)))];
        await server.Client.AddSeriesAsync(story.Run, new SeriesBatch(points), default);
        await server.Client.AddSeriesAsync(story.Run, new SeriesBatch([.. points[40..], points[0]]), default);
        var page = await server.Client.GetSeriesAsync(story.Run, "loss", after: null, 100, default);
        Assert.Equal(points, page.Items.Concat((await server.Client.GetSeriesAsync(story.Run, "loss", page.Next, 100, default)).Items));

        var report = await server.Client.GetSpikesAsync(story.Run, "loss", threshold: null, default);
        Assert.Equal([(80L, 84L), (110, 110)], report.Spikes.Select(static s => (s.FirstStep.Value, s.LastStep.Value)));
        Assert.Equal(110, (await server.Server.Services.GetRequiredService<SpikeReader>().NewestAsync(story.Run, "loss", default))!
            .FirstStep.Value);
        foreach (var step in new[] { 100, 105, 110 }) await story.SaveAndVerifyAsync(step);
        var before = await server.Client.AskPointsAsync(story.Run, "latest", [("before-spike", "auto")], default);
        Assert.Equal([story.Id(105)], before.Found.Select(static point => point.Checkpoint));
        Assert.Equal(
            [(story.Id(110), RejectionReason.InsideSpike)], before.Rejected.Select(static r => (r.Checkpoint, r.Reason)));
        var none = await Assert.ThrowsAsync<LineageProblemException>(() => server.Client.AskPointsAsync(
            story.Run, "latest", [("before-spike", "auto"), ("metric", "grad_norm")], default));
        Assert.Equal(ProblemCodes.NoSpike, none.Code);
        await Assert.ThrowsAsync<LineageProblemException>(() => server.Client.AddSeriesAsync(
            story.Run, new SeriesBatch([new SeriesPoint(new Generation(2), new Step(1), "loss", 1)]), default));
    }

    [Fact]
    public async Task Continuity_and_findings_are_told_from_recorded_positions()
    {
        var story = await ChainOfFourAsync("continuity");
        foreach (var step in new[] { 10, 20, 30, 40 })
            await RecordAsync(story.Run, story.Id(step), story.Id(step).StreamKey,
                Measured(story.Id(step), ("data.samples", (step * 32) + (step == 40 ? 64 : 0))));
        var continuity = await server.Client.GetContinuityAsync(story.Run, asOf: null, default);
        Assert.Equal((ContinuityVerdict.Skipped, 32.0, 4), (continuity.Verdict, continuity.SamplesPerStep!.Value, continuity.Recorded));
        Assert.Equal(new SampleRange(960, 1024), Assert.Single(continuity.Breaks).Range);
        var report = await server.Client.GetFindingsAsync(story.Run, default);
        Assert.Equal((4, true), (report.Saves, report.IsWhole));
        Assert.Equal("random-state", Assert.Single(report.Findings).Rule);
    }

    async Task<Story> ChainOfFourAsync(string name)
    {
        var story = await Story.BeginAsync(server.Client, name, policy: new SavePolicy(ChainDepthMax: 9));
        for (var step = 10; step <= 40; step += 10)
        {
            var saved = await story.SaveAsync(step, deltaBytes: 30);
            await story.PostAsync(story.FindingsOf(saved.Checkpoint));
            await story.UntilAsync(saved.Checkpoint, CheckpointPhase.Verified);
        }

        return story;
    }

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    static MetricsRecorded Measured(CheckpointId id, params (string Name, double Value)[] metrics) => new(
        id, [.. metrics.OrderBy(static m => m.Name, StringComparer.Ordinal).Select(static m => new Metric(m.Name, m.Value))], Ada, Now);

    /// <summary>As a decider would have it: this is about reading, whoever writes.</summary>
    async Task RecordAsync(RunId run, CheckpointId? about, string stream, params object[] events) =>
        await server.Server.Services.GetRequiredService<Ledger>().ExecuteAsync($"test {run} {about}", (session, _) =>
        {
            foreach (var e in events) session.Append(stream, e, new CommandContext(Ada, "test", null, null));
            return Task.FromResult(events.Length);
        }, default);

    async Task EdgesEqualTheirRebuildAsync()
    {
        var kept = await EdgesAsync();
        Assert.True(kept.Count > 10, $"{kept.Count} rows");
        await GraphTables.RebuildAsync(shared.Database, default);
        Assert.Equal(kept, await EdgesAsync(), StringComparer.Ordinal);
    }

    async Task<IReadOnlyList<string>> EdgesAsync()
    {
        var rows = new List<string>();
        await using var command = shared.Database.CreateCommand(
            "select e::text from lineage.graph_edges e where source like 'blast%' union all "
            + "select r::text from lineage.base_reach r where source like 'blast%' union all "
            + "select s::text from lineage.checkpoint_standing s where id like 'blast%' order by 1");
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) rows.Add(reader.GetString(0));
        return rows;
    }
}
