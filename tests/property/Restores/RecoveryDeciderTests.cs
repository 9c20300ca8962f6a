using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Runs;
using Lineage.Tests.Property.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Restores;

public sealed class RecoveryDeciderTests
{
    static RejectedCandidate Rejection(Ledger ledger, CheckpointId id) =>
        RestorePointChooser.Survey(ledger.ForRestoring(ledger.Run.Generation.Value + 1), new RestoreFilter(Two))
            .Rejected.Single(r => r.Checkpoint == id);

    [Fact]
    public void A_recovery_grants_the_next_generation_and_chooses_the_newest_restore_point_in_one_decision()
    {
        var ledger = new Ledger();
        ledger.Save(Id(1, 10));
        ledger.Save(Id(1, 20), verify: false);
        ledger.Open(Id(1, 30));
        ledger.Do(Stored(Id(1, 30), 0));
        var started = Assert.IsType<Decision.Accepted>(ledger.Start(reached: 33));
        var choice = (RestorePointChosen)started.Events[1];
        Assert.Equal((Id(1, 10), 1), (choice.Chosen!.Value, choice.Attempt));
        Assert.Equal([RejectionReason.NotSealed, RejectionReason.NotVerified], choice.Rejected.Select(static r => r.Reason));
        Assert.Equal("not sealed: rank 1 missing", choice.Rejected[0].Detail);
        Assert.Equal(2, Assert.IsType<LeaseGranted>(Assert.Single(started.Elsewhere).Event).Generation.Value);
        ledger.Restored(0, Id(1, 10));
        var last = Assert.IsType<Decision.Accepted>(ledger.Restored(1, Id(1, 10)));
        Assert.Equal((10, 23), (((RecoveryCompleted)last.Events[1]).Step.Value, ((RecoveryCompleted)last.Events[1]).LostSteps!.Value));
    }

    [Fact]
    public void A_run_that_never_sealed_begins_again_from_the_initial_state()
    {
        var ledger = new Ledger();
        ledger.Open(Id(1, 10));
        var choice = (RestorePointChosen)Assert.IsType<Decision.Accepted>(ledger.Start()).Events[1];
        Assert.Null(choice.Chosen);
        Assert.Contains("initial state", choice.Why, StringComparison.Ordinal);
        Then.Refused(ledger.ChooseAgain(1), ProblemCodes.RestoreMismatch);
    }

    [Fact]
    public void Without_any_restore_point_the_recovery_fails_with_every_reason_and_gives_the_lease_back()
    {
        var ledger = new Ledger();
        ledger.Save(Id(1, 10), verify: false);
        var started = Assert.IsType<Decision.Accepted>(ledger.Start());
        var failed = Assert.IsType<RecoveryFailed>(started.Events[1]);
        Assert.Contains("wait for their verification", failed.Reason, StringComparison.Ordinal);
        Assert.Equal(RejectionReason.NotVerified, Assert.Single(failed.Rejected).Reason);
        Assert.Equal([typeof(LeaseGranted), typeof(LeaseReleased)], started.Elsewhere.Select(static e => e.Event.GetType()));
        ledger.Do(Found(Id(1, 10), 0));
        ledger.Do(Found(Id(1, 10), 1));
        Assert.Equal(Id(1, 10), ((RestorePointChosen)Assert.IsType<Decision.Accepted>(ledger.Start("again")).Events[1]).Chosen);
    }

    [Fact]
    public void Damage_found_before_training_goes_on_is_chosen_around_within_the_same_recovery()
    {
        var ledger = new Ledger(policy: new SavePolicy(FullEvery: 1));
        ledger.Save(Id(1, 10));
        ledger.Save(Id(1, 20));
        ledger.Start();
        ledger.Restored(0, Id(1, 20));
        Then.Refused(ledger.ChooseAgain(1), ProblemCodes.NotReady);
        ledger.Do(Found(Id(1, 20), 1, Finding.Altered, detail: "blk.2.mlp.weight chunk 17"));
        var choice = (RestorePointChosen)Then.Accepted(ledger.ChooseAgain(1), typeof(RestorePointChosen))[0];
        Assert.Equal((Id(1, 10), 2), (choice.Chosen!.Value, choice.Attempt));
        Assert.Equal("quarantined: rank 1's shard is altered (blk.2.mlp.weight chunk 17)", choice.Rejected[0].Detail);
        Assert.Empty(ledger.Recovery(new Generation(2))!.Restored);
        Then.Refused(ledger.Restored(0, Id(1, 20)), ProblemCodes.RestoreMismatch);
        Then.Refused(ledger.ChooseAgain(0), ProblemCodes.RestoreMismatch);
        ledger.Do(Found(Id(1, 10), 0, Finding.Missing));
        Then.Accepted(ledger.ChooseAgain(2), typeof(RecoveryFailed));
        Assert.Equal(LeasePhase.Released, ledger.Run.Lease);
        Then.Refused(ledger.Restored(0, Id(1, 10)), ProblemCodes.RecoveryClosed);
    }

    [Fact]
    public void A_recovery_overtaken_by_the_next_one_fails_and_its_ranks_are_fenced()
    {
        var ledger = new Ledger();
        ledger.Save(Id(1, 10));
        ledger.Start();
        var overtaking = Assert.IsType<Decision.Accepted>(ledger.Start("rank 0 killed too"));
        var overtaken = overtaking.Elsewhere.Select(static e => e.Event).OfType<RecoveryFailed>().Single();
        Assert.Equal(RecoveryInto(2), overtaken.Recovery);
        Assert.Contains("overtaken", overtaken.Reason, StringComparison.Ordinal);
        Then.Refused(ledger.Restored(0, Id(1, 10), new Generation(2)), ProblemCodes.StaleGeneration, records: 1);
        Assert.Equal(Id(1, 10), ledger.Recovery(new Generation(3))!.Chosen);
    }

    [Fact]
    public void A_report_must_fit_rank_point_and_state()
    {
        var ledger = new Ledger();
        ledger.Save(Id(1, 10));
        Then.Refused(ledger.Restored(0, Id(1, 10)), ProblemCodes.NoSuchRecovery);
        ledger.Start();
        Then.Refused(ledger.Restored(2, Id(1, 10)), ProblemCodes.RankOutsideWorld);
        Then.Refused(ledger.Restored(0, null), ProblemCodes.RestoreMismatch);
        ledger.Restored(0, Id(1, 10));
        RecoveryCommand.ReportRankRestored other =
            new(RecoveryInto(2), new Rank(0), Id(1, 10), 1, "disk", Hash("another state"), 1, Launcher, At(3));
        Then.Refused(RecoveryDecider.ReportRankRestored(ledger.Run, ledger.Recovery(new Generation(2)), other),
            ProblemCodes.RestoreMismatch);
        Then.Refused(
            RecoveryDecider.ReportRankRestored(ledger.Run, ledger.Recovery(new Generation(2)),
            other with { Rank = new Rank(1), StateDigest = default }),
            ProblemCodes.BadRequest);
    }

    [Fact]
    public void A_launcher_that_knows_an_old_generation_only_is_refused()
    {
        var ledger = new Ledger();
        ledger.Start();
        ledger.Restored(0, null);
        Then.Refused(ledger.Start(failed: new Generation(1)), ProblemCodes.StaleGeneration, records: 1);
    }

    [Fact]
    public void Each_way_of_being_unfit_is_told_in_words()
    {
        var ledger = new Ledger(policy: new SavePolicy(FullEvery: 8));
        ledger.Save(Id(1, 10));
        ledger.Save(Id(1, 20));
        ledger.Save(Id(1, 30));
        ledger.Do(Found(Id(1, 10), 1, Finding.Truncated, detail: "ends at 5 B"));
        Assert.Equal("chain broken: base demo/1/10 is quarantined: rank 1's shard is truncated (ends at 5 B)", Rejection(ledger, Id(1, 20))
            .Detail);
        ledger.Save(Id(1, 40));
        ledger.Start();
        foreach (var rank in new[] { 0, 1 }) ledger.Restored(rank, Id(1, 40));
        ledger.Save(Id(2, 50));
        var survey = RestorePointChooser.Survey(ledger.ForRestoring(3), new RestoreFilter(new WorldSize(3), new Step(45)));
        Assert.Equal(RejectionReason.AfterRequestedStep, survey.Rejected[0].Reason);
        Assert.Equal("saved by a world of 2, asked for 3", survey.Rejected[1].Detail);
        Assert.Null(survey.Best);
    }

    [Fact]
    public void What_a_generation_turned_back_from_is_off_the_history_and_says_from_where()
    {
        var ledger = new Ledger();
        ledger.Save(Id(1, 60));
        ledger.Save(Id(1, 80), verify: false);
        ledger.Start();
        foreach (var rank in new[] { 0, 1 }) ledger.Restored(rank, Id(1, 60));
        foreach (var rank in new[] { 0, 1 }) ledger.Do(Found(Id(1, 80), rank));
        Assert.Equal("off history: written under generation 1 after step 60, from which generation 2 turned back",
            Rejection(ledger, Id(1, 80)).Detail);
    }

    [Fact]
    public void An_estimate_says_whether_it_was_measured()
    {
        Assert.StartsWith("assumed", RestoreEstimate.Of(1_000, Two, []).Basis, StringComparison.Ordinal);
        var estimate = RestoreEstimate.Of(8_000_000, Two, [new Lineage.Questions.RestoreRate(4_000_000, 2_000)]);
        Assert.Equal(2.0, estimate.Seconds, 6);
        Assert.StartsWith("measured: median of 1 rank restore", estimate.Basis, StringComparison.Ordinal);
    }
}
