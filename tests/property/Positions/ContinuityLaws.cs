using FsCheck.Xunit;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Positions;

namespace Lineage.Tests.Property.Positions;

public sealed class ContinuityLaws
{
    const int Batch = 32;

    static readonly RunId Run = RunId.Parse("demo");

    [Property(MaxTest = 200)]
    public void A_trainer_that_goes_on_where_it_was_restored_is_exact_however_often_it_is_killed(int seed)
    {
        var (saves, restarts) = Story(new Random(seed), shift: 0);
        var found = Continuity.Of(Run, saves, restarts);
        Assert.Equal(ContinuityVerdict.Exact, found.Verdict);
        Assert.Equal(Batch, found.SamplesPerStep);
        Assert.Empty(found.Breaks);
        foreach (var restart in found.Restarts)
        {
            Assert.Equal(ContinuityVerdict.Exact, restart.Verdict);
            Assert.Equal(restart.RedoneSteps!.Value * Batch, restart.Redone!.To - restart.Redone.From);
            Assert.Equal(restart.Restored!.Value.Step.Value * Batch, restart.Redone.From);
        }
    }

    [Property(MaxTest = 200)]
    public void One_that_goes_on_elsewhere_skips_or_repeats_exactly_that_much(int seed)
    {
        var random = new Random(seed);
        var shift = (random.Next(1, 50) * Batch) * (random.Next(2) == 0 ? 1 : -1);
        var (saves, restarts) = Story(random, shift);
        var found = Continuity.Of(Run, saves, restarts);
        Assert.Equal(shift > 0 ? ContinuityVerdict.Skipped : ContinuityVerdict.Repeated, found.Verdict);
        var restart = found.Restarts[^1];
        Assert.Equal(found.Verdict, restart.Verdict);
        Assert.Equal(Math.Abs(shift), restart.Range!.To - restart.Range.From);
        Assert.Equal(restart.Range, Assert.Single(found.Breaks).Range);
    }

    [Fact]
    public void Without_positions_nothing_is_claimed()
    {
        var (saves, restarts) = Story(new Random(1), shift: 0);
        var found = Continuity.Of(Run, [.. saves.Select(static s => s with { Samples = null })], restarts);
        Assert.Equal((ContinuityVerdict.Unknown, 0, null), (found.Verdict, found.Recorded, found.SamplesPerStep));
        Assert.All(found.Restarts, static r => Assert.Equal((ContinuityVerdict.Unknown, null), (r.Verdict, r.Redone)));
        Assert.All(found.Restarts, static r => Assert.NotNull(r.RedoneSteps));
    }

    [Fact]
    public void What_was_lost_behind_the_last_save_is_reckoned_and_said_to_be()
    {
        PositionedSave[] saves = [Save(1, 10, 320, null), Save(1, 20, 640, Id(1, 10)), Save(2, 30, 960, Id(1, 20))];
        var restart = Assert.Single(Continuity.Of(
            Run, saves, [new Restart(new RecoveryId(Run, new Generation(2)), Id(1, 20), new Step(27))]).Restarts);
        Assert.Equal((7L, false), (restart.RedoneSteps!.Value, restart.RedoneIsExact));
        Assert.Equal(new SampleRange(640, 640 + (7 * Batch)), restart.Redone);
    }

    [Fact]
    public void A_restart_from_the_initial_state_begins_at_the_first_sample()
    {
        PositionedSave[] saves = [Save(1, 10, 320, null), Save(1, 20, 640, Id(1, 10)), Save(2, 10, 320, null)];
        var restart = Assert.Single(Continuity.Of(Run, saves, [new Restart(new RecoveryId(Run, new Generation(2)), null, new Step(20))])
            .Restarts);
        Assert.Equal((ContinuityVerdict.Exact, new SampleRange(0, 640), true), (restart.Verdict, restart.Redone!, restart.RedoneIsExact));
    }

    /// <summary>Generations that each save a few times and are killed; each goes on from a save before the last one.</summary>
    /// <param name="shift">Samples by which the last generation begins too far ahead.</param>
    static (IReadOnlyList<PositionedSave> Saves, IReadOnlyList<Restart> Restarts) Story(Random random, int shift)
    {
        var saves = new List<PositionedSave>();
        var restarts = new List<Restart>();
        CheckpointId? parent = null;
        var (step, generations) = (0L, random.Next(2, 5));
        for (var generation = 1; generation <= generations; generation++)
        {
            var count = random.Next(2, 6);
            for (var i = 0; i < count; i++)
            {
                step += random.Next(1, 10);
                saves.Add(Save(generation, step, (step * Batch) + (generation == generations ? shift : 0), parent));
                parent = saves[^1].Checkpoint;
            }

            if (generation == generations) break;
            var chosen = saves[^random.Next(1, count + 1)];
            restarts.Add(new Restart(new RecoveryId(Run, new Generation(generation + 1)), chosen.Checkpoint, new Step(step + 1)));
            (step, parent) = (chosen.Checkpoint.Step.Value, chosen.Checkpoint);
        }

        if (shift >= 0) return (saves, restarts);
        return (saves.ConvertAll(static s => s with { Samples = s.Samples + 1_000_000 }), restarts);
    }

    static CheckpointId Id(long generation, long step) => new(Run, new Generation(generation), new Step(step));

    static PositionedSave Save(long generation, long step, long samples, CheckpointId? parent) =>
        new(Id(generation, step), parent, IsSealed: true, samples);
}
