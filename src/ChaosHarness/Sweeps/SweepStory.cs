using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Simulation;
using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Sweeps;

/// <summary>A moment of a story at which somebody can be made to die.</summary>
/// <param name="Event">What faults wait for.</param>
/// <param name="Nth">1 for the first.</param>
/// <param name="Who">The process that reached it, or the stream that it is on record in.</param>
/// <param name="During">For people: what was going on.</param>
public sealed record SweepMoment(string Event, int Nth, string Who, string During)
{
    const string Durable = "durable:";

    /// <summary>A step of a rank, which is there to be killed.</summary>
    public bool IsOfARank => Event.StartsWith(Durable, StringComparison.Ordinal);

    public string Step => Event.StartsWith(Durable, StringComparison.Ordinal) ? Event[Durable.Length..] : Event;
}

/// <summary>
/// A history that is swept: it is run once with nobody hurt to learn its moments, and then once for each moment and way to die. A fault
/// that
/// never comes stands in for the crash the first time, so that both runs go the same way until then.
/// </summary>
public sealed class SweepStory(Schedule schedule)
{
    const string Never = "never:", Placeholder = "rank-kill";

    public Schedule Schedule => schedule;

    /// <summary>Full and incremental saves of three ranks, and their verification.</summary>
    public static SweepStory Saves(long seed) => new(Of(seed, stepsEach: 3, []));

    /// <summary>Long enough that checkpoints are let go of, and their bytes reclaimed, while training goes on.</summary>
    public static SweepStory Reclaim(long seed) => new(Of(seed, stepsEach: 32, []));

    /// <summary>The same with a rank that dies in its second save, so that there is a recovery to die in.</summary>
    public static SweepStory Recovery(long seed) => new(Of(
        seed, stepsEach: 3,
        [new ScheduledFault(0, "rank-kill", "rank:1", new FaultTrigger("durable:Written", Nth: 5, AfterMs: 0), Until: null, 0)]));

    static Schedule Of(long seed, int stepsEach, IReadOnlyList<ScheduledFault> faults) => new(
        Schedule.CurrentVersion, seed, "sweep", new ScheduledWorld(Ranks: 3, Servers: 1, Copies: 1, Tensors: 1),
        [.. Enumerable.Range(0, 6).Select(n => new Operation(n, OperationKind.Save, (n + 1) * stepsEach))], faults,
        new ScheduleBounds(HealWithinMs: 90_000, RecoveriesMax: 3, VerifiedMin: 1, DepthMax: 2), BeyondBudget: false);

    /// <summary>Every moment, in order.</summary>
    public IReadOnlyList<SweepMoment> Moments()
    {
        List<(string Event, int Nth, string Who)> reached = [];
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var history = Simulator.Run(With(new ScheduledFault(
            schedule.Faults.Count, Placeholder, "rank:0", new FaultTrigger(Never, 1, 0), Until: null, 0)), line =>
            {
                if (!line.What.StartsWith(TraceLine.Reaches, StringComparison.Ordinal)) return;
                var name = line.What[TraceLine.Reaches.Length..];
                reached.Add((name, counts[name] = counts.GetValueOrDefault(name) + 1, line.Who));
            });
        var kinds = Kinds(history.Evidence);
        var saves = new Dictionary<(string, string), int>();
        return
        [
            .. reached.Where(static one => !one.Event.StartsWith("met:", StringComparison.Ordinal)).Select(one =>
            {
                var n = saves[(one.Event, one.Who)] = saves.GetValueOrDefault((one.Event, one.Who)) + 1;
                return new SweepMoment(one.Event, one.Nth, one.Who, During(one.Event, one.Who, n, kinds));
            }),
        ];
    }

    public Schedule With(ScheduledFault crash) => schedule with { Faults = [.. schedule.Faults, crash] };

    /// <summary>Of each checkpoint, in the order in which they were opened, whether it refers to a base.</summary>
    static List<(string Stream, bool IsIncremental)> Kinds(Checkers.Evidence evidence) =>
    [
        .. evidence.Streams.SelectMany(static stream => stream.Events.Where(static e => e.Body is CheckpointOpened)
                .Select(e => (stream.Key, e.Sequence, Opened: (CheckpointOpened)e.Body)))
            .OrderBy(static one => one.Sequence).Select(static one => (one.Key, one.Opened.Base is not null)),
    ];

    static string During(string what, string who, int nthOfWho, List<(string Stream, bool IsIncremental)> kinds)
    {
        if (what.StartsWith("durable:", StringComparison.Ordinal))
            return nthOfWho <= kinds.Count && kinds[nthOfWho - 1].IsIncremental ? "incremental save" : "full save";
        return what switch
        {
            "checkpoint-opened.v1" or "shard-diffed.v1" or "shard-stored.v1" or "checkpoint-sealed.v1" =>
                kinds.Find(one => string.Equals(one.Stream, who, StringComparison.Ordinal)).IsIncremental
                    ? "incremental save" : "full save",
            "shard-verified.v1" or "checkpoint-verified.v1" or "keeper:shard-read" => "verify",
            "checkpoint-expired.v1" => "retention",
            "reclaim-started.v1" or "keeper:shard-deleted" or "shards-reclaimed.v1" => "reclaim",
            "checkpoint-abandoned.v1" => "abandoned save",
            _ when what.StartsWith("recovery", StringComparison.Ordinal) || what.StartsWith("rank-restored", StringComparison.Ordinal)
                || what.StartsWith("restore-point", StringComparison.Ordinal) => "recovery",
            _ => "run",
        };
    }
}
