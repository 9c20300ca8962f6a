using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Chaos;

/// <summary>S13 to S21 and liveness: a history that breaks each, and near misses that do not.</summary>
public sealed class JudgeLaterTests
{
    static readonly CheckpointId First = Made.Id(10), Second = Made.Id(20);
    static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch.AddYears(56);

    static InvariantVerdict Of(Made made, string id) => made.Judged().Invariants.Single(one => string.Equals(one.Id, id,
        StringComparison.Ordinal));

    static void Breaks(string id, Made made, string says)
    {
        var verdict = Of(made, id);
        Assert.Equal(Judgement.Violated, verdict.Judgement);
        Assert.Contains(verdict.Violations, one => one.What.Contains(says, StringComparison.Ordinal));
    }

    static void Keeps(string id, Made made) => Assert.Equal(Judgement.Valid, Of(made, id).Judgement);

    static Made Expire(Made made, CheckpointId id) => made.Write(id.StreamKey, new CheckpointExpired(id, "old", Made.Hash("plan"), Epoch,
        Epoch));

    static Made Reclaim(Made made, CheckpointId id) => Expire(made, id).Write(id.StreamKey, new ReclaimStarted(id, Made.Launcher, Epoch));

    [Fact]
    public void S13_bytes_that_somebody_needs_must_not_go()
    {
        var pair = static () => new Made().Run().Save(First).Verify(First).Save(Second, First).Verify(Second);
        Breaks("S13", Reclaim(pair(), First), "bloom/1/20 is built on it");
        Breaks("S13", Reclaim(pair().Recovery(2).Choose(2, Second), Second), "is restoring through it");
        Breaks("S13", Reclaim(pair().Write("run/bloom", new TagPlaced(Made.Bloom, "gold", Second, null, Epoch)), Second), "tag gold");
        Breaks("S13", Reclaim(pair().Write(
            Second.StreamKey, new CheckpointPinned(Second, Made.Launcher, "paper", null, Epoch)), Second), "pinned it (paper)");
        Breaks("S13", pair().Write(Second.StreamKey, new ReclaimStarted(Second, Made.Launcher, Epoch)), "neither expired nor abandoned");
        Breaks("S13", Expire(new Made().Run().Save(First).Verify(First), First), "at least 1 verified");
        Keeps("S13", Reclaim(pair(), Second));
    }

    [Fact]
    public void S14_a_base_that_is_unsealed_other_or_too_deep_is_no_lineage()
    {
        Breaks("S14", new Made().Run().Open(First).Open(Second, First, manifest: Made.Hash("none")), "never sealed");
        Breaks("S14", new Made().Run().Save(First).Open(Second, First, manifest: Made.Hash("other")), "the child refers to");
        Breaks("S14", new Made { Bounds = new ScheduleBounds(60_000, 3, 1, DepthMax: 0) }.Run().Save(First).Save(Second, First),
            "at most 0 deltas");
        Keeps("S14", new Made().Run().Save(First).Save(Second, First));
    }

    [Fact]
    public void S15_what_an_older_generation_still_writes_breaks_the_fence()
    {
        Breaks("S15", new Made().Run().Open(First).Grant(2).Diff(First, 0), "got a diff of rank 0 after generation 2 had begun");
        Breaks("S15", new Made().Run().Grant(3), "Expected generations to grow by one");
        Breaks("S15", new Made().Run().Recovery(2).Choose(2, null).Recovery(3).Restore(2, null, 0), "reported to recovery bloom/2 after");
        Keeps("S15", new Made().Run().Open(First).Grant(2).Abandon(First, AbandonCause.NewerGeneration, 0, 1));
    }

    [Fact]
    public void S16_a_seal_of_a_fenced_generation_under_a_skewed_clock_is_blamed_on_the_clock_too() => Breaks(
        "S16", new Made().Run().Inject(1, "clock-backwards", "server:0").Open(First).Shard(First, 0).Shard(First, 1).Grant(2).Seal(First),
        "A clock was off");

    [Fact]
    public void S17_intact_without_a_read_or_from_a_stale_read_is_dishonest()
    {
        Breaks("S17", new Made().Run().Save(First).Check(First, 0), "nobody read them");
        Breaks("S17", new Made().Run().Save(First).Read(First, 0, written: 0).Check(First, 0), "from a cache");
        Keeps("S17", new Made().Run().Save(First).Verify(First));
    }

    [Fact]
    public void S18_what_was_quarantined_must_not_be_built_on_chosen_or_verified_again()
    {
        var bad = static () => new Made().Run().Save(First).Verify(First).Check(First, 1, Finding.Altered).Quarantine(First, 1);
        Breaks("S18", bad().Open(Second, First), "no new delta on a quarantined base");
        Breaks("S18", bad().Recover(2, First), "which was quarantined before");
        Breaks("S18", bad().Verified(First), "no byte was stored since");
        Keeps("S18", bad());
    }

    [Fact]
    public void S19_rows_that_are_read_twice_by_nobody_or_from_another_rank_do_not_tile()
    {
        TilingEvidence Plan(params RowRange[] reads) => new(First, "w", 8, [new RowRange(0, 0, 4), new RowRange(1, 4, 4)], reads);
        Breaks("S19", new Made { Plans = { Plan(new RowRange(0, 0, 4)) } }, "Expected 8");
        Breaks("S19", new Made { Plans = { Plan(new RowRange(0, 0, 4), new RowRange(1, 4, 4), new RowRange(1, 5, 1)) } }, "read twice");
        Breaks("S19", new Made { Plans = { Plan(new RowRange(0, 0, 8)) } }, "Expected their owner");
    }

    [Fact]
    public void S20_a_step_that_is_done_again_otherwise_and_samples_lost_or_used_twice_are_no_bit_exact_resume()
    {
        var once = static () => new Made().Run().Train(1, 0).Train(1, 1).Train(2, 0).Train(2, 1);
        Breaks("S20", once().Train(2, 0, 2, Made.Hash("other")), "the resume was not bit-exact");
        Breaks("S20", once().Train(2, 0, 2, sampleFrom: 64), "the data cursor moved");
        Breaks("S20", new Made().Run().Train(1, 0).Train(1, 1).Train(2, 0, sampleFrom: 24), "never used");
        var golden = once();
        golden.Golden.AddRange(once().Evidence().Journal.OfType<Entry.Trained>().Select(static one =>
            one with { State = Made.Hash("golden") }));
        Breaks("S20", golden, "the run that never failed");
        Keeps("S20", once().Train(2, 0, 2).Train(2, 1, 2));
        Keeps("S20", once().Train(1, 0, 2).Train(1, 1, 2).Train(9, 0, 1, Made.Hash("zombie")).Train(2, 0, 2).Train(2, 1, 2));
    }

    [Fact]
    public void S21_a_fault_without_effect_and_an_end_without_a_true_cause_are_not_accounted_for()
    {
        Breaks("S21", new Made().Inject(1, "rank-kill", "rank:1", effect: null), "Expected an effect on record");
        Breaks("S21", new Made().Run().Open(First).Abandon(First, AbandonCause.NewerGeneration, 0, 1), "no newer generation");
        Breaks("S21", new Made().Run().Open(First).Abandon(First, AbandonCause.DeadlinePassed, 0, 1), "deadline had not passed");
        Breaks("S21", new Made().Run().Open(First).Shard(First, 0).Abandon(First, AbandonCause.Requested, 0, 1), "Expected rank 1");
        Breaks("S21", new Made().Run().Save(First).Quarantine(First, 1), "Expected a finding that says so");
        Breaks("S21", new Made().Run().Recovery(2, cause: " "), "Expected a cause");
    }

    [Fact]
    public void L1_L2_what_was_begun_and_never_ended_is_no_progress()
    {
        Breaks("L1", new Made().Run().Open(First), "still open");
        Breaks("L2", new Made().Run().Recovery(2), "observed neither");
        Breaks("L2", new Made().Run().Recovery(2).Choose(2, null), "still restoring");
        Keeps("L2", new Made().Run().Recover(2, null));
    }

    [Fact]
    public void L3_L7_what_is_left_at_rest_is_told()
    {
        Breaks("L3", new Made { AtRest = null }, "it never did");
        Breaks("L3", new Made { AtRest = new RestEvidence(3, [], [], 10) }, "3 messages");
        Breaks("L3", new Made { AtRest = new RestEvidence(0, [" "], [], 10) }, "no reason");
        Breaks("L3", new Made { AtRest = new RestEvidence(0, [], [], 60_001) }, "Expected at most 60000 ms");
        Breaks("L7", new Made { AtRest = new RestEvidence(0, [], ["bloom/g1/s9/r0.shard"], 10) }, "Expected it reclaimed");
        Keeps("L3", new Made { AtRest = new RestEvidence(0, ["a poison message: not JSON"], [], 10) });
    }

    [Fact]
    public void L5_a_save_that_waits_for_poison_is_delayed()
    {
        var poisoned = static () => new Made().Inject(1, "poison-message", "broker")
            .Note(static (index, at) => new Entry.Invoked(index, at, "rank:0", 4, OperationKind.Save, "step 20"));
        Breaks("L5", poisoned(), "it never did");
        Keeps("L5", poisoned().Note(static (index, at) => new Entry.Ended(index, at, "rank:0", 4, Outcome.Failed, "disk-full", "")));
    }

    [Fact]
    public void L6_the_same_cause_from_the_same_point_without_end_is_a_restart_storm()
    {
        Made Storm(bool faults) => Enumerable.Range(2, 4).Aggregate(
            new Made().Run().Save(First).Verify(First),
            (made, generation) => (faults ? made.Inject(generation, "rank-kill", "rank:1") : made).Recover(generation, First));
        Breaks("L6", Storm(faults: false), "4 times in a row");
        Keeps("L6", Storm(faults: true));
    }

    [Fact]
    public void L8_training_that_stops_after_a_failed_save_is_stopped_by_it()
    {
        Made Failed() => new Made { Operations = { new Operation(1, OperationKind.Save, 10), new Operation(2, OperationKind.Save, 20) } }
            .Run().Train(10, 0).Train(10, 1).Open(First).Shard(First, 0).Wait(2_000).Abandon(First, AbandonCause.DeadlinePassed, 1);
        Breaks("L8", Failed(), "Expected training to go on");
        Keeps("L8", Failed().Train(11, 0));
    }

    [Fact]
    public void L8_a_rank_that_failed_and_did_not_say_so_made_the_others_wait()
    {
        Made Open() => new Made().Run().Train(11, 0).Open(First).Shard(First, 1).Wait(100);
        Made End(Made made) => made.Note(static (index, at) => new Entry.Ended(
            index, at, "rank:0", 1, Outcome.Failed, "disk-full", First.ToString()));
        Breaks("L8", End(Open()).Wait(2_000).Abandon(First, AbandonCause.DeadlinePassed, 0), "the others waited for its deadline");
        Keeps("L8", End(Open()).Abandon(First, AbandonCause.RankFailed, 0));
        Keeps("L8", End(Open()).Wait(2_000).Abandon(First, AbandonCause.NewerGeneration, 0));
        Keeps("L8", End(Open().Abandon(First, AbandonCause.DeadlinePassed, 0)));   // by a clock that is off, before the rank had failed
        Keeps("L8", End(Open().Wait(2_000)).Abandon(First, AbandonCause.DeadlinePassed, 0));   // its patience may have been over
    }

    [Fact]
    public void S15_and_S21_a_save_is_given_up_only_by_a_rank_of_its_generation_that_misses_its_shard()
    {
        Breaks("S15", new Made().Run().Open(First).Grant(2).Abandon(First, AbandonCause.RankFailed, 0, 1), "was given up by rank 0");
        Breaks("S21", new Made().Run().Open(First).Shard(First, 0).Abandon(First, AbandonCause.RankFailed), "it names no rank");
        Keeps("S21", new Made().Run().Open(First).Shard(First, 0).Abandon(First, AbandonCause.RankFailed, 1));
    }

    [Fact]
    public void Verdicts_add_up_to_red_once_and_to_triggered_once()
    {
        var sum = new VerdictSum();
        sum.Add(new Made().Run().Save(First).Judged());
        sum.Add(new Made().Run().Save(First).Seal(First).Judged());
        var total = sum.Total();

        Assert.Equal(2, sum.Histories);
        Assert.Equal(Judgement.Violated, total.Invariants.Single(static one => one.Id is "S4").Judgement);
        Assert.Equal(2, total.Invariants.Single(static one => one.Id is "S4").Triggered);
        Assert.Equal(Judgement.Valid, total.Invariants.Single(static one => one.Id is "S2").Judgement);
        Assert.Equal(Judgement.Never, total.Invariants.Single(static one => one.Id is "S19").Judgement);
    }
}
