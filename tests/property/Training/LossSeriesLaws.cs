using FsCheck.Xunit;
using Lineage.Agents.Training;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Training;

public sealed class LossSeriesLaws : IDisposable
{
    readonly string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName(), "loss.jsonl");

    /// <summary>A run that goes back again and again: each generation resumes at or before the last step and goes on for a while.</summary>
    [Property(MaxTest = 300)]
    public bool What_survives_is_the_newest_generation_that_reached_each_step(byte[] rewinds)
    {
        var written = new List<LossRecord>();
        var expected = new SortedDictionary<long, long>();
        long generation = 0, step = 0;
        foreach (var rewind in rewinds)
        {
            generation++;
            step = Math.Max(0, step - (rewind % 5));
            foreach (var discarded in expected.Keys.Where(s => s > step && rewind % 7 > 0).ToArray()) expected.Remove(discarded);
            for (var i = 0; i < rewind % 7; i++)
            {
                written.Add(Record(++step, generation));
                expected[step] = generation;
            }

            step = expected.Count == 0 ? 0 : expected.Keys.Max();
        }

        return LossSeries.Cut(written).Select(static r => (r.Step.Value, r.Generation.Value))
            .SequenceEqual(expected.Select(static e => (e.Key, e.Value)));
    }

    [Fact]
    public void A_rewind_discards_the_steps_that_were_not_reached_again()
    {
        LossRecord[] written = [Record(1, 1), Record(2, 1), Record(3, 1), Record(4, 1), Record(3, 2)];

        Assert.Equal([Record(1, 1), Record(2, 1), Record(3, 2)], LossSeries.Cut(written));
    }

    [Fact]
    public void A_superseded_generation_that_writes_late_counts_for_nothing()
    {
        LossRecord[] written = [Record(1, 1), Record(2, 2), Record(2, 1), Record(3, 1), Record(3, 2)];

        Assert.Equal([Record(1, 1), Record(2, 2), Record(3, 2)], LossSeries.Cut(written));
    }

    [Fact]
    public void A_torn_last_line_is_passed_over_by_readers_and_cut_off_by_the_next_writer()
    {
        using (var series = LossSeries.Append(path)) series.Add(Record(1, 1));
        File.AppendAllText(path, "{\"step\":2,\"gener");
        Assert.Equal([Record(1, 1)], LossSeries.Surviving(path));

        using (var series = LossSeries.Append(path)) series.Add(Record(2, 2));

        Assert.Equal([Record(1, 1), Record(2, 2)], LossSeries.Surviving(path));
    }

    [Fact]
    public void A_damaged_line_in_the_middle_is_named_and_not_skipped()
    {
        using (var series = LossSeries.Append(path)) series.Add(Record(1, 1));
        File.AppendAllText(path, "nonsense\n");

        var damaged = Assert.Throws<InvalidDataException>(() => LossSeries.Surviving(path));

        Assert.Contains("Line 2", damaged.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(double.NaN), InlineData(double.PositiveInfinity), InlineData(-0.0), InlineData(0.1)]
    public void Every_double_keeps_its_bits(double loss)
    {
        using (var series = LossSeries.Append(path)) series.Add(LossRecord.Of(new Step(1), new Generation(1), loss));

        var read = Assert.Single(LossSeries.Surviving(path));

        Assert.Equal(BitConverter.DoubleToInt64Bits(loss), Convert.ToInt64(read.Bits, 16));
    }

    [Fact]
    public void A_series_that_does_not_exist_yet_is_empty() => Assert.Empty(LossSeries.Surviving(path));

    static LossRecord Record(long step, long generation) => LossRecord.Of(new Step(step), new Generation(generation), step / 3.0);

    public void Dispose()
    {
        if (Directory.Exists(Path.GetDirectoryName(path))) Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }
}
