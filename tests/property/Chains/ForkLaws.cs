using FsCheck.Xunit;
using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.References;
using Lineage.Restores;
using Lineage.Runs;
using Lineage.Tests.Property.Restores;
using Lineage.Tests.Property.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Chains;

/// <summary>Where a forked run begins and what its line is, for every story of the run that it was forked from.</summary>
public sealed class ForkLaws
{
    static readonly RunId Forked = RunId.Parse("forked");

    static Ancestry Ancestry(Ledger origin, CheckpointId from) => new(from, origin.Candidates, origin.Turns);

    static History First(Ledger origin, CheckpointId from) =>
        History.ForRestoring(new Generation(1), [], [], new Course([], Ancestry(origin, from)));

    static Run Run(CheckpointId from) => RunOf(new RunForked(
        Forked, from, SavePolicy.Default, new Dictionary<string, string>(StringComparer.Ordinal), "try", At(0)));

    static RestorePointChosen Start(Run run, History history, WorldSize? world = null)
    {
        var decided = RecoveryDecider.Start(run, current: null, history, new RecoveryCommand.Start(
            Forked, Launcher, world ?? Two, FailedGeneration: null, $"fork of {run.Origin}", [],
            ReachedStep: null, LeaseUntil: null, At(5)));
        var accepted = Assert.IsType<Decision.Accepted>(decided);
        Assert.Equal(new RecoveryId(Forked, new Generation(1)), ((RecoveryStarted)accepted.Events[0]).Recovery);
        Assert.Contains(accepted.Elsewhere, static e => e.Event is LeaseGranted { Generation.Value: 1 });
        return Assert.IsType<RestorePointChosen>(accepted.Events[1]);
    }

    static Ledger Saved()
    {
        var ledger = new Ledger();
        foreach (var step in new[] { 10, 20, 30 }) ledger.Save(Id(1, step));
        return ledger;
    }

    [Fact]
    public void The_first_start_of_a_fork_restores_the_checkpoint_that_it_was_forked_from()
    {
        var choice = Start(Run(Id(1, 20)), First(Saved(), Id(1, 20)));
        Assert.Equal(Id(1, 20), choice.Chosen);
        Assert.Contains("run demo at or before the fork", choice.Why, StringComparison.Ordinal);
        Assert.Empty(choice.Rejected);                              // what the other run saved later is no candidate of this one
    }

    [Fact]
    public void A_fork_of_what_was_damaged_since_begins_at_an_older_one_of_its_line_and_says_why()
    {
        var origin = Saved();
        origin.Do(Found(Id(1, 20), 0, Finding.Altered, detail: "chunk 3"));
        var choice = Start(Run(Id(1, 20)), First(origin, Id(1, 20)));
        Assert.Equal(Id(1, 10), choice.Chosen);
        Assert.Equal((Id(1, 20), RejectionReason.Quarantined), (choice.Rejected[0].Checkpoint, choice.Rejected[0].Reason));
    }

    [Fact]
    public void A_fork_whose_origin_cannot_be_restored_at_all_never_begins_from_the_initial_state()
    {
        var origin = new Ledger();
        origin.Save(Id(1, 10), verify: false);
        var decided = RecoveryDecider.Start(Run(Id(1, 10)), current: null, First(origin, Id(1, 10)), new RecoveryCommand.Start(
            Forked, Launcher, Two, null, "fork", [], null, null, At(5)));
        Assert.IsType<RecoveryFailed>(Assert.IsType<Decision.Accepted>(decided).Events[1]);
        Assert.True(RestorePointChooser.Survey(First(new Ledger(), Id(1, 10)), new RestoreFilter()).EverSealed);
    }

    [Fact]
    public void A_rewind_of_the_other_run_does_not_reach_the_fork()
    {
        var origin = Saved();
        origin.Rewind(Id(1, 10));
        Assert.Equal(Id(1, 30), Start(Run(Id(1, 30)), First(origin, Id(1, 30))).Chosen);
    }

    [Fact]
    public void A_fork_saves_full_first_descends_from_its_origin_and_falls_back_behind_the_fork_when_its_own_is_damaged()
    {
        var origin = Saved();
        var own = new CheckpointId(Forked, new Generation(1), new Step(25));
        HistoryTurn[] turns = [new(new Generation(1), RecoveryPhase.Completed, HasChoice: true, Id(1, 20))];
        var writing = History.ForWriting(new Generation(1), [], turns, new Course([]));
        var plan = BasePolicy.Plan(SavePolicy.Default, writing, own, Two, Layout);
        Assert.Equal((CheckpointKind.Full, Id(1, 20)), (plan.Kind, plan.Parent));

        var course = new Course([], Ancestry(origin, Id(1, 20)));
        Assert.Equal(Id(1, 20), History.ForWriting(new Generation(1), [], turns, course).Before!.Candidates[0].Id);
        var damaged = Candidate.Of(Sealed(own)) with { Phase = CheckpointPhase.Quarantined, Cause = "hurt", Parent = Id(1, 20) };
        var history = History.ForRestoring(new Generation(2), [damaged], turns, course);
        var survey = RestorePointChooser.Survey(history, new RestoreFilter(Two));
        Assert.Equal((Id(1, 20), own), (survey.Best!.Target.Id, survey.NewerRejected[0].Checkpoint));
        var back = ReferenceResolver.Resolve(
            new Reference.Ancestor(new Reference.Exact("forked", own.Generation, own.Step), 2), Forked, history);
        Assert.Equal(Id(1, 10), Assert.IsType<ReferenceAnswer.Found>(back).Checkpoint);
    }

    [Fact]
    public void A_fork_of_a_fork_reaches_the_first_run()
    {
        var origin = Saved();
        var middle = new CheckpointId(Forked, new Generation(1), new Step(25));
        HistoryTurn[] turns = [new(new Generation(1), RecoveryPhase.Completed, HasChoice: true, Id(1, 20))];
        var lost = Candidate.Of(Sealed(middle)) with { Phase = CheckpointPhase.Quarantined, Cause = "hurt" };
        var history = History.ForRestoring(new Generation(1), [], [], new Course([], new Ancestry(
            middle, [lost], turns, Ancestry(origin, Id(1, 20)))));
        Assert.Equal([middle, Id(1, 20), Id(1, 10)], history.Line().Select(static c => c.Id));
        Assert.Equal(Id(1, 20), RestorePointChooser.Survey(history, new RestoreFilter()).Best!.Target.Id);
    }

    /// <summary>Newest step per generation of what the checkpoint descends from, read from the parents alone.</summary>
    static Dictionary<Generation, Step> Descent(Ledger origin, CheckpointId from)
    {
        var reach = new Dictionary<Generation, Step>();
        for (CheckpointId? at = from; at is { } id; at = origin.Checkpoint(id)!.Opened.Parent) reach.TryAdd(id.Generation, id.Step);
        return reach;
    }

    [Property(MaxTest = 400, EndSize = 60)]
    public void A_fork_begins_exactly_there_if_it_can_else_older_on_its_line_with_the_reason(byte[] story, byte choice)
    {
        var origin = new Ledger(worldSize: 2, new SavePolicy(FullEvery: 3));
        foreach (var step in story) origin.Play(step);
        var usable = origin.Candidates.Where(static c => c.IsUsableBase).ToList();
        // A generation whose recovery failed never trained, so what a story saves under one descends from nothing that is known.
        if (usable.Count == 0 || origin.Turns.Any(turn => turn.Phase == RecoveryPhase.Failed
            && origin.Candidates.Any(c => c.IsSealed && c.Id.Generation == turn.Generation))) return;
        var from = usable[choice % usable.Count].Id;
        var survey = RestorePointChooser.Survey(First(origin, from), new RestoreFilter(Two));
        var reach = Descent(origin, from);
        Assert.All(survey.Usable, chain => Assert.True(
            reach.TryGetValue(chain.Target.Id.Generation, out var newest) && chain.Target.Id.Step <= newest));
        Assert.True(survey.EverSealed);
        if (survey.Best?.Target.Id == from) Assert.Empty(survey.NewerRejected);
        else Assert.Equal(from, survey.NewerRejected[0].Checkpoint);
    }
}
