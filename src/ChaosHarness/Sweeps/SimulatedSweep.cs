using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Simulation;

namespace Lineage.ChaosHarness.Sweeps;

/// <summary>
/// Not drawn but exhaustive: at every moment of a story, for every process that reaches it, each way to die is tried, and the whole history
/// is judged. Random histories visit the common moments often and the rare ones never.
/// </summary>
public sealed class SimulatedSweep(long seed)
{
    /// <summary>Ways to die at a moment. <c>rank-kill</c> takes the rank that reached it; where no rank did, rank 0.</summary>
    public static IReadOnlyList<string> Modes { get; } =
        ["rank-kill", "power-loss-contents", "power-loss-names", "server-kill", "keeper-kill", "launcher-kill"];

    const string Level = "simulated";
    const int FindingsMax = 20;

    readonly Dictionary<(string During, string Step, string Mode), (int Tried, int Struck, int Broken)> rows = [];
    readonly HashSet<(string, string, string)> points = [];
    readonly HashSet<(string, string, string, string)> pairs = [];
    readonly HashSet<string> ofRanks = new(StringComparer.Ordinal);
    readonly List<SweepFinding> findings = [];
    readonly VerdictSum verdicts = new();
    readonly FigureSum figures = new();
    Schedule? first;

    public static SweepReport Run(long seed, TimeProvider clock, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        var sweep = new SimulatedSweep(seed);
        sweep.Over(SweepStory.Saves(seed), static moment => moment.During is not "retention", ct);
        sweep.Over(SweepStory.Recovery(seed), static moment => moment.During is "recovery" or "abandoned save", ct);
        sweep.Over(SweepStory.Reclaim(seed), static moment => moment.During is "retention" or "reclaim", ct);
        return sweep.Report(clock.GetElapsedTime(began).TotalSeconds);
    }

    void Over(SweepStory story, Func<SweepMoment, bool> isWanted, CancellationToken ct)
    {
        foreach (var moment in story.Moments().Where(isWanted))
            foreach (var mode in Modes)
            {
                ct.ThrowIfCancellationRequested();
                Try(story, moment, mode);
            }
    }

    void Try(SweepStory story, SweepMoment moment, string mode)
    {
        var schedule = story.With(Crash(story.Schedule.Faults.Count, moment, mode));
        var history = Simulator.Run(schedule);
        var verdict = Judge.Examine(history.Evidence);
        verdicts.Add(verdict);
        figures.Add(history.Evidence, history.Broker);
        var struck = history.Evidence.Journal.Any(entry => entry is Entry.TookEffect effect && effect.Fault == story.Schedule.Faults.Count);
        var broken = Campaign.Violated(verdict).ToList();
        foreach (var one in broken)
            if (findings.Count < FindingsMax)
                findings.Add(new SweepFinding(moment.During, moment.Step, moment.Who, mode, one.Invariant, one.What));
        if (broken.Count > 0) first ??= schedule;
        if (moment.IsOfARank) ofRanks.Add(moment.Step);
        else if (!struck) return;   // there was nobody to kill: before the first rank, after the last one
        points.Add((moment.During, moment.Step, Process(moment.Who)));
        pairs.Add((moment.During, moment.Step, Process(moment.Who), mode));
        var key = (moment.During, moment.Step, mode);
        var (tried, hit, bad) = rows.GetValueOrDefault(key);
        rows[key] = (tried + 1, hit + (struck ? 1 : 0), bad + (broken.Count > 0 ? 1 : 0));
    }

    /// <summary>A checkpoint's or a run's stream is written by the service, whichever it is.</summary>
    static string Process(string who) => who.Contains('/', StringComparison.Ordinal) ? "service" : who;

    static ScheduledFault Crash(int id, SweepMoment moment, string mode) => new(
        id, mode, mode switch
        {
            "rank-kill" => moment.Who.StartsWith("rank:", StringComparison.Ordinal) ? moment.Who : "rank:0",
            "server-kill" => "server:0",
            "keeper-kill" => "keeper",
            "launcher-kill" => "launcher",
            _ => "node:0",
        },
        new FaultTrigger(moment.Event, moment.Nth, AfterMs: 0), mode is "server-kill" ? new FaultTrigger(Event: null, 1, 700) : null, 0);

    SweepReport Report(double seconds) => new(
        points.Count, pairs.Count, rows.Values.Sum(static one => one.Tried), rows.Values.Sum(static one => one.Struck),
        rows.Values.Sum(static one => one.Broken), Math.Round(seconds, 1), seed,
        [
            .. rows.Where(one => one.Value.Struck > 0 || ofRanks.Contains(one.Key.Step)).Select(static one => new CrashPointRow(
                one.Key.During, one.Key.Step, one.Key.Mode, Level, one.Value.Tried, one.Value.Struck, one.Value.Broken)),
        ],
        findings)
    {
        Verdicts = verdicts,
        Figures = figures.Total(),
        Broken = first,
    };
}
