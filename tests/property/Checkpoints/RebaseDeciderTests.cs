using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Checkpoints;

public sealed class RebaseDeciderTests
{
    static readonly Checkpoint Full = Verified(Id(1, 10)), Delta = Verified(Id(1, 20), EdgeTo(Full));

    static RebaseCommand Anew(CheckpointId id, params int[] ranks) => new(
        id, [.. ranks.Select(rank => new RewrittenShard(
            new Rank(rank), Hash($"anew {rank}"), 900, "local", ObjectKeys.Rebased(new ShardId(id, new Rank(rank))), 900))],
        "its base is not to be kept", Launcher, At(50));

    static Checkpoint With(Checkpoint state, params IEnumerable<object> events) =>
        events.Aggregate(state, static (s, e) => Checkpoint.Fold(s, e)!);

    static Checkpoint Rebased() => With(Delta, Then.Accepted(
        RebaseDecider.Decide(Delta, [], Anew(Delta.Id, 1, 0)), typeof(CheckpointRebased), typeof(ShardVerified), typeof(ShardVerified),
        typeof(CheckpointVerified)));

    [Fact]
    public void A_delta_that_was_stored_anew_is_full_and_verified_and_needs_nothing_else()
    {
        var rebased = Rebased();
        Assert.Equal(
            (CheckpointPhase.Verified, CheckpointKind.Full, null, 1_800L),
            (rebased.Phase, rebased.Kind, rebased.Base, rebased.Sealed!.StoredBytes));
        Assert.Equal(rebased.Manifest().Hash(), rebased.Sealed.ManifestHash);
        Assert.NotEqual(Delta.Sealed!.ManifestHash, rebased.Sealed.ManifestHash);
        Assert.Equal(Delta.Sealed.RawBytes, rebased.Sealed.RawBytes);
        var chain = ChainBuilder.Build(Candidate.Of(rebased), static _ => null);
        Assert.Equal((null, 1, 1_800L), (chain.Broken, chain.Links.Count, chain.ReadBytes));
        Then.Done(RebaseDecider.Decide(rebased, [], Anew(Delta.Id, 0, 1)));
        Then.Done(RebaseDecider.Decide(rebased, [Id(1, 30)], Anew(Delta.Id, 0, 1)));
    }

    [Fact]
    public void What_is_still_told_of_the_old_bytes_changes_nothing_and_damage_of_the_new_does()
    {
        var rebased = Rebased();
        Then.Done(CheckpointDecider.Decide(rebased, RunAt(1), new CheckpointCommand.Report(Found(Delta.Id, 1), At(60))));
        Then.Done(CheckpointDecider.Decide(
            rebased, RunAt(1), new CheckpointCommand.Report(Stored(Delta.Id, 1, Root(Full.Id, 1)), At(60))));
        Then.Accepted(
            CheckpointDecider.Decide(rebased, RunAt(1), new CheckpointCommand.Report(
                Found(Delta.Id, 1, Finding.Altered, detail: "wte chunk 3"), At(60))), typeof(ShardVerified), typeof(CheckpointQuarantined));
    }

    [Fact]
    public void It_is_refused_where_something_is_built_on_it_or_its_bytes_are_in_doubt()
    {
        var built = Then.Refused(RebaseDecider.Decide(Delta, [Id(1, 30)], Anew(Delta.Id, 0, 1)), ProblemCodes.StillNeeded);
        Assert.Contains("demo/1/30", built.Detail, StringComparison.Ordinal);
        Then.Refused(RebaseDecider.Decide(null, [], Anew(Delta.Id, 0, 1)), ProblemCodes.NoSuchCheckpoint);
        Then.Refused(RebaseDecider.Decide(Full, [], Anew(Full.Id, 0, 1)), ProblemCodes.PlanMismatch);
        var damaged = Quarantined(Id(1, 20), EdgeTo(Full));
        Then.Refused(RebaseDecider.Decide(damaged, [], Anew(damaged.Id, 0, 1)), ProblemCodes.CheckpointClosed);
        var open = CheckpointOf(Opened(Id(1, 20), EdgeTo(Full)));
        Then.Refused(RebaseDecider.Decide(open, [], Anew(open.Id, 0, 1)), ProblemCodes.NotReady);
        var expired = With(Delta, new CheckpointExpired(Delta.Id, "no rule", Hash("plan"), At(100), At(40)));
        Then.Refused(RebaseDecider.Decide(expired, [], Anew(Delta.Id, 0, 1)), ProblemCodes.CheckpointClosed);
    }

    [Fact]
    public void Every_rank_is_named_once_at_its_place()
    {
        Then.Refused(RebaseDecider.Decide(Delta, [], Anew(Delta.Id, 0)), ProblemCodes.BadRequest);
        Then.Refused(RebaseDecider.Decide(Delta, [], Anew(Delta.Id, 0, 0)), ProblemCodes.BadRequest);
        Then.Refused(RebaseDecider.Decide(Delta, [], Anew(Delta.Id, 0, 1, 2)), ProblemCodes.BadRequest);
        Then.Refused(RebaseDecider.Decide(Delta, [], Anew(Id(1, 30), 0, 1)), ProblemCodes.BadRequest);
        var whole = Anew(Delta.Id, 0, 1);
        Then.Refused(RebaseDecider.Decide(Delta, [], whole with { Reason = "" }), ProblemCodes.BadRequest);
        Then.Refused(RebaseDecider.Decide(
            Delta, [], whole with { Shards = [whole.Shards[0], whole.Shards[1] with { StoredBytes = 0 }] }), ProblemCodes.BadRequest);
    }
}
