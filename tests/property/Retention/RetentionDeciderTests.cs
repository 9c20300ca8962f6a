using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Retention;
using Lineage.Tests.Property.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Retention;

public sealed class RetentionDeciderTests
{
    static readonly ContentHash Plan = Hash("plan");
    static readonly Checkpoint Full = Verified(Id(1, 10)), Delta = Verified(Id(1, 20), EdgeTo(Full));

    static RetentionCommand.Expire Expire(Checkpoint state) => new(state.Id, "no rule keeps it", Plan, 100, At(1_000));

    static RetentionCommand.Undo Undo(Checkpoint state, bool pin = false) => new(state.Id, Launcher, "too early", pin, At(1_050));

    static RetentionCommand.StartReclaim Start(Checkpoint state, double at = 2_000, params KeepReason[] needs) =>
        new(state.Id, Keeper, needs, At(at));

    static RetentionCommand.Reclaimed Gone(Checkpoint state, params int[] ranks) =>
        new(state.Id, [.. ranks.Select(static r => new Rank(r))], 1_201, "local", At(2_001));

    static Checkpoint With(Checkpoint state, params object[] events) => events.Aggregate(state, static (s, e) => Checkpoint.Fold(s, e)!);

    static Checkpoint After(Checkpoint state, RetentionCommand command) =>
        RetentionDecider.Decide(state, command) is Decision.Accepted accepted ? With(state, [.. accepted.Events])
        : throw new InvalidOperationException("refused");

    [Fact]
    public void A_checkpoint_expires_is_reclaimed_after_its_grace_and_each_step_repeated_is_done()
    {
        var expired = After(Full, Expire(Full));
        Assert.Equal((CheckpointPhase.Expired, At(1_100)), (expired.Phase, expired.Ending!.Expired!.ReclaimAfter));
        Then.Done(RetentionDecider.Decide(expired, Expire(expired)));
        Then.Refused(RetentionDecider.Decide(expired, Start(expired, 1_099)), ProblemCodes.StillNeeded);
        var started = After(expired, Start(expired, 1_100));
        Assert.Equal(CheckpointPhase.Reclaimed, started.Phase);
        Then.Done(RetentionDecider.Decide(started, Start(started)));
        Then.Done(RetentionDecider.Decide(started, Expire(started)));
        var gone = After(started, Gone(started, 1, 0));
        Assert.Equal([new Rank(0), new Rank(1)], gone.Ending!.Reclaimed!.Ranks);
        Then.Done(RetentionDecider.Decide(gone, Gone(gone, 0, 1)));
        Then.Done(RetentionDecider.Decide(gone, Start(gone)));
    }

    [Fact]
    public void What_was_pinned_or_held_since_the_plan_was_made_neither_expires_nor_goes()
    {
        var expired = After(Full, Expire(Full));
        var pin = new CheckpointPinned(Full.Id, Launcher, "paper", Until: null, At(999));
        Then.Refused(RetentionDecider.Decide(With(Full, pin), Expire(Full)), ProblemCodes.StillNeeded);
        Then.Refused(RetentionDecider.Decide(With(expired, pin), Start(expired)), ProblemCodes.StillNeeded);
        Then.Accepted(RetentionDecider.Decide(With(Full, pin with { Until = At(1_000) }), Expire(Full)), typeof(CheckpointExpired));
        var hold = new HoldPlaced(Full.Id, "case-7", Launcher, "law", At(999));
        Then.Refused(RetentionDecider.Decide(With(Full, hold), Expire(Full)), ProblemCodes.HoldInForce);
        Then.Refused(RetentionDecider.Decide(With(expired, hold), Start(expired)), ProblemCodes.HoldInForce);
    }

    [Fact]
    public void What_something_still_needs_does_not_go_and_the_refusal_names_it()
    {
        var expired = After(Full, Expire(Full));
        var refused = Then.Refused(
            RetentionDecider.Decide(expired, Start(expired, 2_000, new KeepReason(KeepRule.BaseOf, "base of demo/1/20 (open)"))),
            ProblemCodes.StillNeeded);
        Assert.Contains("base of demo/1/20 (open)", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_what_is_sealed_expires_and_only_what_is_expired_or_abandoned_is_reclaimed()
    {
        var open = CheckpointOf(Opened(Id(1, 30)));
        Then.Refused(RetentionDecider.Decide(null, Expire(Full)), ProblemCodes.NoSuchCheckpoint);
        Then.Refused(RetentionDecider.Decide(open, Expire(open)), ProblemCodes.NotExpired);
        Then.Refused(RetentionDecider.Decide(open, Start(open)), ProblemCodes.NotExpired);
        Then.Refused(RetentionDecider.Decide(Full, Start(Full)), ProblemCodes.NotExpired);
        Then.Refused(RetentionDecider.Decide(Full, Gone(Full, 0)), ProblemCodes.NotExpired);
        Then.Accepted(RetentionDecider.Decide(Quarantined(Id(1, 40)), Expire(Full)), typeof(CheckpointExpired));

        var abandoned = With(open, new CheckpointAbandoned(open.Id, AbandonCause.Requested, [new Rank(1)], "asked", At(1)));
        Then.Refused(RetentionDecider.Decide(abandoned, Start(abandoned, 59)), ProblemCodes.StillNeeded);
        Then.Accepted(RetentionDecider.Decide(abandoned, Start(abandoned, 60)), typeof(ReclaimStarted));
    }

    [Fact]
    public void A_report_of_a_reclaim_that_cannot_be_is_refused()
    {
        var started = After(After(Full, Expire(Full)), Start(Full));
        foreach (var bad in new[]
        {
            Gone(started, 0, 2), Gone(started, 1, 1), Gone(started) with { Bytes = -1 }, Gone(started) with { Tier = "" },
        }) Then.Refused(RetentionDecider.Decide(started, bad), ProblemCodes.BadRequest);
    }

    [Fact]
    public void Expiry_is_taken_back_with_the_chain_until_bytes_begin_to_go()
    {
        var (full, delta) = (After(Full, Expire(Full)), After(Delta, Expire(Delta)));
        var undone = Assert.IsType<Decision.Accepted>(RetentionDecider.Undo(delta, [full], Undo(delta, pin: true)));
        Assert.Equal([typeof(ExpiryUndone), typeof(CheckpointPinned)], undone.Events.Select(static e => e.GetType()));
        var elsewhere = Assert.Single(undone.Elsewhere);
        Assert.Equal((full.Id.StreamKey, typeof(ExpiryUndone)), (elsewhere.Stream, elsewhere.Event.GetType()));
        Assert.Equal(CheckpointPhase.Verified, With(delta, [.. undone.Events]).Phase);

        Then.Done(RetentionDecider.Undo(Delta, [Full], Undo(Delta)));
        Then.Refused(RetentionDecider.Undo(delta, [After(full, Start(full))], Undo(delta)), ProblemCodes.GraceOver);
        Then.Refused(RetentionDecider.Decide(After(full, Start(full)), Undo(full)), ProblemCodes.GraceOver);
        Then.Refused(RetentionDecider.Decide(delta, Undo(delta) with { Reason = "" }), ProblemCodes.BadRequest);
        Then.Refused(RetentionDecider.Decide(CheckpointOf(Opened(Id(1, 30))), Undo(delta)), ProblemCodes.NotExpired);
    }

    [Fact]
    public void Nobody_begins_to_restore_what_is_expired_or_gone()
    {
        Assert.Null(RetentionDecider.Unrestorable(Full));
        var expired = After(Full, Expire(Full));
        Assert.Equal(ProblemCodes.NoRestorePoint, RetentionDecider.Unrestorable(expired)!.Code);
        Assert.Equal(ProblemCodes.Reclaimed, RetentionDecider.Unrestorable(After(expired, Start(expired)))!.Code);
    }

    [Fact]
    public void The_work_names_every_object_of_the_checkpoint_and_none_of_another()
    {
        var work = RetentionViews.Work(After(Full, Expire(Full)));
        Assert.Equal(
            ["demo/g1/s10/manifest.json", "demo/g1/s10/r0.shard", "demo/g1/s10/r1.shard"], work.Objects.Select(static o => o.ObjectKey),
            StringComparer.Ordinal);
        Assert.Equal([0, 600, 601], work.Objects.Select(static o => o.Bytes));
        var abandoned = With(
            CheckpointOf(Opened(Id(1, 30))), new CheckpointAbandoned(Id(1, 30), AbandonCause.Requested, [], "asked", At(1)));
        Assert.Equal(3, RetentionViews.Work(abandoned).Objects.Count);
    }
}
