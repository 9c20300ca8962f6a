using FsCheck.Xunit;
using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Tests.Property.Restores;
using Lineage.Tests.Property.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Chains;

/// <summary>What a rewind does to the history, by table and for every story (<see cref="Ledger.Play"/>).</summary>
public sealed class RewindLaws
{
    static Ledger Saved(params long[] steps)
    {
        var ledger = new Ledger();
        foreach (var step in steps) ledger.Save(Id(1, step));
        return ledger;
    }

    static IEnumerable<CheckpointId> Line(History history) => history.Candidates.Select(static c => c.Id);

    [Fact]
    public void After_a_rewind_the_next_recovery_starts_there_and_what_lies_behind_says_why_it_does_not()
    {
        var ledger = Saved(10, 20, 30, 40);
        Then.Accepted(ledger.Rewind(Id(1, 20)), typeof(LeaseExpired), typeof(RunRewound));
        Assert.Equal([Id(1, 20), Id(1, 10)], Line(ledger.ForWriting));
        ledger.Start();
        var chosen = ledger.Recovery(new Generation(2))!.Choice!;
        Assert.Equal(Id(1, 20), chosen.Chosen);
        Assert.Equal([Id(1, 40), Id(1, 30)], chosen.Rejected.Select(static r => r.Checkpoint));
        Assert.All(chosen.Rejected, static r => Assert.Equal(
            (RejectionReason.OffHistory,
                "off history: written under generation 1, behind demo/1/20, to which the run was rewound: the loss spiked"),
            (r.Reason, r.Detail)));
    }

    [Fact]
    public void A_generation_that_still_writes_after_the_rewind_writes_off_the_history_and_the_next_one_on_it()
    {
        var ledger = Saved(10, 20, 30);
        ledger.Rewind(Id(1, 10));
        ledger.Save(Id(1, 40));                              // its lease is gone, but no newer generation fences it yet
        Assert.Equal(CheckpointPhase.Verified, ledger.Checkpoint(Id(1, 40))!.Phase);
        Assert.DoesNotContain(Id(1, 40), Line(ledger.ForRestoring(2)));
        ledger.Start();
        foreach (var rank in new[] { 0, 1 }) ledger.Restored(rank, Id(1, 10));
        ledger.Save(Id(2, 20));
        Assert.Equal([Id(2, 20), Id(1, 10)], Line(ledger.ForRestoring(3)));
        Assert.Equal(Id(1, 10), ledger.Checkpoint(Id(2, 20))!.Opened.Parent);
    }

    [Fact]
    public void Rewinds_add_up_and_one_to_an_older_generation_leaves_the_newer_ones()
    {
        var ledger = Saved(10, 20);
        ledger.Start();
        foreach (var rank in new[] { 0, 1 }) ledger.Restored(rank, Id(1, 20));
        ledger.Save(Id(2, 30));
        ledger.Save(Id(2, 40));
        ledger.Rewind(Id(2, 30));
        Assert.Equal([Id(2, 30), Id(1, 20), Id(1, 10)], Line(ledger.ForRestoring(3)));
        Then.Refused(ledger.Rewind(Id(2, 40)), ProblemCodes.NoRestorePoint);   // a rewind is not undone by another one
        ledger.Rewind(Id(1, 10));
        Assert.Equal([Id(1, 10)], Line(ledger.ForRestoring(3)));
        Assert.Equal([Id(2, 40), Id(2, 30), Id(1, 20)], ledger.ForRestoring(3).Off.Select(static c => c.Id));
    }

    [Fact]
    public void A_recovery_that_was_under_way_chooses_again_before_the_rewinds_target()
    {
        var ledger = Saved(10, 20, 30);
        ledger.Start();
        Assert.Equal(Id(1, 30), ledger.Recovery(new Generation(2))!.Chosen);
        ledger.Rewind(Id(1, 20));
        Then.Accepted(ledger.ChooseAgain(1), typeof(RestorePointChosen));
        Assert.Equal(Id(1, 20), ledger.Recovery(new Generation(2))!.Chosen);
    }

    [Fact]
    public void The_repeat_of_a_start_from_before_the_rewind_is_a_new_recovery()
    {
        var ledger = Saved(10, 20);
        ledger.Start("resume", failed: new Generation(1));
        ledger.Rewind(Id(1, 10));
        Then.Accepted(ledger.Start("resume", failed: new Generation(2)), typeof(RecoveryStarted), typeof(RestorePointChosen));
        Assert.Equal(Id(1, 10), ledger.Recovery(new Generation(3))!.Chosen);
    }

    static bool IsBehind(CheckpointId id, RunRewound rewind) =>
        id.Generation <= rewind.Generation && (id.Generation > rewind.To.Generation || id.Step > rewind.To.Step);

    [Property(MaxTest = 200, EndSize = 80)]
    public void No_history_offers_anything_behind_a_rewind_and_nothing_behind_one_is_chosen_after_it(byte[] story)
    {
        var ledger = new Ledger(worldSize: 2, new SavePolicy(FullEvery: 3));
        foreach (var step in story)
        {
            ledger.Play(step);
            foreach (var history in new[] { ledger.ForWriting, ledger.ForRestoring(ledger.Run.Generation.Value + 1) })
                foreach (var rewind in ledger.Run.Rewound ?? [])
                    Assert.DoesNotContain(history.Candidates, c => IsBehind(c.Id, rewind));
        }

        List<RunRewound> rewinds = [];
        foreach (var (_, e) in ledger.All)
        {
            if (e is RunRewound rewound) rewinds.Add(rewound);
            if (e is RestorePointChosen { Chosen: { } chosen }) Assert.DoesNotContain(rewinds, r => IsBehind(chosen, r));
        }
    }

    /// <summary>An accepted rewind takes away exactly what lies behind its target; the rest of the line stays as it was.</summary>
    [Property(MaxTest = 200, EndSize = 80)]
    public void A_rewind_cuts_the_line_at_its_target_and_nowhere_else(byte[] story, byte choice)
    {
        var ledger = new Ledger(worldSize: 2, new SavePolicy(FullEvery: 3));
        foreach (var step in story) ledger.Play(step);
        var next = ledger.Run.Generation.Value + 1;
        var before = ledger.ForRestoring(next).Candidates;
        if (before.Count == 0) return;
        var target = before[choice % before.Count].Id;
        if (ledger.Rewind(target) is not Decision.Accepted) return;
        var kept = before.Where(c => c.Id == target || (c.Id.Step <= target.Step && c.Id.Generation <= target.Generation));
        Assert.Equal(kept.Select(static c => c.Id), Line(ledger.ForRestoring(next)));
        Assert.All(ledger.ForRestoring(next).Off, off =>
            Assert.StartsWith("off history: ", ledger.ForRestoring(next).WhyOff(off), StringComparison.Ordinal));
    }

    [Fact]
    public void Stories_rewind_and_recover_after_it()
    {
        int rewinds = 0, later = 0;
        for (var seed = 0; seed < 60; seed++)
        {
            var ledger = new Ledger(worldSize: 2, new SavePolicy(FullEvery: 3));
            var story = new byte[80];
            new Random(seed).NextBytes(story);
            foreach (var step in story) ledger.Play(step);
            rewinds += ledger.Run.Rewound?.Count ?? 0;
            later += ledger.Run.Rewound?.Count(r => ledger.Run.Generation > r.Generation) ?? 0;
        }

        Assert.True(rewinds > 30 && later > 15, $"{rewinds} rewinds, {later} with a recovery after them");
    }
}
