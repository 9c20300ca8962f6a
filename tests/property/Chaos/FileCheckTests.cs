using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Exchange;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Scenarios.Files;
using Lineage.ChaosHarness.Simulation;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.House;

namespace Lineage.Tests.Property.Chaos;

/// <summary>What of a scenario file can be done to real processes, said before anything starts, and at which moments.</summary>
public sealed class FileCheckTests
{
    static Schedule Of(string operations, string faults = "[]", int ranks = 2) => ScenarioFile.Parse(
        $"seed: 7\nworld: {{ ranks: {ranks} }}\noperations: {operations}\nfaults: {faults}");

    [Fact]
    public void A_kill_at_a_rename_is_played() => Assert.Empty(FileCheck.Refusals(Of(
        "[{ save: 5 }, { pin: 0 }, { verify: 0 }, { restore: 0 }]",
        "[{ kind: rank-kill, target: \"rank:1\", when: { event: \"durable:Renamed\" } }]")));

    [Theory]
    [InlineData("[{ save: 5 }]", "[{ kind: clock-jump, target: x, when: {} }]", "\"clock-jump\" has no injector for real processes")]
    [InlineData("[{ save: 5 }]", "[{ kind: clock-jump, target: x, when: {} }]", "There are: bit-rot")]
    [InlineData("[{ save: 5 }]", "[{ kind: rank-kill, target: \"rank:2\", when: {} }]", "the world has 2 ranks from 0 on")]
    [InlineData("[{ save: 5 }]", "[{ kind: rank-kill, target: broker, when: {} }]", "begins with \"rank:\"")]
    [InlineData("[{ save: 5 }]", "[{ kind: store-kill, target: store, when: { event: \"durable:Nowhere\" } }]", "durable steps are Opened")]
    [InlineData("[{ save: 5 }, { fork: 1 }]", "[]", "operation fork cannot be asked")]
    [InlineData("[{ pin: 0 }]", "[]", "There is no save")]
    [InlineData("[{ save: 4000 }]", "[]", "at most 400 steps")]
    public void What_cannot_be_done_is_named_with_what_can(string operations, string faults, string says) =>
        Assert.Contains(FileCheck.Refusals(Of(operations, faults)), one => one.Contains(says, StringComparison.Ordinal));

    [Fact]
    public void Every_kind_with_an_injector_is_in_the_catalogue_as_one_that_runs_for_real() => Assert.All(FileCheck.Kinds, static kind =>
    {
        var known = Assert.Single(FaultCatalogue.All, one => string.Equals(one.Kind, kind, StringComparison.Ordinal));
        Assert.True(known.Runs, kind);
        Assert.Contains('2', known.Levels);
    });

    [Fact]
    public void Every_scenario_that_the_program_carries_can_be_played_and_is_called_as_its_file()
    {
        Assert.NotEmpty(BuiltInScenarios.All);
        Assert.All(BuiltInScenarios.All, static one =>
        {
            Assert.Empty(FileCheck.Refusals(one.Schedule));
            Assert.NotEmpty(one.Schedule.Faults);
            Assert.Equal($"lineage chaos run scenarios/{one.Name}.yaml", one.Replay);
        });
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Root, "scenarios"), "*.yaml").Select(Path.GetFileNameWithoutExtension);
        Assert.Equal(
            files.Order(StringComparer.Ordinal), BuiltInScenarios.All.Select(static one => one.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("link-delay", "rank:1", "\"server:\" or \"broker\"")]
    [InlineData("disk-eio-read", "rank:1", "\"keeper\"")]
    public void A_target_is_one_of_those_that_a_kind_can_hurt(string kind, string target, string says) => Assert.Contains(
        FileCheck.Refusals(Of("[{ save: 5 }]", $"[{{ kind: {kind}, target: \"{target}\", when: {{}} }}]")),
        one => one.Contains(says, StringComparison.Ordinal));

    [Fact]
    public void Of_what_the_simulator_draws_only_what_has_no_real_injector_is_refused()
    {
        string[] modelled =
        [
            "store-commit-unknown", "broker-lost-confirm", "broker-duplicate", "broker-delay",
            "misdirected-write", "clock-skew", "clock-jump", "clock-backwards", "timers-late", "write-reordered", "poison-message",
            "store-visibility-reordered", "store-sequence-gap", "restore-expired", "rewind-under-load", "retention-zero",
        ];
        OperationKind[] ofModel =
        [
            OperationKind.Tag, OperationKind.Rewind, OperationKind.Fork, OperationKind.Expire, OperationKind.Undo, OperationKind.Scale,
        ];
        for (var seed = 0; seed < 500; seed++)
        {
            var drawn = Swarm.Draw(seed, profile: null);
            var expected = drawn.Faults.Select(static one => one.Kind).Distinct(StringComparer.Ordinal)
                .Count(kind => modelled.Contains(kind, StringComparer.Ordinal));
            expected += drawn.Operations.Select(static one => one.Kind).Distinct().Count(ofModel.Contains);
            Assert.Equal(expected, FileCheck.Refusals(drawn).Count);
        }
    }

    [Fact]
    public void Saves_that_are_asked_for_are_all_on_the_grid_of_the_launcher()
    {
        var schedule = Of("[{ save: 12 }, { save: 8 }, { save: 20 }, { save: 20 }]");

        Assert.Equal([8L, 12, 20], FileCheck.Saves(schedule));
        Assert.Equal((20L, 4L), (FileCheck.LastStep(schedule), FileCheck.SaveEvery(schedule)));
    }

    [Theory]
    [InlineData("rank-kill", "rank:1", 1, 1, 1)]
    [InlineData("rank-kill", "rank:1", 4, 1, 2)]
    [InlineData("store-kill", "store", 1, 0, 1)]
    [InlineData("store-kill", "store", 6, 2, 2)]
    public void The_nth_step_of_all_ranks_is_a_step_of_one(string kind, string target, int nth, int rank, int occurrence)
    {
        var fault = new ScheduledFault(1, kind, target, new FaultTrigger("durable:outbox-dir-synced", nth, 0), Until: null, 0);

        var moment = FaultMoment.Of(fault, ranks: 3)!;

        Assert.Equal(new FaultMoment(rank, DurableStep.OutboxDirSynced, occurrence), moment);
        var armed = KillAtDurableStep.Armed(
            $"{moment.Clause()}; kill rank=7 generation=1 at=opened occurrence=1", new Rank(rank), new Generation(1));
        Assert.IsType<KillAtDurableStep>(armed);
        Assert.Same(NoSteps.Instance, KillAtDurableStep.Armed(moment.Clause(), new Rank(rank), new Generation(2)));
    }
}
