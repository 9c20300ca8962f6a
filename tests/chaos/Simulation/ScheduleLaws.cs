using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Simulation;

namespace Lineage.Tests.Chaos.Simulation;

/// <summary>
/// Schedules that FsCheck makes, not the swarm: other shapes, other mixtures, every fault at every moment. What fails is made small twice,
/// by FsCheck over the structure of the schedule and by the harness' own shrinker over interleavings.
/// </summary>
public sealed class ScheduleLaws
{
    /// <summary>Settles what is drawn, so that CI runs the same test every time. (With a size as third number FsCheck would run one case
    /// only.)</summary>
    const string Replay = "(20260417,20261125)";

    [Property(Arbitrary = [typeof(Schedules)], MaxTest = 400, EndSize = 40, Replay = Replay)]
    public void Any_schedule_within_the_budget_is_valid(Schedule schedule)
    {
        var broken = Broken(schedule);
        Assert.True(broken.Count == 0, Explained(schedule, broken));
    }

    static List<Violation> Broken(Schedule schedule) => [.. Campaign.Violated(Judge.Examine(Simulator.Run(schedule).Evidence))];

    /// <summary>What is told of the schedule that FsCheck ended with: what broke, how small it can be, and how to see it again.</summary>
    static string Explained(Schedule schedule, List<Violation> broken)
    {
        if (broken.Count == 0) return "";
        var small = Shrinker.Shrink(schedule)?.Schedule ?? schedule;
        var file = Path.Combine(Path.GetTempPath(), $"lineage-schedule-{small.Digest().Short}.json");
        File.WriteAllBytes(file, small.ToJson());
        return $"{broken[0].Invariant}: {broken[0].What}\n{small.Operations.Count} operations, {small.Faults.Count} faults\n"
            + string.Join('\n', SimulationReports.Replays(small, file));
    }

    /// <summary>The search can fail and make small: a planted judge that hates one kind of fault is left with that fault alone.</summary>
    [Fact]
    public void What_fails_is_shrunk_to_the_one_fault_that_it_needs()
    {
        Schedule? smallest = null;
        var law = Prop.ForAll(Schedules.Any(), schedule =>
        {
            if (!schedule.Faults.Any(static fault => fault.Kind == "keeper-kill" && fault.When.Event is not null)) return true;
            smallest = schedule;   // the last one that fails is the one that FsCheck ends with
            return false;
        });
        Assert.ThrowsAny<Exception>(() =>
            Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000).WithEndSize(40).WithReplay(7UL, 11UL), law));

        Assert.NotNull(smallest);
        var fault = Assert.Single(smallest.Faults);
        Assert.Equal(("keeper-kill", 1, 0L), (fault.Kind, fault.When.Nth, fault.When.AfterMs));
        Assert.DoesNotContain(smallest.Operations, static one => one.Kind != OperationKind.Save);
        Assert.Equal((1, 1, 1), (smallest.Operations.Count, smallest.World.Ranks, smallest.World.Servers));
    }

    [Property(Arbitrary = [typeof(Schedules)], MaxTest = 200, Replay = Replay)]
    public void Whatever_is_drawn_survives_its_own_json(Schedule schedule) =>
        Assert.Equal(schedule.Digest(), Schedule.Parse(schedule.ToJson()).Digest());
}
