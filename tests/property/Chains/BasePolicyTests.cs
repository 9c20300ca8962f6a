using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Chains;

public sealed class BasePolicyTests
{
    static readonly SavePolicy EveryThird = new(FullEvery: 3);

    static SaveBasis Plan(CheckpointId id, History history, SavePolicy? policy = null, ContentHash? layout = null) =>
        BasePolicy.Plan(policy ?? EveryThird, history, id, Two, layout ?? Layout);

    [Fact]
    public void The_first_save_is_full_and_has_no_parent()
    {
        var basis = Plan(Id(1, 10), HistoryOf(1));
        Assert.Equal((CheckpointKind.Full, (BaseLink?)null, (CheckpointId?)null), (basis.Kind, basis.Base, basis.Parent));
    }

    [Fact]
    public void Incrementals_are_deltas_on_the_newest_full_one_never_on_each_other_until_a_full_one_is_due()
    {
        var keyframe = Sealed(Id(1, 10));
        var delta = Sealed(Id(1, 20), EdgeTo(keyframe));
        var basis = Plan(Id(1, 30), HistoryOf(1, keyframe, delta));
        Assert.Equal((CheckpointKind.Incremental, EdgeTo(keyframe), delta.Id), (basis.Kind, basis.Base, basis.Parent));
        Assert.Equal(CheckpointKind.Full, Plan(Id(1, 40), HistoryOf(1, keyframe, delta, Sealed(Id(1, 30), EdgeTo(keyframe)))).Kind);
        Assert.Equal(CheckpointKind.Full, Plan(Id(1, 20), HistoryOf(1, keyframe), new SavePolicy(FullEvery: 1)).Kind);
    }

    [Fact]
    public void An_abandoned_save_does_not_bring_the_next_full_one_nearer_and_is_nobodys_parent()
    {
        var keyframe = Sealed(Id(1, 10));
        var abandoned = CheckpointOf(
            Opened(Id(1, 20), EdgeTo(keyframe)),
            new CheckpointAbandoned(Id(1, 20), AbandonCause.DeadlinePassed, [new Rank(1)], "late", At(60)));
        var basis = Plan(Id(1, 40), HistoryOf(1, keyframe, abandoned, Sealed(Id(1, 30), EdgeTo(keyframe))));
        Assert.Equal((CheckpointKind.Incremental, Id(1, 30)), (basis.Kind, basis.Parent!.Value));
    }

    [Fact]
    public void Nothing_is_built_on_what_is_expired()
    {
        static Checkpoint Expired(Checkpoint state) =>
            Checkpoint.Fold(state, new CheckpointExpired(state.Id, "no rule keeps it", Hash("plan"), At(200), At(100)))!;
        var keyframe = Sealed(Id(1, 10));
        Candidate Small(Checkpoint delta) => Candidate.Of(delta) with { StoredBytes = 60 };
        Candidate[] standing = [Candidate.Of(keyframe), Small(Sealed(Id(1, 20), EdgeTo(keyframe)))];
        Candidate[] expired = [standing[0], Small(Expired(Sealed(Id(1, 20), EdgeTo(keyframe))))];
        var deep = new SavePolicy(FullEvery: 8);
        Assert.Equal(Id(1, 20), Plan(Id(1, 30), History.ForWriting(new Generation(1), standing, []), deep).Base!.Checkpoint);
        Assert.Equal(Id(1, 10), Plan(Id(1, 30), History.ForWriting(new Generation(1), expired, []), deep).Base!.Checkpoint);
        Assert.Equal(CheckpointKind.Full, Plan(Id(1, 20), HistoryOf(1, Expired(keyframe))).Kind);
    }

    [Fact]
    public void A_base_is_sealed_unquarantined_of_the_same_world_and_layout_and_older()
    {
        Assert.Equal(CheckpointKind.Full, Plan(Id(1, 20), HistoryOf(1, CheckpointOf(Opened(Id(1, 10))))).Kind);
        Assert.Equal(CheckpointKind.Full, Plan(Id(1, 20), HistoryOf(1, Quarantined(Id(1, 10)))).Kind);
        Assert.Equal(CheckpointKind.Full, Plan(Id(1, 20), HistoryOf(1, Sealed(Id(1, 10), worldSize: 3))).Kind);
        Assert.Equal(CheckpointKind.Full, Plan(Id(1, 20), HistoryOf(1, Sealed(Id(1, 10))), layout: Hash("other")).Kind);
        Assert.Equal(CheckpointKind.Full, Plan(Id(1, 20), HistoryOf(1, Sealed(Id(1, 30)))).Kind);
    }

    [Fact]
    public void An_older_full_one_stands_in_for_an_abandoned_one_and_for_nothing_else()
    {
        var older = Verified(Id(1, 5));
        var abandoned = CheckpointOf(
            Opened(Id(1, 10)), new CheckpointAbandoned(Id(1, 10), AbandonCause.DeadlinePassed, [new Rank(1)], "late", At(60)));
        Assert.Equal(older.Id, Plan(Id(1, 20), HistoryOf(1, older, abandoned)).Base!.Checkpoint);
        Assert.Equal(CheckpointKind.Full, Plan(Id(1, 20), HistoryOf(1, older, Quarantined(Id(1, 10)))).Kind);
        Assert.Equal(CheckpointKind.Full, Plan(Id(1, 20), HistoryOf(1, older, Sealed(Id(1, 10), worldSize: 3))).Kind);
    }

    [Fact]
    public void A_new_generation_descends_from_its_restore_point_and_may_use_bases_before_it_only()
    {
        Checkpoint old = Verified(Id(1, 10)), point = Verified(Id(1, 20), EdgeTo(old)), beyond = Verified(Id(1, 30));
        HistoryTurn[] turns = [new(new Generation(2), RecoveryPhase.Completed, HasChoice: true, point.Id)];
        var history = History.ForWriting(new Generation(2), new[] { old, point, beyond }.Select(Candidate.Of), turns);
        var basis = Plan(Id(2, 25), history);
        Assert.Equal((point.Id, old.Id), (basis.Parent!.Value, basis.Base!.Checkpoint));
        Assert.Equal([beyond.Id], history.Off.Select(static c => c.Id));
    }

    [Fact]
    public void A_recovery_that_never_completed_and_sealed_nothing_does_not_turn_the_history()
    {
        var newest = Candidate.Of(Verified(Id(1, 30)));
        HistoryTurn Turn(RecoveryPhase phase, long step = 20) => new(new Generation(2), phase, HasChoice: true, Id(1, step));
        Assert.Contains(newest, History.ForRestoring(new Generation(3), [newest], [Turn(RecoveryPhase.Restoring)]).Candidates);
        Assert.Contains(newest, History.ForRestoring(new Generation(3), [newest], [Turn(RecoveryPhase.Failed)]).Candidates);
        Assert.Contains(newest, History.ForRestoring(new Generation(3), [newest], [Turn(RecoveryPhase.Completed)]).Off);
        Assert.Contains(newest, History.ForWriting(new Generation(2), [newest], [Turn(RecoveryPhase.Restoring)]).Off);
        Assert.Contains(newest, History.ForRestoring(new Generation(3), [newest, Candidate.Of(Sealed(Id(2, 25)))],
            [Turn(RecoveryPhase.Restoring)]).Off);
    }

    [Fact]
    public void A_store_that_claims_a_cycle_of_generations_ends_the_walk()
    {
        HistoryTurn[] turns =
        [
            new(new Generation(2), RecoveryPhase.Completed, HasChoice: true, Id(3, 10)),
            new(new Generation(3), RecoveryPhase.Completed, HasChoice: true, Id(2, 10)),
        ];
        Assert.Equal([3, 2], History.ForWriting(new Generation(3), [], turns).Stretches.Select(static stretch => stretch.Generation.Value));
    }
}
