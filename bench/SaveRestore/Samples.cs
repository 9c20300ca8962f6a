using Lineage.Bench.Measuring;
using Lineage.Bench.Reporting;

namespace Lineage.Bench.SaveRestore;

/// <summary>What was measured, by what and by whom.</summary>
sealed class Samples
{
    readonly List<Sample> all = [];

    /// <param name="seconds">Wall time and processor time of all threads; the latter NaN where it was not taken.</param>
    /// <param name="bytes">That the time is for.</param>
    public void Add(string what, string who, Lap seconds, long bytes, bool verified = true)
    {
        var sample = all.Find(s => s.What == what && s.Who == who);
        if (sample is null) all.Add(sample = new Sample(what, who, bytes));
        sample.Laps.Add(seconds);
        sample.Verified &= verified;
    }

    public bool Verified => all.TrueForAll(static sample => sample.Verified);

    public double Median(string what, string who) =>
        all.Find(s => s.What == what && s.Who == who) is { } sample ? sample.Timing.Wall : double.NaN;

    /// <param name="reference">For each thing measured, whose time the others are divided by.</param>
    /// <param name="order">Of the things measured; within each the order is that of first appearance.</param>
    public Table Write(Output output, IReadOnlyList<string> order, IReadOnlyDictionary<string, string> reference)
    {
        var table = new Table("what", "who", ">median s", ">best s", ">processor s", ">GB/s", ">of torch's time", "verified");
        foreach (var sample in order.SelectMany(what => all.Where(sample => sample.What == what)))
        {
            var (seconds, best, processor) = (sample.Timing.Wall, sample.Timing.BestWall, sample.Timing.Processor);
            var speed = sample.Bytes / seconds / 1e9;
            var ratio = reference.TryGetValue(sample.What, out var torch) ? seconds / Median(sample.What, torch) : double.NaN;
            table.Add(
                sample.What, sample.Who, Table.Number(seconds, "0.0000"), Table.Number(best, "0.0000"),
                Table.Number(processor, "0.000"), Table.Number(speed), Table.Number(ratio, "0.000"), sample.Verified ? "yes" : "NO");
            output.Line(
                ("what", sample.What), ("rival", sample.Who), ("seconds", seconds), ("seconds_best", best),
                ("seconds_processor", processor), ("gbps", speed), ("ratio_to_torch", ratio), ("verified", sample.Verified));
        }

        return table;
    }

    sealed class Sample(string what, string who, long bytes)
    {
        public string What { get; } = what;

        public string Who { get; } = who;

        public long Bytes { get; } = bytes;

        public List<Lap> Laps { get; } = [];

        public Timing Timing => new(Laps);

        public bool Verified { get; set; } = true;
    }
}
