using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Tests.Property.Runs;
using Lineage.Verification;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Verification;

public sealed class VerificationDeciderTests
{
    static readonly CheckpointId C = Id(1, 10);

    static Decision Decide(Checkpoint? state, ShardVerificationReported m, double at = 5) => VerificationDecider.Decide(state, m, At(at));

    [Fact]
    public void All_shards_deeply_intact_make_a_checkpoint_verified_and_repeats_say_nothing_new()
    {
        Then.Accepted(Decide(Sealed(C), Found(C, 0)), typeof(ShardVerified));
        Then.Accepted(Decide(After(Sealed(C), RunAt(1), Found(C, 0)), Found(C, 1)), typeof(ShardVerified), typeof(CheckpointVerified));
        Then.Done(Decide(Verified(C), Found(C, 1)));
        Then.Done(Decide(Verified(C), Found(C, 1, depth: VerificationDepth.Shallow)));
        Then.Accepted(Decide(Verified(C), Found(C, 1), at: 5 + VerificationDecider.RefreshAfter.TotalSeconds), typeof(ShardVerified));
    }

    [Fact]
    public void A_shallow_look_verifies_nothing()
    {
        var looked = After(Sealed(C), RunAt(1), Found(C, 0, depth: VerificationDepth.Shallow),
            Found(C, 1, depth: VerificationDepth.Shallow));
        Assert.Equal(CheckpointPhase.Sealed, looked.Phase);
        Then.Accepted(Decide(looked, Found(C, 0)), typeof(ShardVerified));
    }

    [Theory]
    [InlineData(Finding.Missing), InlineData(Finding.Truncated), InlineData(Finding.Altered), InlineData(Finding.Unreadable),
        InlineData(Finding.Unknown)]
    public void Any_finding_but_intact_quarantines_and_nothing_lifts_that(Finding finding)
    {
        var events = Then.Accepted(Decide(Verified(C), Found(C, 1, finding, detail: "chunk 17")), typeof(ShardVerified),
            typeof(CheckpointQuarantined));
        Assert.Contains("chunk 17", ((CheckpointQuarantined)events[1]).Cause, StringComparison.Ordinal);
        var after = events.Aggregate(Verified(C), static (state, e) => Checkpoint.Fold(state, e)!);
        Then.Done(Decide(after, Found(C, 1), at: 1_000_000));
        Then.Done(Decide(after, Found(C, 1, finding)));
        Assert.Equal(CheckpointPhase.Quarantined, After(after, RunAt(1), Found(C, 0), Found(C, 1)).Phase);
    }

    [Fact]
    public void A_second_damaged_shard_is_recorded_under_the_one_quarantine()
    {
        var events = Then.Accepted(Decide(Quarantined(C), Found(C, 0, Finding.Missing)), typeof(ShardVerified));
        Assert.StartsWith(
            "rank 0's shard is missing; rank 1's",
            Damage.Describe(events.Aggregate(Quarantined(C), static (s, e) => Checkpoint.Fold(s, e)!)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_valid_shard_in_the_wrong_place_is_altered()
    {
        var found = (ShardVerified)Then.Accepted(
            Decide(Sealed(C), Found(C, 0) with { Root = Root(C, 1) }), typeof(ShardVerified), typeof(CheckpointQuarantined))[0];
        Assert.Equal(Finding.Altered, found.Finding);
        Assert.Contains(Root(C, 0).Short, found.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Findings_that_cannot_be_are_refused()
    {
        Then.Refused(Decide(null, Found(C, 0)), ProblemCodes.NoSuchCheckpoint);
        Then.Refused(Decide(CheckpointOf(Opened(C)), Found(C, 0)), ProblemCodes.NotReady);
        Then.Refused(Decide(Sealed(C), Found(C, 2)), ProblemCodes.RankOutsideWorld);
        Then.Refused(Decide(Sealed(C), Found(C, 0) with { Root = null }), ProblemCodes.BadRequest);
        Then.Refused(Decide(Sealed(C), Found(C, 0) with { ReadBytes = -1 }), ProblemCodes.BadRequest);
    }

    [Fact]
    public void A_detail_from_outside_is_cut_to_its_bound()
    {
        var found = (ShardVerified)Then.Accepted(
            Decide(Sealed(C), Found(C, 0, Finding.Altered, detail: new string('x', 5_000))), typeof(ShardVerified),
            typeof(CheckpointQuarantined))[0];
        Assert.Equal(VerificationDecider.DetailCharactersMax, found.Detail!.Length);
    }

    /// <summary>Every order of two intact findings, an expiry and its undoing ends in a verified checkpoint.</summary>
    [Theory]
    [InlineData("01EU"), InlineData("0E1U"), InlineData("0EU1"), InlineData("E01U"), InlineData("E0U1"), InlineData("EU01")]
    [InlineData("10EU"), InlineData("1E0U"), InlineData("1EU0"), InlineData("E10U"), InlineData("E1U0"), InlineData("EU10")]
    public void What_was_found_intact_while_it_was_expired_counts_when_the_expiry_is_undone(string order)
    {
        var state = Sealed(C);
        foreach (var what in order)
        {
            if (what is 'E' or 'U')
                state = Checkpoint.Fold(state, what == 'E'
                    ? new CheckpointExpired(C, "not needed", Hash("plan"), At(90), At(30))
                    : new ExpiryUndone(C, Launcher, "needed", At(40)))!;
            else
                state = ((Decision.Accepted)Decide(state, Found(C, what - '0'))).Events
                    .Aggregate(state, static (s, e) => Checkpoint.Fold(s, e)!);
        }

        Assert.Equal((CheckpointPhase.Verified, true), (state.Phase, state.VerifiedAt is not null));
        Then.Done(Decide(state, Found(C, 0)));
    }

    /// <summary>Streams from before that have all findings and no verification; a keeper's next look is not put off for a day.</summary>
    [Fact]
    public void A_verification_that_older_findings_left_owing_follows_with_the_next_one()
    {
        var state = Sealed(C);
        foreach (var rank in (int[])[0, 1])
            state = Checkpoint.Fold(state, new ShardVerified(
                C, new Rank(rank), Finding.Intact, VerificationDepth.Deep, Detail: null, 100, At(20)))!;
        Assert.Equal(CheckpointPhase.Sealed, state.Phase);
        var verified = Then.Accepted(Decide(state, Found(C, 0)), typeof(CheckpointVerified))[0];
        Then.Done(Decide(Checkpoint.Fold(state, verified)!, Found(C, 0)));
    }

    [Fact]
    public void What_is_built_on_something_quarantined_waits_for_no_keeper_until_its_base_is_whole_again()
    {
        var keyframe = Sealed(Id(1, 5));
        var delta = Sealed(Id(1, 10), EdgeTo(keyframe));
        var above = Candidate.Of(Sealed(Id(1, 15), EdgeTo(delta)));
        foreach (var (phase, waits) in new[]
        {
            (CheckpointPhase.Sealed, true), (CheckpointPhase.Verified, true), (CheckpointPhase.Expired, true),
            (CheckpointPhase.Quarantined, false), (CheckpointPhase.Reclaimed, false),
        })
        {
            Candidate[] rows = [above, Candidate.Of(delta), Candidate.Of(keyframe) with { Phase = phase }];
            var due = PendingVerifications.Order(rows, At(100), again: null).Select(static c => c.Id.Step.Value).Where(static s => s > 5);
            Assert.Equal(waits ? [10L, 15L] : [], due.Order());
        }
    }

    [Fact]
    public void Keepers_read_the_oldest_unverified_first_and_then_what_was_read_longest_ago()
    {
        Candidate Row(long step, CheckpointPhase phase, double at) => Candidate.Of(Sealed(Id(1, step))) with
        {
            Phase = phase,
            SealedAt = At(at),
            VerifiedAt = phase == CheckpointPhase.Verified ? At(at) : null,
            CheckedAt = phase == CheckpointPhase.Verified ? At(at) : null,
        };
        Candidate[] rows =
        [
            Row(1, CheckpointPhase.Verified, 50), Row(2, CheckpointPhase.Sealed, 20), Row(3, CheckpointPhase.Sealed, 10),
            Row(4, CheckpointPhase.Quarantined, 5), Row(5, CheckpointPhase.Verified, 40), Row(6, CheckpointPhase.Verified, 95),
        ];
        Assert.Equal([3, 2, 5, 1], PendingVerifications.Order(rows, At(100), TimeSpan.FromSeconds(10)).Select(static c => c.Id.Step.Value));
        Assert.Equal([3, 2], PendingVerifications.Order(rows, At(100), again: null).Select(static c => c.Id.Step.Value));
    }
}
