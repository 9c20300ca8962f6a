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
