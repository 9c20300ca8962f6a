using FsCheck.Xunit;
using Lineage.Agents.Saving;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Saving;

public sealed class SaveStepLaws
{
    static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly SaveBounds Bounds = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(65));
    static readonly Problem Full = Problem.Of(ProblemCodes.DiskFull, 507, "Full", "No space left on device.");
    static readonly Problem Away = Problem.Of(ProblemCodes.ServerUnreachable, 503, "Away", "Away.");

    /// <summary>Whatever the service and the disk answer, a save ends, within its bounds, and reports only what is durable.</summary>
    [Property(MaxTest = 500)]
    public void Every_save_ends_within_its_bounds_and_reports_only_what_was_stored(int seed)
    {
        var random = new Random(seed);
        var now = Begin;
        var (state, effect) = SaveStep.Begin(Bounds, now);
        var (stored, told, steps) = (false, false, 0);
        while (effect is not SaveEffect.End)
        {
            if (effect is SaveEffect.Report) Assert.True(stored);
            if (effect is SaveEffect.Wait wait)
            {
                Assert.InRange(wait.Time, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
                now += wait.Time;
            }

            var input = Answer(effect, random);
            stored |= input is SaveInput.Stored;
            told |= input is SaveInput.Told or SaveInput.Untold { Problem.Code: not ProblemCodes.ServerUnreachable };
            (state, effect) = SaveStep.Next(state, input, Bounds, now);
            Assert.True(++steps < 1_000, "does not end");
        }

        var end = Assert.IsType<SaveState.Ended>(state);
        Assert.True(now - Begin <= Bounds.OpenPatience + Bounds.ClosePatience + TimeSpan.FromSeconds(2));
        Assert.Equal(end.Outcome == SaveOutcome.Sealed, end.Problem is null);
        if (end.Outcome is SaveOutcome.Sealed or SaveOutcome.Unconfirmed) Assert.True(stored);
        if (end is { Outcome: SaveOutcome.Failed, Problem.Code: ProblemCodes.DiskFull })
            Assert.True(told || now - Begin >= Bounds.ClosePatience, "gave up without telling, before its patience was over");
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public void A_shard_or_a_report_that_cannot_be_kept_is_told_before_the_save_ends(bool isStored)
    {
        var (state, effect) = Storing();
        if (isStored) (state, effect) = SaveStep.Next(state, new SaveInput.Stored(), Bounds, Begin);
        (state, effect) = SaveStep.Next(state, new SaveInput.LocalFailure(Full), Bounds, Begin);
        Assert.Equal(new SaveEffect.Tell(Full), effect);
        (state, effect) = SaveStep.Next(state, new SaveInput.Untold(Away), Bounds, Begin);
        Assert.IsType<SaveEffect.Wait>(effect);
        (state, effect) = SaveStep.Next(state, new SaveInput.Waited(), Bounds, Begin);
        Assert.Equal(new SaveEffect.Tell(Full), effect);
        (state, effect) = SaveStep.Next(state, new SaveInput.Told(), Bounds, Begin);
        Assert.IsType<SaveEffect.End>(effect);
        Assert.Equal((SaveOutcome.Failed, Full), (((SaveState.Ended)state).Outcome, ((SaveState.Ended)state).Problem));
    }

    [Theory]
    [InlineData(ProblemCodes.StaleGeneration, SaveOutcome.Fenced)]
    [InlineData(ProblemCodes.CheckpointClosed, SaveOutcome.Failed)]
    [InlineData(ProblemCodes.NotFound, SaveOutcome.Failed)]
    public void A_service_that_does_not_take_the_failure_ends_the_save_at_once(string code, SaveOutcome outcome)
    {
        var (state, effect) = Storing();
        (state, effect) = SaveStep.Next(state, new SaveInput.LocalFailure(Full), Bounds, Begin);
        (state, effect) = SaveStep.Next(state, new SaveInput.Untold(Problem.Of(code, 409, "Refused", "Refused.")), Bounds, Begin);
        Assert.IsType<SaveEffect.End>(effect);
        Assert.Equal(outcome, ((SaveState.Ended)state).Outcome);
    }

    [Fact]
    public void A_failure_that_nobody_hears_ends_the_save_when_its_patience_is_over()
    {
        var (state, effect) = Storing();
        (state, effect) = SaveStep.Next(state, new SaveInput.LocalFailure(Full), Bounds, Begin);
        (state, effect) = SaveStep.Next(state, new SaveInput.Untold(Away), Bounds, Begin + Bounds.ClosePatience);
        Assert.IsType<SaveEffect.End>(effect);
        Assert.Equal((SaveOutcome.Failed, Full), (((SaveState.Ended)state).Outcome, ((SaveState.Ended)state).Problem));
    }

    static (SaveState State, SaveEffect Effect) Storing()
    {
        var (state, _) = SaveStep.Begin(Bounds, Begin);
        return SaveStep.Next(state, new SaveInput.Opened(Plan(CheckpointPhase.Open)), Bounds, Begin);
    }

    [Theory]
    [InlineData(ProblemCodes.StaleGeneration, SaveOutcome.Fenced)]
    [InlineData(ProblemCodes.RunCompleted, SaveOutcome.Failed)]
    public void A_refusal_to_open_ends_the_save_at_once(string code, SaveOutcome outcome)
    {
        var (state, _) = SaveStep.Begin(Bounds, Begin);
        var (next, effect) = SaveStep.Next(state, new SaveInput.OpenFailed(Problem.Of(code, 409, "Refused", "Refused.")), Bounds, Begin);
        Assert.IsType<SaveEffect.End>(effect);
        Assert.Equal(outcome, Assert.IsType<SaveState.Ended>(next).Outcome);
    }

    /// <summary>Other ranks may have opened it, with the plan that this one does not fit, and would wait for its shard.</summary>
    [Fact]
    public void A_rank_that_does_not_fit_the_plan_says_that_its_shard_will_not_come()
    {
        var mismatch = Problem.Of(ProblemCodes.PlanMismatch, 409, "Refused", "Other layout.");
        var (state, _) = SaveStep.Begin(Bounds, Begin);
        var (_, effect) = SaveStep.Next(state, new SaveInput.OpenFailed(mismatch), Bounds, Begin);
        Assert.Equal(new SaveEffect.Tell(mismatch), effect);
    }

    [Fact]
    public void A_closed_checkpoint_takes_no_shard()
    {
        foreach (var phase in Enum.GetValues<CheckpointPhase>().Where(static phase => phase != CheckpointPhase.Open))
        {
            var (state, _) = SaveStep.Begin(Bounds, Begin);
            var (_, effect) = SaveStep.Next(state, new SaveInput.Opened(Plan(phase)), Bounds, Begin);
            Assert.IsType<SaveEffect.End>(effect);
        }
    }

    static SaveInput Answer(SaveEffect effect, Random random) => effect switch
    {
        SaveEffect.Open => random.Next(20) switch
        {
            0 => new SaveInput.Opened(Plan((CheckpointPhase)random.Next(5))),
            1 => new SaveInput.Opened(Plan(CheckpointPhase.Open)),
            2 when random.Next(5) == 0 => new SaveInput.OpenFailed(Problem.Of(ProblemCodes.StaleGeneration, 409, "Stale", "Stale.")),
            _ => new SaveInput.OpenFailed(Away),
        },
        SaveEffect.Wait => new SaveInput.Waited(),
        SaveEffect.Store => random.Next(5) == 0 ? new SaveInput.LocalFailure(Full) : new SaveInput.Stored(),
        SaveEffect.Report => random.Next(5) == 0 ? new SaveInput.LocalFailure(Full) : new SaveInput.Reported(),
        SaveEffect.Tell => random.Next(60) switch
        {
            0 => new SaveInput.Told(),
            1 => new SaveInput.Untold(Problem.Of(ProblemCodes.CheckpointClosed, 409, "Closed", "Closed.")),
            _ => new SaveInput.Untold(Away),
        },
        SaveEffect.Look => random.Next(40) == 0
            ? new SaveInput.Seen(View((CheckpointPhase)random.Next(5)))
            : random.Next(2) == 0 ? new SaveInput.Seen(View(CheckpointPhase.Open)) : new SaveInput.Unseen(Away),
        _ => throw new InvalidOperationException($"No answer to {effect}."),
    };

    static SavePlan Plan(CheckpointPhase phase) =>
        new(SavingWorld.Id(1), Parent: null, CheckpointKind.Full, Base: null, Copies: 1, Begin.AddSeconds(60), phase);

    static CheckpointView View(CheckpointPhase phase) => new(
        SavingWorld.Id(1), phase, CheckpointKind.Full, Parent: null, Base: null, 0, new WorldSize(1), ContentHash.Of("layout"u8),
        phase == CheckpointPhase.Open ? null : ContentHash.Of("manifest"u8), [], [], 0, 0, Begin, Begin, ClosedAt: null, VerifiedAt: null,
        Cause: null, Version: 1);
}
