using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>What a campaign keeps of its histories; it does not grow with their number.</summary>
sealed class CampaignSum
{
    const int FoundMax = 10, CandidatesMax = 500;

    int shownRank = -1;

    public VerdictSum Verdicts { get; } = new();

    public FigureSum Figures { get; } = new();

    public SortedDictionary<string, long> FaultKinds { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long> Profiles { get; } = new(StringComparer.Ordinal);

    public List<FoundViolation> Found { get; } = [];

    public long Histories => Verdicts.Histories;

    public long Steps { get; private set; }

    public long Violations { get; private set; }

    public ulong Hash { get; private set; }

    public long Hashed { get; private set; }

    public Schedule? Shown { get; private set; }

    public void Add(Schedule schedule, SimulatedHistory history)
    {
        var verdict = Judge.Examine(history.Evidence);
        Verdicts.Add(verdict);
        Figures.Add(history.Evidence, history.Broker);
        Steps += history.Steps;
        Profiles[schedule.Profile] = Profiles.GetValueOrDefault(schedule.Profile) + 1;
        if (Hashed < Campaign.HashedMax) (Hash, Hashed) = (SeededStream.Mix(Hash ^ history.TraceHash), Hashed + 1);
        foreach (var kind in history.FaultKinds) FaultKinds[kind] = FaultKinds.GetValueOrDefault(kind) + 1;
        foreach (var broken in Campaign.Violated(verdict))
        {
            Violations++;
            if (Found.Count < FoundMax) Found.Add(new FoundViolation(schedule.Seed, schedule.Profile, broken.Invariant, broken.What));
            Show(schedule, rank: int.MaxValue);
        }

        if (Histories <= CandidatesMax) Show(schedule, RankOf(schedule, history.Evidence));
    }

    /// <summary>A history that is worth showing hurts something, recovers from it, and is short.</summary>
    static int RankOf(Schedule schedule, Evidence evidence) =>
        (history: HistoryFigures.Recoveries(evidence).Count, struck: evidence.Journal.OfType<Entry.Injected>().Count()) switch
        {
            ( > 0 and <= 2, > 1) when schedule.World.Ranks is 2 or 3 => 3,
            ( > 0, > 0) => 2,
            (_, > 0) => 1,
            _ => 0,
        };

    void Show(Schedule schedule, int rank)
    {
        if (rank > shownRank) (shownRank, Shown) = (rank, schedule);
    }
}
