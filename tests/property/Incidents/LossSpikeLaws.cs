using FsCheck.Xunit;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Incidents;

namespace Lineage.Tests.Property.Incidents;

public sealed class LossSpikeLaws
{
    const int Steps = 200;

    static readonly Generation First = new(1);

    [Property(MaxTest = 300)]
    public void A_loss_that_falls_with_even_noise_has_no_spike(int seed)
    {
        var random = new Random(seed);
        Assert.Empty(Find(Decay(random, noise: 0.01 + (0.2 * random.NextDouble()))));
    }

    [Property(MaxTest = 300)]
    public void A_spike_is_found_with_its_first_and_last_step(int seed)
    {
        var random = new Random(seed);
        var noise = 0.01 + (0.1 * random.NextDouble());
        var values = Decay(random, noise);
        var (from, length) = (random.Next(40, 150), random.Next(2, 20));
        for (var i = from; i < from + length; i++) values[i] += 5 + random.NextDouble();
        var spike = Assert.Single(Find(values));
        Assert.Equal((from, from + length - 1, length, true, 0),
            ((int)spike.FirstStep.Value, (int)spike.LastStep.Value, spike.Points, spike.Returned, spike.NotFinite));
        Assert.Equal(values[from..(from + length)].Max(), spike.Peak!.Value);
        Assert.True(spike.Score > SpikeRule.Default.Threshold);
    }

    [Property(MaxTest = 300)]
    public void Units_do_not_matter(int seed)
    {
        var random = new Random(seed);
        var values = Decay(random, noise: 0.05);
        for (var i = 0; i < 3; i++) values[random.Next(Steps)] += random.NextDouble() * 4;
        var (scale, shift) = (Math.Pow(2, random.Next(-20, 20)), 0.0);
        if (random.Next(2) == 0) shift = Math.Pow(2, random.Next(0, 6));
        var moved = Array.ConvertAll(values, v => (v * scale) + (shift * scale));
        Assert.Equal(Find(values).Select(Shape), Find(moved).Select(Shape));
    }

    static (long, long, int, bool) Shape(LossSpike spike) => (spike.FirstStep.Value, spike.LastStep.Value, spike.Points, spike.Returned);

    [Property(MaxTest = 100)]
    public void A_value_that_is_no_number_is_always_a_spike(int seed)
    {
        var random = new Random(seed);
        var values = Decay(random, noise: 0.05).Select(static v => (double?)v).ToArray();
        var at = random.Next(Steps);
        values[at] = random.Next(3) switch { 0 => null, 1 => double.NaN, _ => double.PositiveInfinity };
        var spike = Assert.Single(LossSpikes.Find(Points(values), SpikeRule.Default));
        Assert.Equal((at, 1), ((int)spike.FirstStep.Value, spike.NotFinite));
    }

    [Fact]
    public void A_single_high_point_is_noise_and_two_are_a_spike()
    {
        var values = Decay(new Random(1), noise: 0.05);
        values[100] += 9;
        Assert.Empty(Find(values));
        values[101] += 9;
        Assert.Equal(100, Assert.Single(Find(values)).FirstStep.Value);
    }

    [Fact]
    public void What_is_usual_is_not_learned_from_a_spike_and_a_new_level_is_one_after_a_whole_window()
    {
        var values = Decay(new Random(2), noise: 0.02);
        for (var i = 100; i < 130; i++) values[i] += 3;
        var spike = Assert.Single(Find(values));
        Assert.Equal((100L, 129L, true), (spike.FirstStep.Value, spike.LastStep.Value, spike.Returned));

        for (var i = 100; i < Steps; i++) values[i] = 8 + (0.02 * Noise(i, 0.3));
        var level = Assert.Single(Find(values));
        Assert.Equal((100L, SpikeRule.Default.Window, false), (level.FirstStep.Value, level.Points, level.Returned));
    }

    [Fact]
    public void A_spike_at_the_end_has_not_come_back()
    {
        var values = Decay(new Random(3), noise: 0.02);
        for (var i = Steps - 3; i < Steps; i++) values[i] += 3;
        Assert.False(Assert.Single(Find(values)).Returned);
    }

    [Fact]
    public void Of_generations_the_newer_one_counts_from_its_first_step_on()
    {
        MeasuredPoint P(long generation, long step) => new(new Generation(generation), new Step(step), generation);
        var surviving = LossSpikes.Surviving([P(2, 3), P(1, 1), P(1, 2), P(1, 3), P(1, 4), P(2, 4), P(3, 4)]);
        Assert.Equal([(1L, 1L), (1, 2), (2, 3), (3, 4)], surviving.Select(static p => (p.Generation.Value, p.Step.Value)));
    }

    [Fact]
    public void Of_saves_fewer_points_are_enough_and_the_report_says_what_was_looked_at()
    {
        var run = RunId.Parse("demo");
        MeasuredPoint[] saves = [.. Enumerable.Range(1, 12).Select(i => new MeasuredPoint(First, new Step(i * 100), i == 9 ? 9 : 3.0 / i))];
        var report = LossSpikes.Report(run, "loss", "checkpoints", saves, isCut: false, SpikeRule.Default);
        Assert.Equal(900, Assert.Single(report.Spikes).FirstStep.Value);
        Assert.Contains("12 saves with that metric", report.Why, StringComparison.Ordinal);
        Assert.Contains("would not be seen", LossSpikes.Report(run, "loss", "none", [], isCut: false, SpikeRule.Default).Why,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, 3, 3.5, 1, "window"), InlineData(64, 2, 3.5, 1, "warm-up"), InlineData(64, 65, 3.5, 1, "warm-up")]
    [InlineData(64, 16, 0, 1, "threshold"), InlineData(64, 16, double.NaN, 1, "threshold"), InlineData(64, 16, 3.5, 0, "min")]
    public void A_rule_that_cannot_be_followed_is_named(int window, int warmUp, double threshold, int min, string field) =>
        Assert.StartsWith(field, new SpikeRule(window, warmUp, threshold, min).Objection(), StringComparison.Ordinal);

    static IReadOnlyList<LossSpike> Find(double[] values) =>
        LossSpikes.Find(Points([.. values.Select(static v => (double?)v)]), SpikeRule.Default);

    static MeasuredPoint[] Points(double?[] values) => [.. values.Select(static (v, i) => new MeasuredPoint(First, new Step(i), v))];

    /// <summary>Even noise: the golden ratio fills its range as evenly as can be, so that no window is quieter than it looks.</summary>
    static double[] Decay(Random random, double noise)
    {
        var (phase, fall) = (random.NextDouble(), 0.001 + (0.02 * random.NextDouble()));
        return [.. Enumerable.Range(0, Steps).Select(i => 1 + (3 * Math.Exp(-fall * i)) + (noise * Noise(i, phase)))];
    }

    static double Noise(int i, double phase) => (2 * (((i * 0.6180339887498949) + phase) % 1)) - 1;
}
