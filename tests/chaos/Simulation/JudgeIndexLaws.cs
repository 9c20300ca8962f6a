using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Simulation;
using Lineage.Contracts.Events;

namespace Lineage.Tests.Chaos.Simulation;

/// <summary>What the judge looks up in an index is what it would find by looking at everything, whatever was done to the history.</summary>
public sealed class JudgeIndexLaws
{
    const int Histories = 150;

    static IEnumerable<CaseFile> Files() => Enumerable.Range(1, Histories)
        .Select(static seed => new CaseFile(Simulator.Run(Swarm.Draw(seed, profile: null)).Evidence));

    [Fact]
    public void Verified_checkpoints_that_are_left_are_counted_as_one_by_one()
    {
        var asked = 0;
        foreach (var file in Files())
            foreach (var run in file.Runs)
            {
                var count = new VerifiedCount(file, run);
                foreach (var save in run.Saves)
                    foreach (var ending in save.Endings)
                        if (ending.Body is CheckpointExpired body)
                        {
                            Fact<CheckpointExpired> expired = new(ending.Sequence, ending.Version, ending.AtMs, body);
                            Assert.Equal(OneByOne(file, run, expired), count.LeftBy(expired));
                            asked++;
                        }
            }

        Assert.InRange(asked, Histories / 2, int.MaxValue);
    }

    static int OneByOne(CaseFile file, RunRecord run, Fact<CheckpointExpired> expired) => run.Saves.Count(
        other => other.IsVerifiedBy(expired.Sequence) && !other.IsExpiredBy(expired.Sequence + 1)
            && !(other.Quarantines is [var bad, ..] && file.SurelyBefore(bad.Sequence, bad.AtMs, expired.Sequence, expired.AtMs)));

    [Fact]
    public void The_part_of_the_line_down_to_a_chosen_point_has_that_point_and_all_that_is_newer()
    {
        var choices = 0;
        foreach (var file in Files())
            foreach (var run in file.Runs)
                foreach (var recovery in run.Recoveries.Values)
                    foreach (var choice in recovery.Choices)
                    {
                        if (choice.Body.Chosen is not { } chosen) continue;
                        var whole = Line.ForRestoring(file, run, recovery.Id.Generation.Value, choice.Sequence, chosen: null);
                        var part = Line.ForRestoring(file, run, recovery.Id.Generation.Value, choice.Sequence, chosen);
                        Assert.Equal(part, whole.Take(part.Count));
                        Assert.All(whole.Skip(part.Count), left => Assert.True(left.Id != chosen && left.Id.Step <= chosen.Step));
                        choices++;
                    }

        Assert.InRange(choices, Histories / 4, int.MaxValue);
    }

    [Fact]
    public void The_first_grant_above_a_generation_is_the_first_also_where_generations_do_not_grow()
    {
        foreach (var file in Files().Take(20))
            foreach (var run in file.Runs)
            {
                run.Grants.Reverse(0, Math.Min(2, run.Grants.Count));   // as a history that breaks S15 may have them
                for (var generation = 0; generation < run.Grants.Count + 2; generation++)
                    Assert.Equal(
                        run.Grants.FindIndex(grant => grant.Body.Generation.Value > generation),
                        run.GrantAbove(new(generation)) is { } found ? run.Grants.IndexOf(found) : -1);
            }
    }
}
