using Lineage.Attesting;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Cli;

public sealed class GraphPageTests
{
    static readonly ActorId Ada = ActorId.Parse("person:ada");

    [Fact]
    public void The_blast_radius_names_what_hangs_on_it() => Says(
        GraphPage.Draw(
            new BlastRadius(
                Sample.Id(1, 10), CheckpointPhase.Quarantined, 3, 2, IsWhole: true, [new PhaseCount(CheckpointPhase.Verified, 3)],
                [new AffectedCount(AffectedKind.Fork, 1)], [new Affected(AffectedKind.Fork, Sample.Id(1, 20), "try")],
                [new Dependant(Sample.Id(1, 20), CheckpointPhase.Verified, 1)], "1~demo/1/20", "3 checkpoints cannot be rebuilt"),
            Sample.Wide),
        "3 checkpoints cannot be rebuilt", "3 dependants", "1 run goes on from it", "fork", "demo/1/20", "1 delta", "2 more");

    [Fact]
    public void Another_world_is_told_part_by_part_with_what_a_rank_reads()
    {
        ComponentUse[] parts =
        [
            new(StateComponent.Weights, ComponentVerdict.Reshard, "rows are divided among 3 ranks instead of 2", 1, 24),
            new(StateComponent.Rng, ComponentVerdict.Lost, "each rank's own", 1, 16),
        ];
        var view = new ReshardView(
            Sample.Id(1, 10), new WorldSize(2), new WorldSize(3), Usable: true, "weights can be put together", parts, 4, 24, 8, new Rank(1),
            [new ReshardPiece(0, From: 0, FirstRow: 1, Rows: 1, FromByte: 8, IntoByte: 0, Bytes: 8)]);
        var layout = new TensorLayout(
            LayoutDigest.FormatName, new WorldSize(2), [new LayoutTensor("wte", TensorDtype.F64, [3], TensorRole.Weight)]);
        Says([.. ReshardPage.Draw(view, Sample.Wide), .. ReshardPage.Pieces(view, layout, Sample.Wide)],
            "On 3 ranks instead of 2", "reshard", "random state", "lost", "4 pieces", "What rank 1 reads", "wte", "8 B");
        var point = new RestorePoint(Sample.Id(1, 10), CheckpointKind.Full, 0, new WorldSize(2), 48, Sample.Ago(9), Sample.Ago(5));
        Says(ReshardPage.Compatible(
                new CompatiblePoints(
                    RunId.Parse("demo"), new WorldSize(3), Best: null, [new CompatiblePoint(point, false, "lost", parts)], []),
                Sample.Wide),
            "demo/1/10", "weights", "No point of demo can be restored on 3 ranks");
    }

    [Fact]
    public void An_incomplete_save_names_its_missing_ranks() => Says(
        GraphPage.Incomplete(
            [
                new IncompleteSave(Sample.Id(1, 30), CheckpointPhase.Open, new WorldSize(4), 1, [new Rank(1)], [new Rank(2), new Rank(3)],
                    Sample.Ago(90), Sample.Ago(30), Sample.Ago(80), Cause: null),
            ], Sample.Wide),
        "demo/1/30", "rank 1", "ranks 2, 3", "30 s ago");

    [Fact]
    public void A_restore_is_told_with_who_why_and_what_came_of_it() => Says(
        GraphPage.Restores(
            [
                new Restoration(RestorationKind.Recovery, "demo/2", Sample.Id(1, 20), Ada, Sample.Ago(9), Sample.Ago(5), "rank 1 killed",
                    RestorationOutcome.Completed, "4 ranks restored", 7, 4096),
            ], Sample.Wide with { Width = 0 }),
        "recovery demo/2", "demo/1/20", "completed", "7 steps", "4.00 KiB", "person:ada", "rank 1 killed", "4 ranks restored");

    [Fact]
    public void Two_are_compared_line_by_line()
    {
        ComparedSide Side(CheckpointId id, long samples) => new(
            id, CheckpointPhase.Verified, CheckpointKind.Full, 0, new WorldSize(4), Sample.Hash("layout"), Sample.Hash($"{id}"), 4096, 2048,
            Sample.Ago(100), Sample.Ago(99), Sample.Ago(98), samples);
        Says(
            ComparisonPage.Draw(
                new CheckpointComparison(
                    Side(Sample.Id(1, 10), 320), Side(Sample.Id(1, 30), 960), SameRun: true, SameWorld: true, SameLayout: true,
                    SameContent: false, 20, 640, new DescentBetween(Sample.Id(1, 10), 0, 2, "B descends from A, 2 saves on"),
                    [new MetricDifference("loss", InA: true, InB: true, 2.5, null, null)], [new SettingDifference("seed", "1", null)], [],
                    [new BetweenEvent(7, "run/demo", "policy-changed.v1", Sample.Ago(50), "policy changed")], BetweenMore: false),
                Sample.Wide),
            "+20 steps", "B descends from A", "+640", "not a number", "Labels that differ", "seed", "policy changed");
    }

    [Fact]
    public void Continuity_tells_what_was_read_twice() => Says(
        AssurancePage.Continuity(
            new DataContinuity(
                Sample.Run, ContinuityVerdict.Skipped, "3 of 3 saves have a data position", 32, 3, 3,
                [
                    new RestartContinuity(new RecoveryId(Sample.Run, new Generation(2)), Sample.Id(1, 20), new Step(27), 7,
                        new SampleRange(640, 864), RedoneIsExact: false, ContinuityVerdict.Skipped, new SampleRange(640, 672), "32"),
                ],
                [new PositionBreak(Sample.Id(1, 20), Sample.Id(2, 30), ContinuityVerdict.Skipped, new SampleRange(640, 672), "gap")]),
            Sample.Wide with { Width = 0 }),
        "skipped", "demo/2", "7 steps", "640-864 (reckoned)", "(samples 640-672)");

    [Fact]
    public void Spikes_end_with_the_next_command() => Says(
        AssurancePage.Spikes(
            new SpikeReport(
                Sample.Run, "loss", "series", 200, [new LossSpike(new Step(80), new Step(84), 5, true, 9, null, 1, 2.5)], "why"),
            Sample.Wide),
        "80-84", "1 not a number", "beyond", "lineage restore-point choose demo --at-or-before 79");

    [Fact]
    public void Findings_say_what_could_not_be_judged() => Says(
        AssurancePage.Findings(
            new SanityReport(
                Sample.Run, 4, IsWhole: true, [new SanityFinding("random-state", FindingSeverity.Unknown, null, [], "not known")]),
            Sample.Wide),
        "nothing contradicts itself", "? random-state", "not known", "4 saves of demo");

    [Fact]
    public void Exposure_says_what_vouches_for_the_events() => Says(
        AssurancePage.Exposure(
            new Exposure(30, Sample.Ago(9), 2, Sample.Ago(90_000),
                [new UncheckedCheckpoint(Sample.Id(1, 10), CheckpointPhase.Sealed, Sample.Ago(90_000), null)], "x", 77, 77, null, "no log"),
            Sample.Wide),
        "2 checkpoints not read back for 30 days", "never", "1 more", "no log");

    [Fact]
    public void Evidence_names_every_fault() => Says(
        AssurancePage.Evidence(
            new EvidenceView("pack.json", 4096, false, new EvidenceVerdict(Sample.Id(1, 10), 2, 9, 1, ["run/demo version 3: altered"])),
            Sample.Wide),
        "pack.json", "9 events of 2 streams", "1 event from before there were links", "run/demo version 3: altered");

    static void Says(IReadOnlyList<Line> page, params string[] words)
    {
        var text = page.Text();
        Assert.All(words, word => Assert.Contains(word, text, StringComparison.Ordinal));
    }
}
