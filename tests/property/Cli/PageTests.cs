using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Cli;

public class PageTests
{
    static readonly CheckpointView Delta = Sample.Checkpoint(
        Sample.Id(2, 40), CheckpointPhase.Quarantined, Sample.Id(2, 30), Sample.Id(1, 10), "rank 0: chunk 7 altered", missing: 1);

    [Fact]
    public void Show_tells_everything_of_a_checkpoint_rank_by_rank() => GoldenPage.Check("show", CheckpointPage.Draw(
        Delta,
        [
            Sample.Entry(1, "checkpoint/demo/2/40", "checkpoint-opened.v1", "opened as a delta on demo/1/10"),
            Sample.Entry(7, "checkpoint/demo/2/40", "checkpoint-quarantined.v1", "quarantined: rank 0: chunk 7 altered"),
        ],
        Sample.Wide with { Width = 140 }));

    [Fact]
    public void A_chain_names_its_links_in_order_and_the_broken_one() =>
        GoldenPage.Check("chain", ChainPage.Draw(Chain("demo/1/10 is quarantined"), Sample.Wide));

    [Fact]
    public void Restore_points_are_listed_with_the_reason_of_every_rejection() =>
        GoldenPage.Check("restore-points", RestorePointPage.List(Points(), explain: true, Sample.Wide));

    [Fact]
    public void A_plan_says_what_why_and_how_long() => GoldenPage.Check("plan", RestorePlanPage.Draw(
        new RestorePlan(Sample.Id(2, 30), Points().Why, Points().Rejected, Chain(broken: null), 6_160_000, 0.42, "local tier at 14 MiB/s"),
        "demo:latest-verified", Sample.Wide));

    [Fact]
    public void A_restore_prints_the_digest_of_every_file_whole() => GoldenPage.Check("restored", RestoredPage.Draw(
        new RestoredView(Sample.Id(2, 30), "/data/restored", [new("model.safetensors", 85, 1_455_816, Sample.Hash("m")),
            new("rank-00000.safetensors", 2, 5_392, Sample.Hash("r"))], 1_824_522, 1_461_208, 0.466),
        Sample.Wide));

    [Fact]
    public void A_recovery_has_a_page_of_its_own() =>
        GoldenPage.Check("recovery", RecoveryPage.Draw(Sample.History().Recoveries[1], Sample.Wide));

    [Fact]
    public void Events_are_one_line_each() => GoldenPage.Check("log", LogPage.Draw(
        [
            Sample.Entry(1, "run/demo", "lease-granted.v1", "generation 1 granted to launcher:host-1/4711"),
            Sample.Entry(2, "checkpoint/demo/1/10", "checkpoint-sealed.v1", "sealed: 4.58 MiB of 5 MiB"),
        ],
        Sample.Wide));

    [Fact]
    public void Status_shows_server_storage_runs_and_recoveries()
    {
        var history = Sample.History();
        var run = new RunStatus(history.Run, 8, 5, 1, 1, 0, 40_000_000, 14_000_000, history.Recoveries);
        var service = new ServiceView("0.1.0", "15.18", true, "in-memory", null, Sample.Ago(700), []);
        GoldenPage.Check("status", StatusPage.Draw(
            new StatusView("http://127.0.0.1:8217/", service, new StorageView("/var/lib/lineage/store", 1L << 36, 1L << 38), [run]),
                Sample.Wide));
    }

    [Fact]
    public void A_verification_names_the_damaged_shard() => GoldenPage.Check("verify", VerificationPage.Draw(
        new VerificationView(
            Sample.Id(2, 40), VerificationDepth.Deep, Intact: false, 1_540_000, 0.031,
            [
                new(Sample.Id(1, 10), new Rank(0), Finding.Intact, null, 1_200_000),
                new(Sample.Id(2, 40), new Rank(0), Finding.Altered, "chunk 7 of exp_avg.wte: expected 4f1c…, got 90aa…", 340_000),
            ]),
        Sample.Wide));

    [Fact]
    public void The_doctor_says_the_next_command_for_what_is_not_in_order() => GoldenPage.Check("doctor", DoctorPage.Draw(
        new DoctorReport(false,
        [
            new("server", CheckResult.Failed, "http://127.0.0.1:8217 does not answer", "lineage server run"),
            new("postgresql", CheckResult.Good, "15.18 installed"),
            new("broker", CheckResult.Skipped, "not looked at: the server does not answer"),
        ]),
        Sample.Wide));

    [Fact]
    public void Figures_of_chunks_name_only_the_modes_that_occur() =>
        Assert.Equal("8 delta-planes, 3 same, 1 constant", CheckpointPage.Modes(new ChunkModeCounts(0, 3, 1, 0, 8)));

    static ChainView Chain(string? broken) => new(
        Sample.Id(2, 30),
        [
            new(Sample.Id(1, 10), CheckpointKind.Full, CheckpointPhase.Verified, Sample.Hash("a"), Shards(Sample.Id(1, 10), 1_200_000),
                4_800_000),
            new(Sample.Id(2, 30), CheckpointKind.Incremental, CheckpointPhase.Verified, Sample.Hash("b"), Shards(Sample.Id(2, 30), 340_000),
                1_360_000),
        ],
        6_160_000, broken);

    static IReadOnlyList<ManifestShard> Shards(CheckpointId id, long stored) =>
        [.. new WorldSize(4).Ranks.Select(rank => new ManifestShard(rank, Sample.Hash($"{id}{rank}"), 1_310_720, stored, "key"))];

    static RestorePoints Points()
    {
        var best = new RestorePoint(Sample.Id(2, 30), CheckpointKind.Incremental, 1, new WorldSize(4), 6_160_000, Sample.Ago(300),
            Sample.Ago(290));
        return new RestorePoints(
            Sample.Run, best, "Newest verified checkpoint of the history with a whole verified chain.",
            [best, new RestorePoint(Sample.Id(1, 10), CheckpointKind.Full, 0, new WorldSize(4), 4_800_000, Sample.Ago(500),
                Sample.Ago(490))],
            [
                new(Sample.Id(2, 40), RejectionReason.Quarantined, "rank 0: chunk 7 altered"),
                new(Sample.Id(1, 30), RejectionReason.Abandoned, "missing rank 3"),
            ]);
    }
}
