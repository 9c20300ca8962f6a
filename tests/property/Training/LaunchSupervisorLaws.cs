using System.Collections.Immutable;
using FsCheck.Xunit;
using Lineage.Agents.Launching;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Training;

public sealed class LaunchSupervisorLaws
{
    static readonly DateTimeOffset Noon = DateTimeOffset.UnixEpoch.AddHours(12);
    static readonly Generation First = new(1);
    static readonly CheckpointId Point = CheckpointId.Parse("demo/1/20");

    [Property(MaxTest = 500)]
    public bool Ranks_start_only_when_no_rank_lives_and_generations_never_go_back(int seed, byte worldSeed, byte mischief)
    {
        var world = new LaunchWorld(seed, 1 + (worldSeed % 5), mischief % 120);
        world.RunToEnd(turnsMax: 3_000);

        return world.Broken.Count == 0;
    }

    [Property(MaxTest = 500)]
    public bool Whatever_the_ranks_do_the_launch_ends_with_an_answer(int seed, byte worldSeed, byte mischief, byte stopAt)
    {
        var world = new LaunchWorld(seed, 1 + (worldSeed % 5), mischief % 120);
        world.RunToEnd(turnsMax: 3_000, stopAt % 2 == 0 ? stopAt : null);

        return world.State is { Phase: LaunchPhase.Finished, End: not null };
    }

    [Property(MaxTest = 500)]
    public bool Restarts_are_bounded_however_often_ranks_fail(int seed, byte worldSeed)
    {
        var world = new LaunchWorld(seed, 1 + (worldSeed % 5), mischief: 400);
        world.RunToEnd(turnsMax: 3_000);

        return world.Effects.OfType<LaunchEffect.StartRanks>().Count() <= 1 + world.Policy.RestartsMax;
    }

    [Property(MaxTest = 200)]
    public bool A_world_without_faults_completes_with_every_digest_in_rank_order(int seed, byte worldSeed)
    {
        var size = 1 + (worldSeed % 8);
        var world = new LaunchWorld(seed, size, mischief: 0);
        world.RunToEnd(turnsMax: 200);

        return world.State.End?.ExitCode == ExitCodes.Done
            && world.Effects.OfType<LaunchEffect.Complete>().Single().Digests
                .SequenceEqual(Enumerable.Range(0, size).Select(static rank => ContentHash.Of([(byte)rank])));
    }

    [Fact]
    public void The_same_cause_restarts_three_times_and_then_gives_up_without_harm()
    {
        var state = Running(worldSize: 2);
        for (var restart = 1; restart <= 3; restart++)
        {
            var (after, effects) = FailAndEnd(state, culprit: 1, exitCode: 137);
            Assert.Single(effects.OfType<LaunchEffect.AskRecovery>());
            state = Grant(after, generation: 1 + restart, point: null);
        }

        var (ended, last) = FailAndEnd(state, culprit: 1, exitCode: 137);

        Assert.Equal(ProblemCodes.TooManyRestarts, ended.End?.Code);
        Assert.Contains(last, static effect => effect is LaunchEffect.Release);
    }

    [Fact]
    public void A_rank_that_finds_damage_makes_the_service_choose_again_within_the_recovery()
    {
        var restoring = Grant(FailAndEnd(Running(worldSize: 2), culprit: 0, exitCode: 137).State, generation: 2, Point);

        var (_, effects) = FailAndEnd(restoring, culprit: 1, ExitCodes.FoundDamage);

        var again = Assert.Single(effects.OfType<LaunchEffect.AskAnotherChoice>());
        Assert.Equal((new Generation(2), 2), (again.Generation, again.Attempt));
    }

    [Fact]
    public void The_rank_that_was_killed_is_named_even_when_its_peers_are_heard_of_first()
    {
        var state = Running(worldSize: 3);
        state = Step(state, Error(rank: 0, peer: 2)).State;
        state = Step(state, Exited(0, ExitCodes.PeerLost)).State;
        state = Step(state, Exited(2, 137)).State;

        var effects = Step(state, Exited(1, ExitCodes.PeerLost)).Effects;

        Assert.Equal(new Rank(2), Assert.Single(Assert.Single(effects.OfType<LaunchEffect.AskRecovery>()).Failure.Ranks));
    }

    [Fact]
    public void A_rank_that_stopped_answering_is_named_by_the_peers_that_lost_it()
    {
        var state = Running(worldSize: 3);
        foreach (var rank in (int[])[0, 1]) state = Step(state, Error(rank, peer: 2)).State;
        foreach (var rank in (int[])[0, 1]) state = Step(state, Exited(rank, ExitCodes.PeerLost)).State;
        var killed = Step(state, new LaunchInput.Tick(), Noon.AddSeconds(3));
        Assert.Contains(killed.Effects, static effect => effect is LaunchEffect.Kill);

        var effects = Step(killed.State, Exited(2, 137)).Effects;

        Assert.Equal(new Rank(2), Assert.Single(Assert.Single(effects.OfType<LaunchEffect.AskRecovery>()).Failure.Ranks));
    }

    [Theory, InlineData(ProblemCodes.LibtorchMissing), InlineData(ProblemCodes.CorpusMissing), InlineData(StateMismatchException.Code)]
    public void What_another_start_cannot_change_is_not_tried_again(string code)
    {
        var said = new RankEvent(RankEventKind.Error, new Rank(0), First, Code: code, Message: "no");
        var state = Step(Running(worldSize: 1), new LaunchInput.RankSpoke(said)).State;

        var ended = Step(state, Exited(0, ExitCodes.Failed));

        Assert.Equal((code, "no"), (ended.State.End?.Code, ended.State.End?.Message));
        Assert.DoesNotContain(ended.Effects, static effect => effect is LaunchEffect.AskRecovery);
    }

    [Fact]
    public void A_fenced_rank_ends_the_launch_because_another_launcher_writes_the_run()
    {
        var ended = FailAndEnd(Running(worldSize: 2), culprit: 0, ExitCodes.Fenced).State;

        Assert.Equal((ExitCodes.ConcurrentChange, ProblemCodes.StaleGeneration), (ended.End?.ExitCode, ended.End?.Code));
    }

    [Fact]
    public void A_lost_lease_stops_the_ranks_and_a_late_word_about_an_older_lease_does_not()
    {
        var running = Running(worldSize: 1);

        Assert.Empty(Step(running, new LaunchInput.LeaseLost(new Generation(0))).Effects);
        Assert.IsType<LaunchEffect.Terminate>(Assert.Single(Step(running, new LaunchInput.LeaseLost(First)).Effects));
    }

    /// <summary>Found with clock-jump: it ended with stale-generation, and nobody wrote the run.</summary>
    [Fact]
    public void A_lease_that_ran_out_while_nobody_took_over_is_asked_for_anew()
    {
        var ending = Step(Running(worldSize: 1), new LaunchInput.LeaseLost(First, RanOut: true));
        Assert.IsType<LaunchEffect.Terminate>(Assert.Single(ending.Effects));
        var asked = Step(ending.State, new LaunchInput.RankExited(First, new Rank(0), 143));
        Assert.Contains(asked.Effects, static effect => effect is LaunchEffect.AskRecovery);
        Assert.Null(asked.State.End);
    }

    [Fact]
    public void The_lease_is_renewed_each_third_of_its_time()
    {
        var running = Running(worldSize: 1);

        Assert.Empty(Step(running, new LaunchInput.Tick(), Noon.AddSeconds(9)).Effects);
        Assert.IsType<LaunchEffect.RenewLease>(Assert.Single(Step(running, new LaunchInput.Tick(), Noon.AddSeconds(10)).Effects));
    }

    [Fact]
    public void A_person_who_stops_the_run_gets_the_lease_released_and_a_second_wish_kills()
    {
        var stopping = Step(Running(worldSize: 2), new LaunchInput.StopAsked());
        Assert.IsType<LaunchEffect.Terminate>(Assert.Single(stopping.Effects));
        Assert.IsType<LaunchEffect.Kill>(Assert.Single(Step(stopping.State, new LaunchInput.StopAsked()).Effects));

        var one = Step(stopping.State, Exited(0, ExitCodes.Interrupted)).State;
        var both = Step(one, Exited(1, ExitCodes.Interrupted));

        Assert.Equal(ExitCodes.Interrupted, both.State.End?.ExitCode);
        Assert.Contains(both.Effects, static effect => effect is LaunchEffect.Release);
    }

    [Fact]
    public void A_recovery_is_told_by_phase_once_every_rank_has_done_its_first_step()
    {
        var asked = FailAndEnd(Step(Running(worldSize: 1), Spoke(0, RankEventKind.Step, 27)).State, culprit: 0, exitCode: 137).State;
        var state = Grant(asked, generation: 2, Point, Noon.AddSeconds(3), verify: TimeSpan.FromSeconds(1));
        state = Step(state, Spoke(0, RankEventKind.Joined, generation: 2), Noon.AddSeconds(5)).State;
        state = Step(state, Spoke(0, RankEventKind.Ready, generation: 2), Noon.AddSeconds(6)).State;

        var effects = Step(state, Spoke(0, RankEventKind.Step, 21, generation: 2), Noon.AddSeconds(7.5)).Effects;

        var told = Assert.Single(effects.OfType<LaunchEffect.ReportRecovery>()).Timing;
        Assert.Equal((2.0, 1.0, 2.0, 1.0, 1.5, 7L), (told.Decide.TotalSeconds, told.Verify.TotalSeconds, told.Start.TotalSeconds,
            told.Restore.TotalSeconds, told.FirstStep.TotalSeconds, told.LostSteps));
    }

    [Fact]
    public void A_run_that_is_already_past_the_last_step_is_refused_instead_of_called_complete()
    {
        var state = Grant(
            LaunchState.Initial(LaunchPolicy.Of(new WorldSize(2), new Step(60))), generation: 2, point: CheckpointId.Parse("demo/1/80"));

        Assert.Equal((LaunchPhase.Finished, ExitCodes.Usage, ProblemCodes.BadRequest), (state.Phase, state.End?.ExitCode, state.End?.Code));
    }

    static LaunchState Running(int worldSize) =>
        Grant(LaunchState.Initial(LaunchPolicy.Of(new WorldSize(worldSize), new Step(60))), generation: 1, point: null);

    static LaunchState Grant(
        LaunchState state, long generation, CheckpointId? point, DateTimeOffset? at = null, TimeSpan verify = default)
    {
        var granted = new PortAnswer.Granted(new Generation(generation), point, 30, Attempt: 1, "because", TimeSpan.Zero, verify);
        return Step(state, new LaunchInput.Answered(granted), at).State;
    }

    /// <summary>The culprit ends by itself, then the launcher stops the rest.</summary>
    static (LaunchState State, ImmutableArray<LaunchEffect> Effects) FailAndEnd(LaunchState state, int culprit, int exitCode)
    {
        var step = Step(state, Exited(culprit, exitCode, state.Generation));
        foreach (var rank in step.State.Living.ToArray()) step = Step(step.State, Exited(rank.Value, ExitCodes.PeerLost, state.Generation));
        return (step.State, step.Effects);
    }

    static LaunchStep Step(LaunchState state, LaunchInput input, DateTimeOffset? at = null) =>
        LaunchSupervisor.Step(state, input, at ?? Noon);

    static LaunchInput.RankExited Exited(int rank, int exitCode, Generation? generation = null) =>
        new(generation ?? First, new Rank(rank), exitCode);

    static LaunchInput.RankSpoke Spoke(int rank, RankEventKind kind, long? step = null, long generation = 1) =>
        new(new RankEvent(kind, new Rank(rank), new Generation(generation), step is { } s ? new Step(s) : null));

    static LaunchInput.RankSpoke Error(int rank, int peer) =>
        new(new RankEvent(RankEventKind.Error, new Rank(rank), First, Code: ProblemCodes.PeerLost, Peer: new Rank(peer)));
}
