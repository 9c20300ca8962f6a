using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Runs;
using Lineage.Tests.Property.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Checkpoints;

public sealed class CheckpointDeciderTests
{
    static readonly CheckpointId C = Id(1, 10);

    static Decision Decide(Checkpoint? state, Run? run, CheckpointCommand command) => CheckpointDecider.Decide(state, run, command);

    static Decision Report(Checkpoint? state, Run? run, FactMessage message) =>
        Decide(state, run, new CheckpointCommand.Report(message, At(2)));

    [Fact]
    public void The_first_open_decides_the_plan_and_repeats_get_the_same()
    {
        var opened = (CheckpointOpened)Then.Accepted(Decide(null, RunAt(1), Open(C)), typeof(CheckpointOpened))[0];
        Assert.Equal((CheckpointKind.Full, (BaseLink?)null, (CheckpointId?)null, At(61)),
            (opened.Kind, opened.Base, opened.Parent, opened.Deadline));
        Then.Done(Decide(CheckpointOf(opened), RunAt(1), Open(C, HistoryOf(1, Sealed(Id(1, 5))))));
        Then.Done(Decide(Sealed(C), RunAt(1), Open(C)));
    }

    [Fact]
    public void An_open_that_differs_from_the_plan_is_refused()
    {
        Then.Refused(Decide(CheckpointOf(Opened(C)), RunAt(1), Open(C, worldSize: 3)), ProblemCodes.PlanMismatch);
        Then.Refused(Decide(CheckpointOf(Opened(C)), RunAt(1), Open(C, layout: Hash("other"))), ProblemCodes.PlanMismatch);
        Then.Refused(Decide(null, RunAt(1), Open(C, worldSize: 3)), ProblemCodes.PlanMismatch);
        Then.Refused(Decide(null, RunAt(1), Open(C, layout: default(ContentHash))), ProblemCodes.BadRequest);
        var turned = HistoryOf(1) with { RestorePoint = Id(1, 20) };
        Then.Refused(Decide(null, RunAt(1), Open(C, turned)), ProblemCodes.PlanMismatch);
    }

    [Fact]
    public void Only_the_current_generation_opens()
    {
        Then.Refused(Decide(null, RunAt(2), Open(C)), ProblemCodes.StaleGeneration, records: 1);
        Then.Refused(Decide(Sealed(C), RunAt(2), Open(C)), ProblemCodes.StaleGeneration, records: 1);
        Then.Refused(Decide(null, RunAt(1), Open(Id(2, 10))), ProblemCodes.UnknownGeneration);
        Then.Refused(Decide(null, null, Open(C)), ProblemCodes.NoSuchRun);
        Then.Refused(Decide(null, RunOf(Registered()), Open(Id(0, 10))), ProblemCodes.UnknownGeneration);
        var completed = RunOf(Registered(), Granted(1), new RunCompleted(Demo, new Generation(1), new Step(9), null, At(1)));
        Then.Refused(Decide(null, completed, Open(C)), ProblemCodes.RunCompleted);
    }

    [Fact]
    public void A_store_implies_its_diff_and_a_late_diff_says_nothing_new()
    {
        var events = Then.Accepted(Report(CheckpointOf(Opened(C)), RunAt(1), Stored(C, 0)), typeof(ShardDiffed), typeof(ShardStored));
        Then.Done(Report(CheckpointOf([Opened(C), .. events]), RunAt(1), Diff(C, 0)));
        var diffed = Then.Accepted(Report(CheckpointOf(Opened(C)), RunAt(1), Diff(C, 0)), typeof(ShardDiffed));
        Then.Accepted(Report(CheckpointOf([Opened(C), .. diffed]), RunAt(1), Stored(C, 0)), typeof(ShardStored));
    }

    [Fact]
    public void The_last_store_seals_in_the_same_decision_with_a_hash_of_the_manifest_alone()
    {
        var one = After(CheckpointOf(Opened(C)), RunAt(1), Stored(C, 1));
        var events = Then.Accepted(Report(one, RunAt(1), Stored(C, 0)), typeof(ShardDiffed), typeof(ShardStored), typeof(CheckpointSealed));
        var seal = (CheckpointSealed)events[2];
        Assert.Equal((2_001L, 1_201L), (seal.RawBytes, seal.StoredBytes));
        Assert.Equal(Sealed(C).Manifest().Hash(), seal.ManifestHash);
        Assert.Equal([0, 1], Sealed(C).Manifest().Shards.Select(static shard => shard.Rank.Value));
    }

    [Fact]
    public void As_many_copies_as_the_plan_asks_for_make_a_shard_count_and_more_are_no_news()
    {
        var opened = CheckpointOf(Opened(C, copies: 2, worldSize: 1));
        var run = RunOf(Registered(new SavePolicy(Copies: 2)), Granted(1, worldSize: 1));
        var one = After(opened, run, Stored(C, 0), Stored(C, 0));
        Assert.Equal([0], one.MissingRanks().Select(static rank => rank.Value));
        Then.Accepted(Report(one, run, Stored(C, 0, tier: "bucket")), typeof(ShardStored), typeof(CheckpointSealed));
        Then.Done(Report(After(one, run, Stored(C, 0, tier: "bucket")), run, Stored(C, 0, tier: "peer")));
    }

    [Fact]
    public void Another_content_for_a_recorded_shard_is_refused_and_the_record_stands()
    {
        var state = After(CheckpointOf(Opened(C)), RunAt(1), Stored(C, 0));
        Then.Refused(Report(state, RunAt(1), Stored(C, 0) with { Root = Hash("other") }), ProblemCodes.ShardConflict);
        Then.Refused(Report(state, RunAt(1), Stored(C, 0) with { StoredBytes = 5 }), ProblemCodes.ShardConflict);
        Then.Refused(Report(state, RunAt(1), Diff(C, 0) with { Diff = Figures(1) }), ProblemCodes.ShardConflict);
        Then.Refused(Report(Sealed(C), RunAt(1), Stored(C, 0) with { Root = Hash("other") }), ProblemCodes.ShardConflict);
    }

    [Fact]
    public void Reports_that_do_not_fit_are_refused_each_for_its_reason()
    {
        var open = CheckpointOf(Opened(C));
        Then.Refused(Report(open, RunAt(1), Stored(C, 2)), ProblemCodes.RankOutsideWorld);
        Then.Refused(Report(open, RunAt(1), Diff(C, 2)), ProblemCodes.RankOutsideWorld);
        Then.Refused(Report(null, RunAt(1), Stored(C, 0)), ProblemCodes.NoSuchCheckpoint);
        Then.Refused(Report(null, RunAt(1), Diff(C, 0)), ProblemCodes.NoSuchCheckpoint);
        Then.Refused(Report(open, RunAt(1), Stored(C, 0, baseRoot: Hash("base"))), ProblemCodes.PlanMismatch);
        Then.Refused(Report(open, RunAt(1), Stored(C, 0) with { ObjectKey = "demo/../../etc/passwd" }), ProblemCodes.BadRequest);
        Then.Refused(Report(open, RunAt(1), Stored(C, 0) with { StoredBytes = 0 }), ProblemCodes.BadRequest);
        Then.Refused(Report(open, RunAt(1), Stored(C, 0) with { StoredBytes = long.MaxValue }), ProblemCodes.BadRequest);
        Then.Refused(Report(open, RunAt(1), Stored(C, 0) with { Root = default }), ProblemCodes.BadRequest);
        Then.Refused(Report(open, RunAt(1), Diff(C, 0) with { Diff = Figures(0) with { RawBytes = -1 } }), ProblemCodes.BadRequest);
    }

    [Fact]
    public void After_the_next_grant_only_what_is_on_record_is_still_acknowledged()
    {
        var state = After(CheckpointOf(Opened(C)), RunAt(1), Stored(C, 0));
        Then.Done(Report(state, RunAt(2), Stored(C, 0)));
        Then.Done(Report(state, RunAt(2), Diff(C, 0)));
        Then.Refused(Report(state, RunAt(2), Stored(C, 1)), ProblemCodes.StaleGeneration, records: 1);
        Then.Refused(Report(state, RunAt(2), Diff(C, 1)), ProblemCodes.StaleGeneration, records: 1);
        Then.Refused(Report(null, RunAt(2), Stored(C, 1)), ProblemCodes.StaleGeneration, records: 1);
    }

    [Theory]
    [InlineData(AbandonCause.DeadlinePassed), InlineData(AbandonCause.NewerGeneration), InlineData(AbandonCause.RunCompleted),
        InlineData(AbandonCause.Requested)]
    public void An_open_save_is_abandoned_once_for_a_cause_that_holds_naming_who_is_missing(AbandonCause cause)
    {
        CheckpointCommand.Abandon abandon = new(C, cause, "because", At(60));
        var run = RunOf(Registered(), Granted(1), Granted(2), new RunCompleted(Demo, new Generation(2), new Step(9), null, At(1)));
        var state = After(CheckpointOf(Opened(C)), RunAt(1), Stored(C, 0));
        var abandoned = (CheckpointAbandoned)Then.Accepted(Decide(state, run, abandon), typeof(CheckpointAbandoned))[0];
        Assert.Equal([1], abandoned.MissingRanks.Select(static rank => rank.Value));
        var closed = Checkpoint.Fold(state, abandoned)!;
        Then.Done(Decide(closed, run, abandon));
        Then.Refused(Report(closed, RunAt(1), Stored(C, 1)), ProblemCodes.CheckpointClosed);
        Then.Refused(Report(closed, RunAt(1), Found(C, 1)), ProblemCodes.CheckpointClosed);
        Then.Refused(Decide(Sealed(C), run, abandon), ProblemCodes.CheckpointClosed);
        Then.Refused(Decide(null, run, abandon), ProblemCodes.NoSuchCheckpoint);
    }

    [Theory]
    [InlineData(AbandonCause.DeadlinePassed), InlineData(AbandonCause.NewerGeneration), InlineData(AbandonCause.RunCompleted)]
    public void A_cause_that_does_not_hold_abandons_nothing(AbandonCause cause) => Then.Refused(
        Decide(CheckpointOf(Opened(C)), RunAt(1), new CheckpointCommand.Abandon(C, cause, "too early", At(59))), ProblemCodes.NotReady);

    static CheckpointCommand.Fail Failed(CheckpointId id, int rank, string code = ProblemCodes.DiskFull, string why = "no space left") =>
        new(id, new Rank(rank), code, why, ActorId.Parse($"rank:demo/1/{rank}"), At(2));

    [Fact]
    public void A_rank_that_cannot_save_ends_the_save_for_all_at_once_with_its_code_and_reason()
    {
        var state = After(CheckpointOf(Opened(C)), RunAt(1), Stored(C, 0));
        var abandoned = (CheckpointAbandoned)Then.Accepted(Decide(state, RunAt(1), Failed(C, 1)), typeof(CheckpointAbandoned))[0];
        Assert.Equal(
            (AbandonCause.RankFailed, new RankFailure(new Rank(1), ProblemCodes.DiskFull),
                "rank 1 could not save its shard: no space left"),
            (abandoned.Cause, abandoned.Failure, abandoned.Reason));
        Assert.Equal([new Rank(1)], abandoned.MissingRanks);
        var closed = Checkpoint.Fold(state, abandoned)!;
        Then.Done(Decide(closed, RunAt(1), Failed(C, 1)));
        Then.Done(Decide(closed, RunAt(1), Failed(C, 0)));
        Then.Refused(Report(closed, RunAt(1), Stored(C, 1)), ProblemCodes.CheckpointClosed);
        Assert.Equal("rank 1 could not save its shard: no space left [disk-full]", CheckpointViews.View(closed, version: 4).Cause);
    }

    [Fact]
    public void A_failure_of_an_older_generation_ends_nothing_and_is_on_record()
    {
        var open = CheckpointOf(Opened(C));
        Then.Refused(Decide(open, RunAt(2), Failed(C, 1)), ProblemCodes.StaleGeneration, records: 1);
        Then.Refused(Decide(CheckpointOf(Opened(Id(2, 10))), RunAt(1), Failed(Id(2, 10), 1)), ProblemCodes.UnknownGeneration);
    }

    [Fact]
    public void A_failure_that_cannot_be_ends_nothing()
    {
        var open = CheckpointOf(Opened(C));
        Then.Refused(Decide(null, RunAt(1), Failed(C, 1)), ProblemCodes.NoSuchCheckpoint);
        Then.Refused(Decide(open, RunAt(1), Failed(C, 2)), ProblemCodes.RankOutsideWorld);
        Then.Refused(Decide(Sealed(C), RunAt(1), Failed(C, 1)), ProblemCodes.CheckpointClosed);
        Then.Refused(Decide(After(open, RunAt(1), Stored(C, 1)), RunAt(1), Failed(C, 1)), ProblemCodes.ShardConflict);
        Then.Refused(Decide(open, RunAt(1), Failed(C, 1, code: "Disk full")), ProblemCodes.BadRequest);
        Then.Refused(Decide(open, RunAt(1), Failed(C, 1, why: " ")), ProblemCodes.BadRequest);
        var cut = (CheckpointAbandoned)Then.Accepted(
            Decide(open, RunAt(1), Failed(C, 1, why: new string('x', 5_000))), typeof(CheckpointAbandoned))[0];
        Assert.InRange(cut.Reason.Length, 1_000, 1_100);
    }

    [Fact]
    public void Saves_end_at_once_when_the_run_moved_on_and_else_at_their_deadline()
    {
        OpenSave[] saves = [new(Id(1, 10), At(60)), new(Id(2, 20), At(70)),
            new(new CheckpointId(RunId.Parse("done"), new Generation(1), new Step(5)), At(80))];
        RunFence[] runs = [new(Demo, new Generation(2), IsCompleted: false),
            new(RunId.Parse("done"), new Generation(1), IsCompleted: true)];
        Assert.Equal([AbandonCause.NewerGeneration, AbandonCause.RunCompleted], SaveDeadlines.Step(saves, runs, At(1))
            .Select(static c => c.Cause));
        Assert.Equal(
            [AbandonCause.NewerGeneration, AbandonCause.DeadlinePassed, AbandonCause.RunCompleted], SaveDeadlines.Step(saves, runs, At(70))
                .Select(static c => c.Cause));
        Assert.Empty(SaveDeadlines.Step([saves[1]], runs, At(69)));
    }

    [Fact]
    public void A_batch_of_another_checkpoint_is_a_bug() => Assert.Throws<ArgumentException>(
        () => CheckpointDecider.DecideAll(C, CheckpointOf(Opened(C)), RunAt(1), [Stored(Id(1, 11), 0)], At(1)));

    [Fact]
    public void Views_tell_what_is_on_record()
    {
        var quarantined = CheckpointViews.View(Quarantined(C), version: 9);
        Assert.Equal("rank 1's shard is altered (blk.2.mlp.weight chunk 17)", quarantined.Cause);
        Assert.Equal((CheckpointPhase.Quarantined, 0, 2_001L, 1_201L),
            (quarantined.Phase, quarantined.ChainDepth, quarantined.RawBytes, quarantined.StoredBytes));
        var open = CheckpointViews.View(After(CheckpointOf(Opened(C, EdgeTo(Sealed(Id(1, 5))))), RunAt(1), Stored(C, 0)), version: 3);
        Assert.Equal((1, 1), (open.ChainDepth, Assert.Single(open.MissingRanks).Value));
        var plan = CheckpointViews.Plan(CheckpointOf(Opened(C)), depthMax: 4);
        Assert.Equal((CheckpointPhase.Open, 4), (plan.Phase, plan.DepthMax));
    }
}
