using FsCheck.Xunit;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Checkpoints;

/// <summary>What may be said of a checkpoint, in which phase, and that saying it twice changes nothing.</summary>
public sealed class MarkDeciderTests
{
    static readonly CheckpointId Point = Id(1, 10);
    static readonly ActorId Person = ActorId.Parse("person:ada");

    static MarkCommand.Pin Pin(string reason = "baseline", DateTimeOffset? until = null) => new(Point, Person, reason, until, At(10));

    static MarkCommand.PlaceHold Hold(string hold = "case-7", string reason = "audit") => new(Point, hold, Person, reason, At(10));

    static MarkCommand.LiftHold Lift(string hold = "case-7", string reason = "settled") => new(Point, hold, Person, reason, At(10));

    static MarkCommand.RecordMetrics Metrics(params (string Name, double? Value)[] metrics) =>
        new(Point, Person, metrics.ToDictionary(static m => m.Name, static m => m.Value, StringComparer.Ordinal), At(10));

    static MarkCommand.RecordExport Export(string target = "host:/tmp/a") =>
        new(Point, Person, "safetensors", target, 1_000, Hash("files"), At(10));

    static MarkCommand[] Every() =>
        [Pin(), new MarkCommand.Unpin(Point, Person, "done", At(10)), Hold(), Lift(), Metrics(("loss", 1)), Export()];

    static Checkpoint Phase(CheckpointPhase phase) => phase switch
    {
        CheckpointPhase.Open => CheckpointOf(Opened(Point)),
        CheckpointPhase.Sealed => Sealed(Point),
        CheckpointPhase.Verified => Verified(Point),
        CheckpointPhase.Quarantined => Quarantined(Point),
        CheckpointPhase.Abandoned => Then(CheckpointOf(Opened(Point)),
            new CheckpointAbandoned(Point, AbandonCause.Requested, [], "asked for", At(3))),
        CheckpointPhase.Expired => Then(Verified(Point), new CheckpointExpired(Point, "no rule keeps it", Hash("plan"), At(99), At(5))),
        _ => Then(Phase(CheckpointPhase.Expired), new ReclaimStarted(Point, Keeper, At(100))),
    };

    static Checkpoint Then(Checkpoint state, params IEnumerable<object> events) =>
        events.Aggregate(state, static (s, e) => Checkpoint.Fold(s, e)!);

    static Checkpoint Said(Checkpoint state, MarkCommand command) =>
        Then(state, Assert.IsType<Decision.Accepted>(MarkDecider.Decide(state, command)).Events);

    [Theory]
    [InlineData(CheckpointPhase.Open, ProblemCodes.NotReady), InlineData(CheckpointPhase.Abandoned, ProblemCodes.CheckpointClosed),
     InlineData(CheckpointPhase.Reclaimed, ProblemCodes.Reclaimed)]
    public void Nothing_is_said_of_a_checkpoint_that_is_not_sealed_or_has_no_bytes(CheckpointPhase phase, string code) =>
        Assert.All(Every(), command => Runs.Then.Refused(MarkDecider.Decide(Phase(phase), command), code));

    [Fact]
    public void Nothing_is_said_of_a_checkpoint_that_is_not_there() =>
        Assert.All(Every(), static command => Runs.Then.Refused(MarkDecider.Decide(null, command), ProblemCodes.NoSuchCheckpoint));

    [Theory]
    [InlineData(CheckpointPhase.Sealed), InlineData(CheckpointPhase.Verified), InlineData(CheckpointPhase.Quarantined)]
    public void Everything_can_be_said_of_a_sealed_one_under_damage_too_and_twice_is_once(CheckpointPhase phase)
    {
        var state = Phase(phase);
        foreach (var command in new MarkCommand[] { Pin(), Pin("another reason"), Hold(), Hold("case-8"), Lift(),
            Metrics(("a", 1), ("b", null)), Export(), new MarkCommand.Unpin(Point, Person, "done", At(10)) })
        {
            state = Said(state, command);
            Runs.Then.Done(MarkDecider.Decide(state, command));
            Assert.Equal(phase, state.Phase);
        }
    }

    [Fact]
    public void An_expired_one_is_neither_pinned_nor_held_but_the_hint_says_how_it_could_be()
    {
        var expired = Phase(CheckpointPhase.Expired);
        foreach (var command in new MarkCommand[] { Pin(), Hold() })
            Assert.Contains("Undo the expiry first", Runs.Then.Refused(
                MarkDecider.Decide(expired, command), ProblemCodes.CheckpointClosed).Detail, StringComparison.Ordinal);
        Assert.IsType<Decision.Accepted>(MarkDecider.Decide(expired, Metrics(("loss", 1))));
        Assert.IsType<Decision.Accepted>(MarkDecider.Decide(expired, Export()));
    }

    [Fact]
    public void A_pin_ends_in_the_future_and_unpinning_what_is_not_pinned_is_done()
    {
        Runs.Then.Refused(MarkDecider.Decide(Sealed(Point), Pin(until: At(10))), ProblemCodes.InvalidMark);
        Runs.Then.Refused(MarkDecider.Decide(Sealed(Point), Pin(reason: "")), ProblemCodes.BadRequest);
        var pinned = Said(Sealed(Point), Pin(until: At(20)));
        Assert.True(pinned.Marks!.IsPinned(At(19)));
        Assert.False(pinned.Marks.IsPinned(At(20)));
        Runs.Then.Done(MarkDecider.Decide(Sealed(Point), new MarkCommand.Unpin(Point, Person, "done", At(10))));
    }

    [Fact]
    public void A_hold_is_not_overwritten_and_one_that_never_was_is_not_lifted()
    {
        var held = Said(Sealed(Point), Hold());
        Assert.Contains("audit", Runs.Then.Refused(
            MarkDecider.Decide(held, Hold(reason: "another")), ProblemCodes.HoldInForce).Detail, StringComparison.Ordinal);
        Assert.Contains("case-7", Runs.Then.Refused(MarkDecider.Decide(held, Lift("case-8")), ProblemCodes.NoSuchMark).Detail,
            StringComparison.Ordinal);
        Runs.Then.Refused(MarkDecider.Decide(held, Hold("no blanks")), ProblemCodes.InvalidMark);
        var lifted = Said(held, Lift());
        Assert.Empty(lifted.Marks!.Holds);
        Assert.Empty(Said(lifted, Hold()).Marks!.Lifted!);
    }

    [Theory]
    [InlineData(double.NaN), InlineData(double.PositiveInfinity), InlineData(double.NegativeInfinity), InlineData(1e300)]
    public void What_is_no_finite_number_is_recorded_as_such_and_twice_is_once(double value)
    {
        var recorded = Said(Sealed(Point), Metrics(("loss", value), ("acc", -0.0)));
        Assert.Null(recorded.Marks!.Metrics["loss"]);
        Assert.False(double.IsNegative(recorded.Marks.Metrics["acc"]!.Value));
        Runs.Then.Done(MarkDecider.Decide(recorded, Metrics(("loss", value), ("acc", 0))));
        Runs.Then.Done(MarkDecider.Decide(recorded, Metrics(("loss", null))));
        Assert.Equal(2.5, Said(recorded, Metrics(("loss", 2.5))).Marks!.Metrics["loss"]);
    }

    [Fact]
    public void Metrics_have_names_and_bounds()
    {
        var one = Sealed(Point);
        var many = Enumerable.Range(0, MarkDecider.RecordMax).Select(static i => ($"m{i:000}", (double?)i)).ToArray();
        Runs.Then.Refused(MarkDecider.Decide(one, Metrics()), ProblemCodes.InvalidMark);
        Runs.Then.Refused(MarkDecider.Decide(one, Metrics([.. many, ("one-more", 1)])), ProblemCodes.InvalidMark);
        foreach (var name in new[] { "", new string('x', 101), "a b", "best(x)", "a,b", "ä", "a\n" })
            Runs.Then.Refused(MarkDecider.Decide(one, Metrics((name, 1))), ProblemCodes.InvalidMark);
        var recorded = Assert.IsType<Decision.Accepted>(MarkDecider.Decide(one, Metrics([.. many.Reverse()])));
        Assert.Equal(many.Select(static m => m.Item1), ((MetricsRecorded)recorded.Events[0]).Metrics.Select(static m => m.Name));
        for (var batch = 0; batch < MarkDecider.MetricsMax / MarkDecider.RecordMax; batch++)
            one = Said(one, Metrics([.. many.Select(m => ($"{batch}.{m.Item1}", m.Item2))]));
        Runs.Then.Refused(MarkDecider.Decide(one, Metrics(("new", 1))), ProblemCodes.BadRequest);
        Assert.IsType<Decision.Accepted>(MarkDecider.Decide(one, Metrics(("0.m000", 7))));
    }

    /// <summary>Whatever is said in whatever order, saying the last thing again changes nothing.</summary>
    [Property(MaxTest = 200, EndSize = 40)]
    public void A_repeat_is_done_after_any_story(byte[] story)
    {
        var state = Sealed(Point);
        foreach (var act in story)
        {
            var (name, reason) = ($"case-{act / 64}", $"reason {act / 32 % 2}");
            MarkCommand command = (act % 6) switch
            {
                0 => Pin(reason, act % 4 == 0 ? At(act + 11) : null),
                1 => new MarkCommand.Unpin(Point, Person, reason, At(10)),
                2 => Hold(name, reason),
                3 => Lift(name, reason),
                4 => Metrics(($"m{act / 128}", act % 5 == 0 ? null : act), ("loss", 1.0 / act)),
                _ => Export(name),
            };
            if (MarkDecider.Decide(state, command) is Decision.Accepted accepted)
            {
                state = Then(state, accepted.Events);
                Runs.Then.Done(MarkDecider.Decide(state, command));
            }
        }
    }
}
