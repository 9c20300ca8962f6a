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
    static readonly Problem Away = Problem.Of(ProblemCodes.ServerUnreachable, 503, "Away", "Away.");

    /// <summary>Whatever the service and the disk answer, a save ends, within its bounds, and reports only what is durable.</summary>
    [Property(MaxTest = 500)]
    public void Every_save_ends_within_its_bounds_and_reports_only_what_was_stored(int seed)
    {
        var random = new Random(seed);
        var now = Begin;
        var (state, effect) = SaveStep.Begin(Bounds, now);
        var (stored, steps) = (false, 0);
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
            (state, effect) = SaveStep.Next(state, input, Bounds, now);
            Assert.True(++steps < 1_000, "does not end");
        }

        var end = Assert.IsType<SaveState.Ended>(state);
        Assert.True(now - Begin <= Bounds.OpenPatience + Bounds.ClosePatience + TimeSpan.FromSeconds(2));
        Assert.Equal(end.Outcome == SaveOutcome.Sealed, end.Problem is null);
        if (end.Outcome is SaveOutcome.Sealed or SaveOutcome.Unconfirmed) Assert.True(stored);
    }

    [Theory]
    [InlineData(ProblemCodes.StaleGeneration, SaveOutcome.Fenced)]
    [InlineData(ProblemCodes.PlanMismatch, SaveOutcome.Failed)]
    [InlineData(ProblemCodes.RunCompleted, SaveOutcome.Failed)]
    public void A_refusal_to_open_ends_the_save_at_once(string code, SaveOutcome outcome)
    {
        var (state, _) = SaveStep.Begin(Bounds, Begin);
        var (next, effect) = SaveStep.Next(state, new SaveInput.OpenFailed(Problem.Of(code, 409, "Refused", "Refused.")), Bounds, Begin);
        Assert.IsType<SaveEffect.End>(effect);
        Assert.Equal(outcome, Assert.IsType<SaveState.Ended>(next).Outcome);
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
        SaveEffect.Store => random.Next(5) == 0 ? new SaveInput.LocalFailure(Away) : new SaveInput.Stored(),
        SaveEffect.Report => random.Next(5) == 0 ? new SaveInput.LocalFailure(Away) : new SaveInput.Reported(),
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
