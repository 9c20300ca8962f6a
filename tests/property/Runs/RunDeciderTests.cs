using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Runs;
using static Lineage.Tests.Property.Runs.Given;
using LeaseStanding = Lineage.Agents.Launching.LeaseStanding;
using LeaseStandings = Lineage.Agents.Launching.LeaseStandings;

namespace Lineage.Tests.Property.Runs;

public sealed class RunDeciderTests
{
    static Decision Decide(Run? state, RunCommand command) => RunDecider.Decide(state, command);

    static RunCommand.TakeLease Take(ActorId holder, DateTimeOffset? until = null, int worldSize = 2) =>
        new(Demo, holder, new WorldSize(worldSize), until, At(10));

    static RunCommand.GrantNext Next(ActorId holder, long? failed, DateTimeOffset? until = null) =>
        new(Demo, holder, Two, failed is { } g ? new Generation(g) : null, until, At(10));

    [Fact]
    public void A_run_is_registered_once_and_a_repeat_changes_nothing()
    {
        Then.Accepted(Decide(null, new RunCommand.Register(Demo, null, null, At(0))), typeof(RunRegistered));
        Then.Done(Decide(RunOf(Registered()), new RunCommand.Register(Demo, SavePolicy.Default, null, At(1))));
        Then.Done(Decide(RunOf(Registered(new SavePolicy(3))), new RunCommand.Register(Demo, null, null, At(1))));
    }

    [Fact]
    public void Another_policy_for_an_existing_run_is_refused_and_one_that_cannot_be_followed_too()
    {
        var refused = Then.Refused(Decide(RunOf(Registered()), new RunCommand.Register(Demo, new SavePolicy(3), null, At(1))),
            ProblemCodes.RunExistsDifferently);
        Assert.Contains("every 8", refused.Detail, StringComparison.Ordinal);
        Assert.Contains("every 3", refused.Detail, StringComparison.Ordinal);
        Then.Refused(Decide(null, new RunCommand.Register(Demo, new SavePolicy(0), null, At(1))), ProblemCodes.BadRequest);
    }

    [Fact]
    public void Nothing_can_be_asked_of_a_run_that_is_not_there() => Assert.All(
        new RunCommand[]
        {
            Take(Launcher), new RunCommand.RenewLease(Demo, new Generation(1), Launcher, At(1)),
            new RunCommand.ExpireLease(Demo, new Generation(1), null, At(1)),
            new RunCommand.ReleaseLease(Demo, new Generation(1), Launcher, "stop", At(1)),
            new RunCommand.JoinRank(Demo, new Generation(1), new Rank(0), "a", 1, Launcher, At(1)),
            new RunCommand.CompleteRun(Demo, new Generation(1), new Step(1), null, Launcher, At(1)), Next(Launcher, 1),
            new RunCommand.RefuseStale(Demo, new Generation(1), Launcher, null, "x", null, At(1)),
        },
        command => Then.Refused(Decide(null, command), ProblemCodes.NoSuchRun));

    [Fact]
    public void The_first_lease_begins_generation_1_and_its_repeat_by_the_same_holder_is_done()
    {
        var granted = (LeaseGranted)Then.Accepted(Decide(RunOf(Registered()), Take(Launcher)), typeof(LeaseGranted))[0];
        Assert.Equal((1, 30), (granted.Generation.Value, granted.LeaseSeconds));
        Then.Done(Decide(RunOf(Registered(), granted), Take(Launcher, At(40))));
    }

    [Fact]
    public void A_second_launcher_is_told_who_holds_the_lease_and_until_when()
    {
        var refused = Then.Refused(Decide(RunAt(1), Take(Rival, At(40))), ProblemCodes.LeaseHeld);
        Assert.Equal(Launcher.ToString(), refused.Extensions["holder"].GetString());
        Assert.Equal(At(40), refused.Extensions["until"].GetDateTimeOffset());
        Then.Refused(Decide(RunAt(1), Next(Rival, 1, At(40))), ProblemCodes.LeaseHeld);
    }

    [Fact]
    public void A_run_with_a_past_is_started_by_a_recovery_only() => Assert.All(
        new[] { Decide(RunAt(1), Take(Rival, At(5))), Decide(RunAt(2), Take(Launcher, At(40))),
            Decide(RunAt(1), Take(Launcher, At(40), worldSize: 3)) },
        decision => Then.Refused(decision, ProblemCodes.RecoveryNeeded));

    [Fact]
    public void A_lease_is_renewed_without_an_event_by_its_holder_only()
    {
        RunCommand.RenewLease Renew(long generation, ActorId holder) => new(Demo, new Generation(generation), holder, At(10));
        Then.Done(Decide(RunAt(2), Renew(2, Launcher)));
        Then.Refused(Decide(RunAt(2), Renew(2, Rival)), ProblemCodes.NoLease);
        Then.Refused(Decide(RunAt(2), Renew(1, Launcher)), ProblemCodes.StaleGeneration, records: 1);
        Then.Refused(Decide(RunAt(2), Renew(3, Launcher)), ProblemCodes.UnknownGeneration);
        var expired = RunOf(Registered(), Granted(1), new LeaseExpired(Demo, new Generation(1), Launcher, At(5)));
        Then.Refused(Decide(expired, Renew(1, Launcher)), ProblemCodes.NoLease);
    }

    [Fact]
    public void A_lease_expires_only_after_its_time_and_only_once()
    {
        RunCommand.ExpireLease Expire(long generation, DateTimeOffset? until) => new(Demo, new Generation(generation), until, At(10));
        Then.Refused(Decide(RunAt(1), Expire(1, At(11))), ProblemCodes.LeaseHeld);
        var expired = Then.Accepted(Decide(RunAt(1), Expire(1, At(10))), typeof(LeaseExpired));
        Then.Done(Decide(RunOf([Registered(), Granted(1), .. expired]), Expire(1, At(10))));
        Then.Done(Decide(RunAt(2), Expire(1, At(1))));
    }

    /// <summary>Found with clock-jump: the launcher gave up, and said that another one wrote the run.</summary>
    [Fact]
    public void A_lease_that_ran_out_is_not_lost_to_anybody_until_the_next_grant()
    {
        LeaseStanding Renewed(params object[] events) => Decide(
            RunOf(events), new RunCommand.RenewLease(Demo, new Generation(1), Launcher, At(50))) is Decision.Refused refused
                ? LeaseStandings.Of(Problem.Of(refused.Code, refused.Status, refused.Title, refused.Detail)) : LeaseStanding.Held;
        var expired = Then.Accepted(
            Decide(RunAt(1), new RunCommand.ExpireLease(Demo, new Generation(1), At(10), At(10))), typeof(LeaseExpired));
        Assert.Equal(LeaseStanding.Held, Renewed(Registered(), Granted(1)));
        Assert.Equal(LeaseStanding.RanOut, Renewed([Registered(), Granted(1), .. expired]));
        Assert.Equal(LeaseStanding.Lost, Renewed([Registered(), Granted(1), .. expired, Granted(2)]));
    }

    [Fact]
    public void A_lease_is_given_back_by_its_holder_and_a_repeat_is_done()
    {
        RunCommand.ReleaseLease Release(long generation, ActorId holder) =>
            new(Demo, new Generation(generation), holder, "stopped", At(10));
        var released = Then.Accepted(Decide(RunAt(1), Release(1, Launcher)), typeof(LeaseReleased));
        Then.Done(Decide(RunOf([Registered(), Granted(1), .. released]), Release(1, Launcher)));
        Then.Refused(Decide(RunAt(1), Release(1, Rival)), ProblemCodes.NoLease);
        Then.Refused(Decide(RunAt(2), Release(1, Launcher)), ProblemCodes.StaleGeneration, records: 1);
    }

    [Fact]
    public void A_rank_joins_the_current_generation_and_world_only()
    {
        RunCommand.JoinRank Join(long generation, int rank, int process = 7) =>
            new(Demo, new Generation(generation), new Rank(rank), "host", process, Launcher, At(1));
        var joined = Then.Accepted(Decide(RunAt(2), Join(2, 1)), typeof(RankJoined));
        var after = RunOf([Registered(), Granted(1), Granted(2), .. joined]);
        Then.Done(Decide(after, Join(2, 1)));
        Then.Accepted(Decide(after, Join(2, 1, process: 8)), typeof(RankJoined));
        Then.Refused(Decide(RunAt(2), Join(2, 2)), ProblemCodes.RankOutsideWorld);
        Then.Refused(Decide(RunAt(2), Join(1, 1)), ProblemCodes.StaleGeneration, records: 1);
        Then.Refused(Decide(RunAt(2), Join(3, 1)), ProblemCodes.UnknownGeneration);
    }

    [Fact]
    public void A_completed_run_takes_no_further_writer()
    {
        RunCommand.CompleteRun Complete(long generation, long step = 100) =>
            new(Demo, new Generation(generation), new Step(step), Layout, Launcher, At(9));
        var completed = Then.Accepted(Decide(RunAt(2), Complete(2)), typeof(RunCompleted));
        var after = RunOf([Registered(), Granted(1), Granted(2), .. completed]);
        Then.Done(Decide(after, Complete(2)));
        Then.Refused(Decide(after, Complete(2, step: 101)), ProblemCodes.RunCompleted);
        Then.Refused(Decide(after, Take(Launcher)), ProblemCodes.RunCompleted);
        Then.Refused(Decide(after, Next(Launcher, 2)), ProblemCodes.RunCompleted);
        Then.Refused(Decide(after, new RunCommand.RenewLease(Demo, new Generation(2), Launcher, At(9))), ProblemCodes.RunCompleted);
        Then.Refused(Decide(RunAt(2), Complete(1)), ProblemCodes.StaleGeneration, records: 1);
        Assert.Equal(RunPhase.Completed, after.PhaseWhile(restoring: false));
    }

    [Fact]
    public void The_next_generation_goes_to_the_same_holder_or_over_a_dead_lease()
    {
        Then.Accepted(Decide(RunAt(1), Next(Launcher, 1, At(40))), typeof(LeaseGranted));
        Then.Accepted(Decide(RunAt(1), Next(Rival, 1, At(9))), typeof(LeaseExpired), typeof(LeaseGranted));
        Then.Accepted(Decide(RunAt(1), Next(Rival, null, until: null)), typeof(LeaseExpired), typeof(LeaseGranted));
        var released = RunOf(Registered(), Granted(1), new LeaseReleased(Demo, new Generation(1), Launcher, "stop", At(5)));
        var granted = (LeaseGranted)Then.Accepted(Decide(released, Next(Rival, null, At(40))), typeof(LeaseGranted))[0];
        Assert.Equal(2, granted.Generation.Value);
        Then.Refused(Decide(RunOf(Registered()), Next(Launcher, null)), ProblemCodes.NoLease);
        Then.Refused(Decide(RunAt(3), Next(Launcher, 2)), ProblemCodes.StaleGeneration, records: 1);
        Then.Refused(Decide(RunAt(3), Next(Launcher, 4)), ProblemCodes.UnknownGeneration);
    }

    [Fact]
    public void A_zombie_is_refused_always_and_recorded_once_per_attempt()
    {
        var run = RunAt(2);
        RunCommand.JoinRank zombie = new(Demo, new Generation(1), new Rank(1), "host", 7, Launcher, At(1));
        var first = Then.Refused(Decide(run, zombie), ProblemCodes.StaleGeneration, records: 1);
        run = Run.Fold(run, first.Record[0])!;
        Then.Refused(Decide(run, zombie), ProblemCodes.StaleGeneration);
        Then.Refused(Decide(run, zombie with { Rank = new Rank(0) }), ProblemCodes.StaleGeneration, records: 1);
        Then.Done(Decide(run, new RunCommand.RefuseStale(Demo, new Generation(1), Launcher, new Rank(1), Attempts.Join, null, At(2))));
        Then.Accepted(Decide(run, new RunCommand.RefuseStale(Demo, new Generation(1), Launcher, null, "put-object", Id(1, 5), At(2))),
            typeof(StaleGenerationRefused));
        Then.Done(Decide(run, new RunCommand.RefuseStale(Demo, new Generation(2), Launcher, null, "put-object", Id(2, 5), At(2))));
    }

    [Fact]
    public void A_zombie_that_tries_ever_new_things_stops_being_recorded_at_the_bound()
    {
        var run = RunAt(2);
        var recorded = 0;
        for (var step = 0; step < StaleRefusals.PerGenerationMax + 50; step++)
        {
            var refusal = StaleRefusals.Record(run, new Generation(1), Launcher, new Rank(0), Attempts.StoreShard, Id(1, step), At(1));
            recorded += refusal.Count;
            run = refusal.Aggregate(run, static (state, e) => Run.Fold(state, e)!);
        }

        Assert.Equal(StaleRefusals.PerGenerationMax, recorded);
    }

    [Fact]
    public void An_outage_of_the_service_expires_no_lease()
    {
        HeldLease[] leases = [new(Demo, new Generation(1), 30, At(30)), new(RunId.Parse("other"), new Generation(4), 30, At(500))];
        Assert.Empty(LeaseExpiry.Step(leases, answeringSince: At(0), At(29)));
        Assert.Empty(LeaseExpiry.Step(leases, answeringSince: At(100), At(129)));
        Assert.Equal(Demo, Assert.Single(LeaseExpiry.Step(leases, answeringSince: At(100), At(130))).Run);
    }

    [Fact]
    public void A_stream_that_does_not_begin_with_its_first_event_is_damage_and_not_guessed_over() =>
        Assert.Throws<InvalidOperationException>(() => Run.Fold(null, Granted(1)));
}
