using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Tests.Property.Cli;

public sealed class RetentionPageTests
{
    static readonly RetentionPolicy Policy = new(Latest: 2, Best: 1, BestBy: "val_loss", Daily: 7, GraceSeconds: 86_400);

    static readonly RetentionPlan Plan = new(
        Sample.Run, 7, Policy,
        [
            Entry(40, CheckpointPhase.Sealed, RetentionOutcome.Keep, "not verified yet"),
            Entry(30, CheckpointPhase.Verified, RetentionOutcome.Keep, "newest restore point; 1 of the latest 2; last of 2026-11-24"),
            Entry(20, CheckpointPhase.Verified, RetentionOutcome.Expire, "no rule keeps it: not among the latest 2, the last of 7 days"),
            Entry(10, CheckpointPhase.Expired, RetentionOutcome.Expired, "expired: no rule keeps it: not among the latest 2"),
            Entry(5, CheckpointPhase.Abandoned, RetentionOutcome.Reclaimable, "abandoned: rank 1 never stored"),
        ],
        2, 1, 2_400_000, 1_200_000, Sample.Hash("plan"));

    static RetentionEntry Entry(long step, CheckpointPhase phase, RetentionOutcome outcome, string why) => new(
        Sample.Id(1, step), phase, outcome, outcome == RetentionOutcome.Keep ? [new KeepReason(KeepRule.Latest, why)] : [], why,
        phase == CheckpointPhase.Abandoned ? 0 : 1_200_000, null);

    [Fact]
    public void A_plan_says_of_each_checkpoint_why_it_stays_or_goes_and_how_to_apply_it() =>
        GoldenPage.Check("retention-plan", RetentionPage.Plan(Plan, whatIf: false, Sample.Wide with { Width = 0 }));

    [Fact]
    public void A_policy_that_is_tried_out_says_how_to_make_it_the_runs_own() =>
        Assert.Equal(
            "This policy is tried out only. Make it the run's own with: lineage retention set demo --latest 2 --best 1 --by val_loss "
            + "--daily 7 --grace 86400 --verified-min 2", RetentionPage.Plan(Plan, whatIf: true, Sample.Wide with { Width = 0 })[^1].Text);

    [Fact]
    public void A_policy_is_shown_rule_by_rule() => GoldenPage.Check("retention-show", RetentionPage.Show(Plan, Sample.Wide));

    [Fact]
    public void What_was_expired_says_until_when_it_can_be_undone_and_how() => GoldenPage.Check("retention-applied", RetentionPage.Applied(
        new RetentionApplied(
            Sample.Run, Plan.Digest, [new ExpiredCheckpoint(Sample.Id(1, 20), "no rule keeps it", 1_200_000, Sample.Now.AddDays(1))],
            1_200_000, Remaining: 3),
        Sample.Wide with { Width = 0 }));

    [Fact]
    public void What_holds_a_checkpoint_is_listed() => GoldenPage.Check("holders", RetentionPage.Holders(
        new Holders(
            Sample.Id(1, 10), CheckpointPhase.Verified, SafeToDelete: false, "2 things hold it",
            [new KeepReason(KeepRule.Hold, "legal hold case-7"), new KeepReason(KeepRule.BaseOf, "base of demo/1/20 and 3 more")],
            1_200_000),
        Sample.Wide));
}
