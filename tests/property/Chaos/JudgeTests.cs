using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Chaos;

/// <summary>For every invariant a history that keeps it and ones that break it.</summary>
public sealed class JudgeTests
{
    static readonly CheckpointId First = Made.Id(10), Second = Made.Id(20);

    /// <summary>Two saves, a delta on the first, verification, a kill, a recovery, training again, expiry and reclaim of a third.</summary>
    static Made Healthy()
    {
        var third = Made.Id(30, 2);
        return new Made { Rows = { new RowEvidence("run/bloom", Made.Hash("row"), Made.Hash("row")) }, Plans = { Tiled() } }
            .Run().Train(1, 0).Train(1, 1).Save(First).Verify(First).Save(Second, First).Verify(Second)
            .Note(static (index, at) => new Entry.Offered(index, at, "reader", Made.Bloom, Second, "newest"))
            .Train(2, 0).Train(2, 1).Inject(1, "rank-kill", "rank:1").Inject(2, "poison-message", "broker").Inject(3, "clock-jump",
                "server:0")
            .Recover(2, Second).Train(2, 0, 2).Train(2, 1, 2).Save(third, First).Verify(third)
            .Open(Made.Id(40, 2)).Shard(Made.Id(40, 2), 0).Wait(2_000).Abandon(Made.Id(40, 2), AbandonCause.DeadlinePassed, 1)
            .Train(41, 0, 2, sampleFrom: 32).Write(
                third.StreamKey, new CheckpointExpired(third, "not among the newest", Made.Hash("plan"), Epoch, Epoch))
            .Write(third.StreamKey, new ReclaimStarted(third, Made.Launcher, Epoch)).Gone(third, 0).Gone(third, 1)
            .Inject(4, "bit-rot", "shard", $"bit 7 of {Made.Key(Second, 1)} "
                + $"flipped").Lies(Second, 1, "chunk 3 is altered").Read(Second, 1, 1)
            .Check(Second, 1, Finding.Altered).Quarantine(Second, 1)
            .Note(static (index, at) => new Entry.Invoked(index, at, "rank:0", 9, OperationKind.Save, "step 50"))
            .Note(static (index, at) => new Entry.Ended(index, at, "rank:0", 9, Outcome.Ok, null, ""));
    }

    static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch.AddYears(56);

    static TilingEvidence Tiled(long secondFrom = 4) => new(
        First, "blk.0.weight", 8, [new RowRange(0, 0, 4), new RowRange(1, 4, 4)], [new RowRange(0, 0, 4), new RowRange(1, secondFrom, 4)]);

    static InvariantVerdict Of(Made made, string id) => made.Judged().Invariants.Single(one => string.Equals(one.Id, id,
        StringComparison.Ordinal));

    static void Breaks(string id, Made made, string says)
    {
        var verdict = Of(made, id);
        Assert.Equal(Judgement.Violated, verdict.Judgement);
        Assert.Contains(verdict.Violations, one => one.What.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public void A_healthy_history_with_faults_triggers_every_invariant_and_violates_none()
    {
        var verdict = Healthy().Judged();

        Assert.Empty(verdict.Invariants.SelectMany(static one => one.Violations));
        Assert.Empty(verdict.Invariants.Where(static one => one.Judgement != Judgement.Valid).Select(static one => one.Id));
    }

    [Fact]
    public void What_nothing_in_the_history_is_about_is_NEVER_and_not_valid()
    {
        Assert.All(new Made().Judged().Invariants.Where(static one => one.Id is not "L3"), static one =>
            Assert.Equal(Judgement.Never, one.Judgement));
        Assert.Equal(29, new Made().Judged().Invariants.Count);
    }

    [Fact]
    public void S1_a_stored_shard_that_is_gone_or_differs_without_a_fault_is_broken_durability()
    {
        Breaks("S1", new Made().Run().Save(First).Gone(First, 1), "there is no such object");
        Breaks("S1", new Made().Run().Save(First).Lies(First, 1, "12 B are missing at the end"), "12 B are missing");
        Assert.Equal(Judgement.Valid, Of(
            new Made().Run().Save(First).Inject(1, "truncate", "shard", $"cut {Made.Key(First, 1)}").Lies(First, 1, "cut"), "S1")
                .Judgement);
        Assert.Equal(Judgement.Never, Of(new Made { BeyondBudget = true }.Run().Save(First).Gone(First, 1), "S1").Judgement);
    }

    [Fact]
    public void S2_a_seal_without_every_rank_and_an_offer_of_what_is_open_or_quarantined_are_broken_wholeness()
    {
        Breaks("S2", new Made().Run().Open(First).Shard(First, 0).Seal(First), "rank 1 had not stored");
        Breaks("S2", new Made().Run().Open(First).Shard(First, 0).Shard(First, 1).Seal(First, Made.Hash("other")), "manifest");
        Breaks("S2", Offer(new Made().Run().Open(First)), "it never was");
        Breaks("S2", Offer(new Made().Run().Save(First).Check(First, 1, Finding.Altered).Quarantine(First, 1)), "quarantined since");
    }

    static Made Offer(Made made) => made.Note(static (index, at) => new Entry.Offered(index, at, "reader", Made.Bloom, First, "newest"));

    [Fact]
    public void S3_a_restored_or_stored_state_that_is_not_the_captured_one_is_not_bit_exact()
    {
        Breaks("S3", new Made().Run().Save(First).Verify(First).Recovery(2).Choose(2, First).Restore(2, First, 1, Made.Hash("other")),
            "Rank 1 restored");
        Breaks("S3", new Made().Run().Save(First).Lies(First, 1, state: Made.Hash("frozen")), "decodes to");
    }

    [Fact]
    public void S4_a_second_seal_and_a_seal_after_a_newer_grant_are_two_authorities()
    {
        Breaks("S4", new Made().Run().Save(First).Seal(First), "2 times");
        Breaks("S4", new Made().Run().Open(First).Shard(First, 0).Shard(First, 1).Grant(2).Seal(First), "Expected nothing of it after");
    }

    [Fact]
    public void S5_a_recovery_of_an_unsealed_quarantined_or_unfinished_point_is_unsound()
    {
        Breaks("S5", new Made().Run().Open(First).Recover(2, First), "it was not sealed");
        Breaks("S5", Damaged().Recover(2, First), "was quarantined");
        Breaks("S5", new Made().Run().Save(First).Verify(First).Recovery(2).Choose(2, First).Restore(2, First, 0).Complete(2, First),
            "rank 1 did not");
        Breaks("S5", new Made().Run().Save(First).Verify(First).Recovery(2).Choose(2, First).Restore(2, Second, 0), "Rank 0 holds",
            completes: true);
    }

    static void Breaks(string id, Made made, string says, bool completes) => Breaks(id, completes ? made.Complete(2, First) : made, says);

    static Made Damaged() => new Made().Run().Save(First).Verify(First).Check(First, 1, Finding.Altered).Quarantine(First, 1);

    [Fact]
    public void S6_an_older_point_than_the_newest_intact_one_needs_a_true_reason()
    {
        var both = static () => new Made().Run().Save(First).Verify(First).Save(Second).Verify(Second);
        Breaks("S6", both().Recover(2, First), "not even mentioned");
        Breaks("S6", both().Recover(2, First, new RejectedCandidate(Second, RejectionReason.Quarantined, "")), "which was not so");
        Breaks("S6", both().Recover(2, null), "initial state");
        Breaks("S6", new Made().Run().Save(First).Verify(First).Recovery(2).Write(
            "recovery/bloom/2", new RecoveryFailed(RecoveryId.Parse("bloom/2"), "nothing", [], Epoch)), "nothing can be restored");
        Assert.Equal(Judgement.Valid, Of(new Made().Run().Save(First).Verify(First).Save(Second)
            .Recover(2, First, new RejectedCandidate(Second, RejectionReason.NotVerified, "nobody read it")), "S6").Judgement);
    }

    [Fact]
    public void S6_what_a_recovery_turned_back_from_is_no_newer_point()
    {
        var turned = new Made().Run().Save(First).Verify(First).Save(Second)
            .Recover(2, First, new RejectedCandidate(Second, RejectionReason.NotVerified, "")).Save(Made.Id(15, 2)).Verify(Made.Id(15, 2))
            .Verify(Second).Recover(3, Made.Id(15, 2), new RejectedCandidate(Second, RejectionReason.OffHistory, "behind generation 2"));

        Assert.Equal(Judgement.Valid, Of(turned, "S6").Judgement);
    }

    [Fact]
    public void S7_damage_that_was_read_and_not_told_and_a_false_alarm_are_broken_detection()
    {
        var rot = new Made().Run().Save(First).Verify(First).Inject(1, "bit-rot", "shard", $"bit 7 of {Made.Key(First, 1)} flipped")
            .Lies(First, 1, "chunk 3 is altered").Read(First, 1);
        Breaks("S7", rot, "Expected the damage on record");
        Breaks("S7", rot.Check(First, 1, Finding.Altered).Recovery(2).Choose(2, First).Restore(2, First, 1, Made.Hash("wrong")),
            "the trainer got");
        Breaks("S7", new Made().Run().Save(First).Read(First, 1).Check(First, 1, Finding.Altered), "Expected intact");
    }

    [Fact]
    public void S8_an_acknowledged_fact_that_is_not_on_record_is_lost() => Breaks(
        "S8", new Made().Run().Open(First).Shard(First, 0).Acknowledge(First.StreamKey, "shard-stored.v1", 1), "An acknowledged fact "
        + "was lost");

    [Fact]
    public void S9_what_is_on_record_twice_or_with_two_contents_was_not_idempotent()
    {
        Breaks("S9", new Made().Run().Open(First).Shard(First, 0).Store(First, 0), "more than once");
        Breaks("S9", new Made().Run().Open(First).Store(First, 0), "Expected its ShardDiffed before it");
        Breaks("S9", new Made().Run().Open(First).Diff(First, 0).Diff(First, 0), "ShardDiffed");
        Breaks("S9", new Made().Run().Save(First).Read(First, 0).Check(First, 0).Check(First, 0), "is on record twice");
    }

    [Fact]
    public void S10_gaps_and_digests_that_do_not_hold_break_a_stream()
    {
        var body = new LeaseExpired(Made.Bloom, new Generation(1), Made.Launcher, Epoch);
        Breaks("S10", new Made().Run().Write("run/bloom", body, version: 7), "Expected 3");
        Breaks("S10", new Made().Run().Write("run/bloom", body, digestHeld: false), "the body gives another one");
    }

    [Fact]
    public void S11_and_L4_a_row_that_differs_from_its_replay_is_incomplete()
    {
        var made = new Made { Rows = { new RowEvidence("run/bloom", Made.Hash("live"), Made.Hash("replayed")) } };
        Breaks("S11", made, "replayed from zero");
        Breaks("L4", made, "had not caught up");
    }

    [Fact]
    public void S12_a_message_before_its_object_is_durable_leads() =>
        Breaks("S12", new Made().Run().Open(First).Sent(First, 0).Durable(First, 0), "it became durable only later");
}
