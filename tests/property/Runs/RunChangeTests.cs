using FsCheck.Xunit;
using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Runs;

/// <summary>What people may decide about a run, when, and what the refusal says otherwise.</summary>
public sealed class RunChangeTests
{
    static readonly RunId Other = RunId.Parse("other");

    static Decision Decide(Run? state, RunChange change) => RunChangeDecider.Decide(state, change);

    static RunChange.PlaceTag Place(string tag, CheckpointId id, CheckpointId? before = null, Checkpoint? target = null) =>
        new(Demo, tag, id, target ?? Verified(id), before, At(10));

    static Run Tagged(params (string Tag, CheckpointId Id)[] tags) =>
        RunOf([Registered(), Granted(1), .. tags.Select(static t => (object)new TagPlaced(Demo, t.Tag, t.Id, null, At(1)))]);

    static RunChange.Rewind Rewind(CheckpointId to, History history, DateTimeOffset? leaseUntil = null) =>
        new(Demo, to, "the loss spiked", history, leaseUntil, At(10));

    static RunChange.Fork Fork(Checkpoint? from, string reason = "try another schedule", SavePolicy? policy = null) => new(
        Other, Id(1, 10), RunAt(1), from is null ? null : ChainBuilder.Build(Candidate.Of(from), static _ => null), policy,
        new Dictionary<string, string>(StringComparer.Ordinal) { ["lr"] = "0.1" }, reason, At(10));

    static readonly Run Released = RunOf(Registered(), Granted(1), new LeaseReleased(Demo, new Generation(1), Launcher, "stop", At(5)));

    [Fact]
    public void A_tag_is_placed_once_moved_against_what_it_named_and_removed_once()
    {
        var placed = (TagPlaced)Then.Accepted(Decide(RunAt(1), Place("nightly", Id(1, 10))), typeof(TagPlaced))[0];
        Assert.Null(placed.Before);
        Then.Done(Decide(Tagged(("nightly", Id(1, 10))), Place("nightly", Id(1, 10))));
        var refused = Then.Refused(Decide(Tagged(("nightly", Id(1, 10))), Place("nightly", Id(1, 20))), ProblemCodes.VersionMismatch);
        Assert.Contains("names demo/1/10, expected nothing", refused.Detail, StringComparison.Ordinal);
        Then.Refused(Decide(RunAt(1), Place("nightly", Id(1, 20), Id(1, 10))), ProblemCodes.VersionMismatch);
        var moved = (TagPlaced)Then.Accepted(
            Decide(Tagged(("nightly", Id(1, 10))), Place("nightly", Id(1, 20), Id(1, 10))), typeof(TagPlaced))[0];
        Assert.Equal(Id(1, 10), moved.Before);

        var removed = Then.Accepted(
            Decide(Tagged(("nightly", Id(1, 10))), new RunChange.RemoveTag(Demo, "nightly", At(2))), typeof(TagRemoved));
        var after = Run.Fold(Tagged(("nightly", Id(1, 10)), ("b", Id(1, 20))), removed[0])!;
        Then.Done(Decide(after, new RunChange.RemoveTag(Demo, "nightly", At(3))));
        Assert.Contains("it has b", Then.Refused(Decide(after, new RunChange.RemoveTag(Demo, "nightl", At(3))), ProblemCodes.NoSuchTag)
            .Detail, StringComparison.Ordinal);
        Then.Accepted(Decide(after, Place("nightly", Id(1, 20))), typeof(TagPlaced));
    }

    [Theory]
    [InlineData(""), InlineData("latest"), InlineData("latest-verified"), InlineData("best"), InlineData("Nightly"), InlineData("a b"),
     InlineData("a..b"), InlineData("a:b"), InlineData("a~1"), InlineData("ä")]
    public void A_name_that_a_reference_could_not_ask_for_is_no_tag(string tag)
    {
        Then.Refused(Decide(RunAt(1), Place(tag, Id(1, 10))), ProblemCodes.InvalidMark);
        Then.Refused(Decide(RunAt(1), Place(new string('a', 65), Id(1, 10))), ProblemCodes.InvalidMark);
        Then.Accepted(Decide(RunAt(1), Place(new string('a', 64), Id(1, 10))), typeof(TagPlaced));
    }

    [Property(MaxTest = 300)]
    public void Every_tag_that_can_be_placed_can_be_asked_for(string? text)
    {
        var tag = text ?? "";
        if (Wording.OfTag(tag) is not null) return;
        Assert.Equal(
            new Lineage.References.Reference.Tagged("demo", tag),
            Assert.IsType<Lineage.References.ReferenceParse.Parsed>(Lineage.References.ReferenceGrammar.Parse($"demo:{tag}")).Reference);
    }

    [Fact]
    public void A_tag_names_a_sealed_checkpoint_of_its_own_run_damaged_or_not()
    {
        Then.Accepted(Decide(RunAt(1), Place("x", Id(1, 10), target: Sealed(Id(1, 10)))), typeof(TagPlaced));
        Then.Accepted(Decide(RunAt(1), Place("x", Id(1, 10), target: Quarantined(Id(1, 10)))), typeof(TagPlaced));
        Then.Refused(Decide(RunAt(1), Place("x", Id(1, 10), target: CheckpointOf(Opened(Id(1, 10))))), ProblemCodes.NotReady);
        Then.Refused(
            Decide(RunAt(1), new RunChange.PlaceTag(Demo, "x", Id(1, 10), Target: null, Before: null, At(1))),
            ProblemCodes.NoSuchCheckpoint);
        Then.Refused(
            Decide(RunAt(1), Place("x", new CheckpointId(Other, new Generation(1), new Step(10)))), ProblemCodes.BadRequest);
        Then.Refused(Decide(null, Place("x", Id(1, 10))), ProblemCodes.NoSuchRun);
    }

    [Fact]
    public void A_policy_is_changed_with_a_reason_and_only_to_one_that_can_be_followed()
    {
        RunChange.ChangePolicy Save(SavePolicy policy, string reason = "cheaper") => new(Demo, policy, reason, At(1));
        RunChange.ChangeRetention Keep(RetentionPolicy? policy, string reason = "disk is full") => new(Demo, policy, reason, At(1));
        Then.Done(Decide(RunAt(1), Save(SavePolicy.Default)));
        var changed = Then.Accepted(Decide(RunAt(1), Save(new SavePolicy(3))), typeof(PolicyChanged));
        Then.Done(Decide(RunOf([Registered(), .. changed]), Save(new SavePolicy(3))));
        Then.Refused(Decide(RunAt(1), Save(new SavePolicy(0))), ProblemCodes.BadRequest);
        Then.Refused(Decide(RunAt(1), Save(new SavePolicy(3), " ")), ProblemCodes.BadRequest);
        Then.Refused(Decide(RunAt(1), Save(new SavePolicy(3), "two\nlines")), ProblemCodes.BadRequest);

        Then.Done(Decide(RunAt(1), Keep(null)));
        var kept = Then.Accepted(Decide(RunAt(1), Keep(new RetentionPolicy(Latest: 2))), typeof(RetentionChanged));
        var after = RunOf([Registered(), .. kept]);
        Then.Done(Decide(after, Keep(new RetentionPolicy(Latest: 2))));
        Then.Accepted(Decide(after, Keep(null)), typeof(RetentionChanged));
        Assert.Contains("bestBy", Then.Refused(Decide(after, Keep(new RetentionPolicy(Best: 1))), ProblemCodes.BadRequest).Detail,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_is_rewound_only_without_a_writer_and_only_to_what_can_be_restored()
    {
        var history = HistoryOf(1, Verified(Id(1, 10)), Sealed(Id(1, 20)), Quarantined(Id(1, 30)));
        var live = Then.Refused(Decide(RunAt(1), Rewind(Id(1, 10), history, At(40))), ProblemCodes.RunLive);
        Assert.Contains("launcher:a/1", live.Detail, StringComparison.Ordinal);
        Then.Accepted(Decide(RunAt(1), Rewind(Id(1, 10), history, At(9))), typeof(LeaseExpired), typeof(RunRewound));
        var rewound = (RunRewound)Then.Accepted(Decide(Released, Rewind(Id(1, 20), history)), typeof(RunRewound))[0];
        Assert.Equal((Id(1, 20), new Generation(1)), (rewound.To, rewound.Generation));
        Then.Done(Decide(Run.Fold(Released, rewound), Rewind(Id(1, 20), HistoryOf(1))));
        Then.Refused(Decide(Released, Rewind(Id(1, 30), history)), ProblemCodes.NoRestorePoint);
        Then.Refused(Decide(Released, Rewind(Id(1, 40), history)), ProblemCodes.NoSuchCheckpoint);
        var off = history with { Candidates = [], Off = history.Candidates };
        Assert.Contains("off history", Then.Refused(Decide(Released, Rewind(Id(1, 10), off)), ProblemCodes.NoRestorePoint).Detail,
            StringComparison.Ordinal);
        Then.Refused(
            Decide(Released, Rewind(new CheckpointId(Other, new Generation(1), new Step(10)), history)), ProblemCodes.BadRequest);
    }

    [Fact]
    public void An_archived_run_takes_no_writer_and_no_rewind_and_a_repeat_is_done()
    {
        RunChange.Archive Archive(DateTimeOffset? until = null) => new(Demo, "superseded", until, At(10));
        Then.Refused(Decide(RunAt(1), Archive(At(40))), ProblemCodes.RunLive);
        Then.Accepted(Decide(RunAt(1), Archive(At(9))), typeof(LeaseExpired), typeof(RunArchived));
        var archived = Run.Fold(Released, Then.Accepted(Decide(Released, Archive()), typeof(RunArchived))[0])!;
        Then.Done(Decide(archived, Archive()));
        Then.Refused(Decide(archived, Rewind(Id(1, 10), HistoryOf(1, Verified(Id(1, 10))))), ProblemCodes.RunArchived);
        var next = new RunCommand.GrantNext(Demo, Launcher, Two, null, null, At(11));
        Then.Refused(RunDecider.Decide(archived, next), ProblemCodes.RunArchived);
        Then.Refused(RunDecider.Decide(archived, new RunCommand.TakeLease(Demo, Launcher, Two, null, At(11))), ProblemCodes.RunArchived);
        Then.Refused(CheckpointDecider.Decide(null, archived, Open(Id(1, 50))), ProblemCodes.RunArchived);
        Then.Accepted(Decide(archived, Place("keep", Id(1, 10))), typeof(TagPlaced));
    }

    [Fact]
    public void A_fork_opens_a_run_with_the_others_policy_and_labels_and_a_repeat_is_done()
    {
        var forked = (RunForked)Then.Accepted(Decide(null, Fork(Sealed(Id(1, 10)))), typeof(RunForked))[0];
        Assert.Equal((Id(1, 10), SavePolicy.Default, "0.1"), (forked.From, forked.Policy, forked.Labels["lr"]));
        var run = RunOf(forked);
        Assert.Equal(Id(1, 10), run.Origin);
        Then.Done(Decide(run, Fork(Sealed(Id(1, 10)))));
        Then.Refused(Decide(run, Fork(Sealed(Id(1, 10)), policy: new SavePolicy(3))), ProblemCodes.RunExistsDifferently);
        Then.Refused(Decide(RunAt(1), Fork(Sealed(Id(1, 10)))), ProblemCodes.RunExistsDifferently);
        Then.Refused(Decide(null, Fork(Quarantined(Id(1, 10)))), ProblemCodes.NoRestorePoint);
        Then.Refused(Decide(null, Fork(CheckpointOf(Opened(Id(1, 10))))), ProblemCodes.NoRestorePoint);
        Then.Refused(Decide(null, Fork(null)), ProblemCodes.NoSuchCheckpoint);
        Then.Refused(Decide(null, Fork(Sealed(Id(1, 10)), reason: "")), ProblemCodes.BadRequest);
        Then.Refused(Decide(null, Fork(Sealed(Id(1, 10))) with { Origin = null }), ProblemCodes.NoSuchRun);
    }

    [Fact]
    public void A_forked_run_begins_with_a_recovery_and_not_with_a_first_lease()
    {
        var run = RunOf(new RunForked(Other, Id(1, 10), SavePolicy.Default,
            new Dictionary<string, string>(StringComparer.Ordinal), "try", At(0)));
        var refused = Then.Refused(
            RunDecider.Decide(run, new RunCommand.TakeLease(Other, Launcher, Two, null, At(1))), ProblemCodes.RecoveryNeeded);
        Assert.Contains("forked from demo/1/10", refused.Detail, StringComparison.Ordinal);
        var granted = (LeaseGranted)Then.Accepted(
            RunDecider.Decide(run, new RunCommand.GrantNext(Other, Launcher, Two, null, null, At(1))), typeof(LeaseGranted))[0];
        Assert.Equal(1, granted.Generation.Value);
    }
}
