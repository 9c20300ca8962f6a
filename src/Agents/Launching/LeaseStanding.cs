using Lineage.Contracts.Api;

namespace Lineage.Agents.Launching;

/// <summary>What became of a lease that was to be renewed.</summary>
public enum LeaseStanding
{
    Held,

    /// <summary>It ran out, and no newer generation was granted: the run is asked for anew.</summary>
    RanOut,

    /// <summary>Somebody else writes the run, or nobody may any more.</summary>
    Lost,
}

public static class LeaseStandings
{
    /// <summary>From the refusal of a renewal: a writer of an older generation gets another one than a holder whose time is over.</summary>
    public static LeaseStanding Of(Problem refusal) =>
        refusal.Code is ProblemCodes.NoLease ? LeaseStanding.RanOut : LeaseStanding.Lost;
}
