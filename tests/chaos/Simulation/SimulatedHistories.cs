using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Simulation;
using Lineage.Contracts.Events;

namespace Lineage.Tests.Chaos.Simulation;

public sealed class SimulatedHistories
{
    /// <summary>One history of each profile; those that once found something are in <see cref="Simulation.Corpus"/>.</summary>
    public static TheoryData<string, long> Profiles => new()
    {
        { "calm", 1 }, { "llama3", 2 }, { "storage-hell", 3 }, { "broker-hell", 4 }, { "zombie", 5 }, { "partition", 6 }, { "operator", 7 },
        { Swarm.Mixed, 8 },
        { Swarm.Mixed, 103_684 },   // a decision that took 15 ms from its read to the end of its commit
    };

    [Theory, MemberData(nameof(Profiles))]
    public void A_history_of_each_profile_keeps_every_invariant(string profile, long seed)
    {
        var history = Simulator.Run(Swarm.Draw(seed, profile));
        var verdict = Judge.Examine(history.Evidence);
        Assert.True(
            verdict is { SafetyHolds: true, LivenessHolds: true }, string.Join('\n', Timeline.Lines(history.Evidence, verdict)));
    }

    [Fact]
    public void Three_hundred_histories_keep_every_invariant_and_look_at_each()
    {
        var report = Campaign.Run(new CampaignPlan(1_000, Profile: null, Histories: 300, Budget: null), TimeProvider.System, default);
        Assert.True(report.Violations == 0, string.Join('\n', report.Found.Select(static f => $"seed {f.Seed}: {f.Invariant} {f.What}")));
        Assert.Empty(report.Never);
        Assert.True(report.EventsMean >= 200, $"{report.EventsMean} events a history; expected at least 200");
    }

    /// <summary>Where more is destroyed than can be survived, some runs can be restored by nobody: they have to say so, and nobody may be
    /// given what is not sound.</summary>
    [Fact]
    public void Beyond_the_budget_a_hundred_histories_stay_safe_and_some_say_that_nothing_is_left()
    {
        var refused = 0;
        for (var seed = 1L; seed <= 100; seed++)
        {
            var history = Simulator.Run(Swarm.Draw(seed, Swarm.Beyond));
            var verdict = Judge.Examine(history.Evidence);
            Assert.True(
                verdict is { SafetyHolds: true, LivenessHolds: true },
                $"seed {seed}\n{string.Join('\n', Timeline.Lines(history.Evidence, verdict))}");
            if (history.Evidence.Streams.SelectMany(static one => one.Events).Any(static e => e.Body is RecoveryFailed)) refused++;
        }

        Assert.True(refused >= 10, $"{refused} of 100 histories ended without a restore point; expected at least 10");
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace_twice()
    {
        for (var seed = 40L; seed < 60; seed++)
            Assert.Equal(
                Simulator.Run(Swarm.Draw(seed, profile: null)).TraceHash, Simulator.Run(Swarm.Draw(seed, profile: null)).TraceHash);
    }

    [Fact]
    public async Task Another_process_takes_the_same_steps()
    {
        string[] arguments = ["chaos", "sim", "--seed", "77", "--histories", "20", "--json"];
        Assert.Equal(await HashAsync(arguments), await HashAsync(arguments));

        static async Task<string> HashAsync(string[] arguments)
        {
            using var report = await Report.OfAsync(TimeSpan.FromSeconds(60), arguments);
            return report.RootElement.GetProperty("trace_hash").GetString()!;
        }
    }

    [Fact]
    public void Damage_that_no_fault_accounts_for_is_blamed_on_the_system() => Assert.True(Canary.Fails());

    [Fact]
    public void A_schedule_survives_its_own_json()
    {
        var schedule = Swarm.Draw(9, Swarm.Mixed);
        Assert.Equal(schedule.Digest(), Schedule.Parse(schedule.ToJson()).Digest());
        Assert.Equal(Simulator.Run(schedule).TraceHash, Simulator.Run(Schedule.Parse(schedule.ToJson())).TraceHash);
    }
}
