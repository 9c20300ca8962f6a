using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;

namespace Lineage.Tests.Property.Chaos;

/// <summary>What the judge asks of other worlds and of poison, beyond counting rows and waiting for an end.</summary>
public sealed class JudgeWorldTests
{
    static InvariantVerdict Of(string id, Made made) => made.Judged().Invariants.Single(one => one.Id == id);

    static Made Held(string held) => new()
    {
        Plans =
        {
            new TilingEvidence(
                Made.Id(10), "w", 8, [new RowRange(0, 0, 8)], [new RowRange(0, 0, 3), new RowRange(0, 3, 5)], Made.Hash("rows"),
                Made.Hash(held)),
        },
    };

    [Fact]
    public void S19_rows_that_tile_and_hold_something_else_than_was_captured_are_not_restored()
    {
        var verdict = Of("S19", Held("other rows"));
        Assert.Equal(Judgement.Violated, verdict.Judgement);
        Assert.Contains("the ranks of the other world hold", verdict.Violations[0].What, StringComparison.Ordinal);
        Assert.Equal(Judgement.Valid, Of("S19", Held("rows")).Judgement);
    }

    static Made Poisoned(params string[] letters) => new Made { AtRest = new RestEvidence(0, letters, [], 10) }
        .Note(static (index, at) => new Entry.Injected(index, at, "nemesis", 1, "poison-message", "broker", "0f3a"))
        .Note(static (index, at) => new Entry.TookEffect(index, at, "nemesis", 1, "bytes that are no message were published"));

    [Fact]
    public void L5_poison_that_is_not_among_the_dead_letters_with_its_reason_is_lost()
    {
        Assert.Equal(Judgement.Violated, Of("L5", Poisoned()).Judgement);
        Assert.Equal(Judgement.Violated, Of("L5", Poisoned("0f3b unreadable: another one")).Judgement);
        Assert.Equal(Judgement.Violated, Of("L5", Poisoned("0f3a")).Judgement);
        Assert.Equal(Judgement.Valid, Of("L5", Poisoned("0f3a unreadable: its bytes are no message")).Judgement);
    }

    static Made Saved(Made made, Outcome outcome) => made
        .Note(static (index, at) => new Entry.Invoked(index, at, "rank:0", 4, OperationKind.Save, "bloom/1/10"))
        .Note((index, at) => new Entry.Ended(index, at, "rank:0", 4, outcome, Code: null, "bloom/1/10"));

    [Fact]
    public void L5_a_save_whose_reports_wait_behind_poison_is_delayed_unless_something_else_explains_it()
    {
        static Made Taken() => Poisoned("0f3a unreadable: its bytes are no message");
        Assert.Equal(Judgement.Violated, Of("L5", Saved(Taken(), Outcome.Unknown)).Judgement);
        Assert.Equal(Judgement.Valid, Of("L5", Saved(Taken(), Outcome.Ok)).Judgement);
        Assert.Equal(Judgement.Valid, Of("L5", Saved(Taken().Inject(2, "server-kill", "server:0"), Outcome.Unknown)).Judgement);
    }
}
