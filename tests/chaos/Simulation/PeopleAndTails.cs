using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Simulation;

namespace Lineage.Tests.Chaos.Simulation;

/// <summary>Operations and faults beyond saving and restoring: each really happens, is judged, and keeps every invariant.</summary>
public sealed class PeopleAndTails
{
    static readonly Operation[] Saves =
        [new(0, OperationKind.Save, 3), new(1, OperationKind.Save, 7), new(2, OperationKind.Save, 12), new(3, OperationKind.Save, 60)];

    static Schedule Of(long seed, IReadOnlyList<Operation> asked, params ScheduledFault[] faults) =>
        Swarm.Draw(seed, "calm") with
        {
            World = new ScheduledWorld(Ranks: 3, Servers: 2, Copies: 1, Tensors: 1),
            Operations = [.. Saves, .. asked],
            Faults = faults,
        };

    static ScheduledFault Fault(string kind, string target, long amount) =>
        new(0, kind, target, new FaultTrigger("shard-stored.v1", 2, 0), Until: null, amount);

    static (SimulatedHistory History, Verdict Verdict) Judged(Schedule schedule)
    {
        var history = Simulator.Run(schedule);
        var verdict = Judge.Examine(history.Evidence);
        Assert.True(
            verdict is { SafetyHolds: true, LivenessHolds: true }, string.Join('\n', Timeline.Lines(history.Evidence, verdict)));
        return (history, verdict);
    }

    static bool Is(Verdict verdict, string id, Judgement judgement) =>
        verdict.Invariants.Single(one => one.Id == id).Judgement == judgement;

    static bool Happened(SimulatedHistory history, string name) =>
        history.Evidence.Streams.SelectMany(static s => s.Events).Any(e => e.Name == name);

    [Theory]
    [InlineData(OperationKind.Rewind, 1, "run-rewound.v1"), InlineData(OperationKind.Fork, 0, "run-forked.v1")]
    [InlineData(OperationKind.Tag, 0, "tag-placed.v1"), InlineData(OperationKind.Expire, 0, "checkpoint-expired.v1")]
    public void What_people_decide_is_on_record_and_breaks_nothing(OperationKind kind, long argument, string name)
    {
        var histories = Enumerable.Range(1, 8).Select(seed => Judged(Of(seed, [new Operation(9, kind, argument)])).History).ToList();
        Assert.Contains(histories, history => Happened(history, name));
    }

    [Fact]
    public void An_expiry_is_undone_in_some_history() => Assert.Contains(
        Enumerable.Range(1, 40), static seed => Happened(Judged(Of(seed,
            [new Operation(9, OperationKind.Expire, 0), new(10, OperationKind.Undo, 1), new(11, OperationKind.Undo, 1)])).History,
            "expiry-undone.v1"));

    [Theory]
    [InlineData(1), InlineData(2), InlineData(5)]
    public void A_run_comes_back_on_another_number_of_ranks_with_the_rows_that_were_saved(int ranks)
    {
        var (history, verdict) = Judged(Of(4, [new Operation(8, OperationKind.Restore, 0), new(9, OperationKind.Scale, ranks)]));
        Assert.True(Is(verdict, "S19", Judgement.Valid));
        var trained = history.Evidence.Journal.OfType<Entry.Trained>()
            .Where(static e => e.Run.ToString().StartsWith("sim-scaled", StringComparison.Ordinal)).ToList();
        Assert.Equal(ranks, trained.Select(static e => e.Rank).Distinct().Count());
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2)]
    public void Poison_becomes_a_dead_letter_with_its_reason_while_two_runs_go_on(long sort)
    {
        var (history, verdict) = Judged(Of(5, [], Fault(Poison.Kind, "broker", sort + 3)));
        Assert.True(Is(verdict, "L5", Judgement.Valid));
        Assert.NotEmpty(history.Evidence.AtRest!.DeadLetters);
        Assert.Equal(2, history.Evidence.Streams.Count(static s => s.Events.Any(static e => e.Name == "run-completed.v1")));
    }

    [Theory]
    [InlineData(ModelStore.Reordered, 40), InlineData(ModelStore.Gap, 3)]
    public void A_tail_misses_nothing_when_numbers_become_visible_late_or_never(string kind, long amount)
    {
        for (var seed = 1L; seed <= 12; seed++)
        {
            var (history, verdict) = Judged(Of(seed, [], Fault(kind, "store", amount)));
            Assert.Contains(kind, history.FaultKinds, StringComparer.Ordinal);
            Assert.True(Is(verdict, "S11", Judgement.Valid) && Is(verdict, "L4", Judgement.Valid));
        }
    }
}
