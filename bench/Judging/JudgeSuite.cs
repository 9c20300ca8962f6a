using System.Globalization;
using System.Text.Json;
using Lineage.Bench.Measuring;
using Lineage.Bench.Reporting;
using Lineage.ChaosHarness.Checkers;
using Lineage.Contracts.Format;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.Bench.Judging;

/// <summary>
/// How long the judge takes for a long history, and whether it still sees. Beside it, on the same history: one pass over all of it, which
/// nobody who judges can do without, and reading the bodies from JSON, which whoever has a history in a database or a file does before.
/// </summary>
sealed class JudgeSuite(BenchOptions options, Output output)
{
    const double SecondsMax = 10, GrowthMax = 15;

    static readonly (Plant Plant, string Breaks)[] Planted =
    [
        (Plant.ZombieStores, "S15"), (Plant.OtherState, "S3"), (Plant.BaseReclaimed, "S13"), (Plant.PastChanged, "S10"),
    ];

    /// <summary>Twelve events come of a save and its end.</summary>
    long Saves => options.Scale switch { Scale.Full => 83_400, Scale.Quick => 16_800, _ => 2_400 };

    public bool Run()
    {
        var small = Measure(Saves / 10);
        var large = Measure(Saves);
        Tables(small, large);
        var table = new Table("planted in the middle", "has to break", "found", ">seconds", "first violation");
        var isRight = small.IsHonest && large.IsHonest;
        foreach (var (plant, breaks) in Planted) isRight &= Find(plant, breaks, table);
        output.Heading("Defects");
        output.Paragraph("The same history with one thing wrong in its middle. Found means: this invariant is violated, and no other.");
        output.Table(table);
        var growth = large.Judging.Processor / small.Judging.Processor;
        output.Targets(
        [
            new($"{Count(large.Events)} events judged", SecondsMax, large.Judging.Processor, AtLeast: false, " s"),
            new($"{Table.Number((double)large.Events / small.Events, "0.0")} times as many events take", GrowthMax, growth, AtLeast: false),
        ]);
        return isRight;
    }

    sealed record Measured(
        long Events, long Entries, long Steps, long Generations, Timing Judging, Timing Pass, Timing Reading, bool IsHonest);

    Measured Measure(long saves)
    {
        var evidence = LongHistory.Make(saves, Plant.None);
        var events = evidence.Streams.Sum(static stream => (long)stream.Events.Count);
        Output.Narrate($"{Count(events)} events, {Count(evidence.Journal.Count)} entries of a journal");
        var bodies = evidence.Streams.SelectMany(static stream => stream.Events)
            .Select(static e => (Json: CanonicalJson.Write(e.Body), Type: e.Body.GetType())).ToList();
        Verdict? verdict = null;
        var judging = Timing.Of(options.Runs, Lap.Of, () => verdict = Judge.Examine(evidence));
        var pass = Timing.Of(options.Runs, Lap.Of, () => Walk(evidence));
        var reading = Timing.Of(options.Runs, Lap.Of, () => Parse(bodies));
        var violated = verdict!.Invariants.Where(static one => one.Judgement == Judgement.Violated).ToList();
        foreach (var one in violated) Output.Narrate($"an honest history violates {one.Id}: {one.Violations[0].What}");
        var triggered = verdict.Invariants.Count(static one => one.Triggered > 0);
        output.Line(
            ("events", events), ("entries", evidence.Journal.Count), ("judge_s", judging.Wall), ("judge_cpu_s", judging.Processor),
            ("pass_cpu_s", pass.Processor), ("parse_cpu_s", reading.Processor), ("invariants_triggered", triggered),
            ("looks", verdict.Invariants.Sum(static one => one.Triggered)), ("digest", Digest(verdict)), ("honest", violated.Count == 0));
        return new Measured(
            events, evidence.Journal.Count, saves, 1 + (saves / 100), judging, pass, reading, violated.Count == 0 && triggered >= 20);
    }

    /// <summary>Of what was looked at how often, so that nobody can skip the work.</summary>
    static string Digest(Verdict verdict) => CanonicalJson.Digest(
        verdict.Invariants.Select(static one => $"{one.Id} {one.Judgement} {one.Triggered}").ToList()).Short;

    static long Walk(Evidence evidence)
    {
        var sum = 0L;
        foreach (var stream in evidence.Streams)
            foreach (var e in stream.Events) sum = unchecked((sum * 31) + e.Sequence + e.AtMs + e.Body.GetHashCode());
        foreach (var entry in evidence.Journal) sum = unchecked((sum * 31) + entry.AtMs + entry.Process.Length);
        return sum;
    }

    static int Parse(List<(byte[] Json, Type Type)> bodies)
    {
        var read = 0;
        foreach (var (json, type) in bodies)
            if (JsonSerializer.Deserialize(json, type, CanonicalJson.Options) is not null) read++;
        return read == bodies.Count ? read : throw new InvalidDataException("A body that was written does not read.");
    }

    bool Find(Plant plant, string breaks, Table table)
    {
        var evidence = LongHistory.Make(Saves, plant);
        Verdict? verdict = null;
        var lap = Lap.Of(() => verdict = Judge.Examine(evidence));
        var violated = verdict!.Invariants.Where(static one => one.Judgement == Judgement.Violated).ToList();
        var isFound = violated is [var only] && only.Id == breaks;
        var first = violated is [var some, ..] ? some.Violations[0].What : "none";
        table.Add(
            plant.ToString(), breaks, isFound ? "yes" : $"no: {string.Join(", ", violated.Select(static one => one.Id))}",
            Table.Number(lap.Processor), first.Length > 100 ? $"{first[..100]}…" : first);
        output.Line(("plant", plant.ToString()), ("breaks", breaks), ("found", isFound), ("judge_cpu_s", lap.Processor));
        return isFound;
    }

    void Tables(params ReadOnlySpan<Measured> all)
    {
        output.Paragraph(
            "One run of two ranks that saves after every step, made without chance (`bench/Judging/LongHistory.cs`): every hundredth save "
            + "a rank dies and the run recovers, everything is read back, and retention lets go of whole chains. Medians of processor "
            + "time, all threads counted, which is what one core does however busy its neighbours are; the history is in memory. *One "
            + "pass* touches every event and every entry once: the floor. *From JSON* reads every body, as a reader of the database does "
            + "before there is anything to judge.");
        output.Heading("Honest history");
        var table = new Table(
            ">events", ">journal", ">steps", ">generations", ">judge s", ">wall s", ">events/s", ">one pass s", ">times the pass",
            ">from JSON s", "verdict");
        foreach (var one in all)
            table.Add(
                Count(one.Events), Count(one.Entries), Count(one.Steps), Count(one.Generations), Table.Number(one.Judging.Processor),
                Table.Number(one.Judging.Wall), Count((long)(one.Events / one.Judging.Processor)),
                Table.Number(one.Pass.Processor, "0.000"), Table.Times(one.Judging.Processor / one.Pass.Processor),
                Table.Number(one.Reading.Processor), one.IsHonest ? "no violation" : "VIOLATED");
        output.Table(table);
    }

    static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
