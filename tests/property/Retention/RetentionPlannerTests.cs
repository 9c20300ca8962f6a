using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Retention;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Retention;

/// <summary>Each rule by itself, in words.</summary>
public sealed class RetentionPlannerTests
{
    static readonly RetentionPolicy One = new(Latest: 1, VerifiedMin: 1);

    [Fact]
    public void The_latest_stay_and_the_others_say_which_rules_they_do_not_meet()
    {
        var story = new RetentionStory { Policy = new RetentionPolicy(Latest: 2, Daily: 1, VerifiedMin: 1) };
        for (var i = 0; i < 4; i++) story.Save(CheckpointPhase.Verified);
        var plan = story.Plan();
        Assert.Equal([Id(1, 40), Id(1, 30)], Kept(plan));
        Assert.Equal(
            ["newest restore point; 1 of the latest 2; last of 2024-10-04", "2 of the latest 2",
                "no rule keeps it: not among the latest 2, the last of 1 day",
                "no rule keeps it: not among the latest 2, the last of 1 day"],
            plan.Entries.Select(static e => e.Why), StringComparer.Ordinal);
        Assert.Equal((2, 2, 2_000, 2_000), (plan.Kept, plan.Expiring, plan.KeptBytes, plan.FreedBytes));
    }

    [Fact]
    public void The_best_are_ranked_by_the_metric_equal_ones_by_age_and_what_is_no_number_does_not_compete()
    {
        var story = new RetentionStory { Policy = One with { Latest = 0, Best = 2, BestBy = "val_loss" } };
        foreach (var loss in new double?[] { 2.5, 1.5, 1.5, null, 3.5 }) story.Save(CheckpointPhase.Verified, metric: loss);
        story.Mark(Id(1, 40), new MetricsRecorded(Id(1, 40), [new Metric("val_loss", null)], Launcher, At(0)));
        var plan = story.Plan();
        Assert.Equal([Id(1, 50), Id(1, 30), Id(1, 20)], Kept(plan));
        Assert.Equal("1 of the best 2 by val_loss (1.5)", Why(plan, 30));
        story.Policy = story.Policy with { BestOrder = MetricOrder.HigherIsBetter };
        Assert.Equal([Id(1, 50), Id(1, 10)], Kept(story.Plan()));
    }

    [Fact]
    public void The_last_of_each_day_and_of_each_week_stays_and_empty_ones_do_not_count()
    {
        var story = new RetentionStory { Policy = One with { Latest = 0, Daily = 2, Weekly = 2 } };
        // At(0) is Friday, 2024-10-04. Days 0 and 2 are of week 40, day 3 of week 41, day 87 of week 1 of the next year.
        foreach (var day in new[] { 0, 0.5, 2, 3, 3.9, 87, 87.1 }) story.SaveOn(day);
        var plan = story.Plan();
        Assert.Equal([Id(1, 70), Id(1, 50)], Kept(plan));
        Assert.Equal("newest restore point; last of 2024-12-30; last of week 2025-W01", Why(plan, 70));
        Assert.Equal("last of 2024-10-07; last of week 2024-W41", Why(plan, 50));
    }

    [Fact]
    public void Marks_forks_restores_and_open_saves_keep_and_say_so()
    {
        var story = new RetentionStory { Policy = One };
        for (var i = 0; i < 7; i++) story.Save(CheckpointPhase.Verified);
        story.Mark(Id(1, 10), new CheckpointPinned(Id(1, 10), Launcher, "paper", At(9e8), At(0)));
        story.Mark(Id(1, 20), new HoldPlaced(Id(1, 20), "case-7", Launcher, "law", At(0)));
        story.Tag("release", Id(1, 30));
        story.Need(new OutsideNeed(Id(1, 40), KeepRule.Fork, "run child began from it"));
        story.Save(CheckpointPhase.Open, baseOf: Id(1, 50));
        var plan = story.Plan();
        Assert.StartsWith("pinned by launcher:a/1 until", Why(plan, 10), StringComparison.Ordinal);
        Assert.Equal("legal hold case-7", Why(plan, 20));
        Assert.Equal("tag release", Why(plan, 30));
        Assert.Equal("run child began from it", Why(plan, 40));
        Assert.Equal("open save demo/1/80 builds on it", Why(plan, 50));
        Assert.Equal([Id(1, 60)], plan.Entries.Where(static e => e.Outcome == RetentionOutcome.Expire).Select(static e => e.Checkpoint));
    }

    [Fact]
    public void A_base_stays_for_what_is_built_on_it_and_what_is_off_the_history_or_damaged_goes()
    {
        var story = new RetentionStory { Policy = One };
        story.Save(CheckpointPhase.Verified);
        story.Save(CheckpointPhase.Verified, baseOf: Id(1, 10));
        story.Save(CheckpointPhase.Verified);
        story.Save(CheckpointPhase.Quarantined);
        story.Recover(1);
        var plan = story.Plan();
        Assert.Equal("base of demo/1/20", Why(plan, 10));
        Assert.StartsWith("newest restore point", Why(plan, 20), StringComparison.Ordinal);
        Assert.StartsWith("off history: written under generation 1 after step 20", Why(plan, 30), StringComparison.Ordinal);
        Assert.Equal([Id(1, 20), Id(1, 10)], Kept(plan));
    }

    /// <summary>Found by the simulator (S13): the only other verified checkpoint was off the history, and went.</summary>
    [Fact]
    public void What_is_off_the_history_stays_while_too_few_verified_ones_would_remain()
    {
        var story = new RetentionStory { Policy = One with { VerifiedMin = 2 } };
        story.Save(CheckpointPhase.Verified);
        story.Save(CheckpointPhase.Verified);
        story.Save(CheckpointPhase.Verified);
        story.Recover(1);
        story.Recover(1);
        var plan = story.Plan();
        Assert.Contains(
            "fewer than 2 verified checkpoints would remain", Why(plan, 10) + Why(plan, 20) + Why(plan, 30), StringComparison.Ordinal);
        Assert.Equal(2, Kept(plan).Count());
    }

    [Fact]
    public void What_is_not_verified_yet_stays_and_an_abandoned_save_is_reclaimable_after_its_deadline()
    {
        var story = new RetentionStory { Policy = One };
        story.Save(CheckpointPhase.Verified);
        story.Save(CheckpointPhase.Sealed);
        story.Save(CheckpointPhase.Abandoned);
        Assert.Equal("not verified yet", Why(story.Plan(), 20));
        Assert.Equal((RetentionOutcome.Reclaimable, "abandoned: late"), (story.Plan().Entries[0].Outcome, Why(story.Plan(), 30)));
        Assert.Equal(RetentionOutcome.Keep, story.Plan(At(30)).Entries[0].Outcome);
    }

    [Fact]
    public void A_plan_is_named_by_what_it_does()
    {
        var story = new RetentionStory { Policy = One };
        for (var i = 0; i < 3; i++) story.Save(CheckpointPhase.Verified);
        var before = story.Plan().Digest;
        story.Save(CheckpointPhase.Open);
        Assert.Equal(before, story.Plan().Digest);   // what only stays does not outdate a plan that somebody looks at
        Assert.NotEqual(before, RetentionPlanner.Plan(story.Standing with { RunVersion = 8 }, One, RetentionStory.Now).Digest);
        Assert.NotEqual(before, RetentionPlanner.Plan(story.Standing, One with { GraceSeconds = 7 }, RetentionStory.Now).Digest);
        story.Tag("mine", Id(1, 10));
        Assert.NotEqual(before, story.Plan().Digest);
    }

    static IEnumerable<CheckpointId> Kept(RetentionPlan plan) =>
        plan.Entries.Where(static e => e.Outcome == RetentionOutcome.Keep).Select(static e => e.Checkpoint);

    static string Why(RetentionPlan plan, long step) => plan.Entries.Single(e => e.Checkpoint.Step.Value == step).Why;
}
