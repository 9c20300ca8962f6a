namespace Lineage.Contracts.Api;

/// <summary>
/// Exit codes of every <c>lineage</c> process; documented in README and docs/OPERATIONS.md. An unknown code means failed.
/// </summary>
public static class ExitCodes
{
    public const int Done = 0, Failed = 1, Usage = 2, Partial = 3, NotFound = 4;

    /// <summary>
    /// The work was completed and damage was found. A rank that finds damage while restoring exits so; the launcher then chooses again.
    /// </summary>
    public const int FoundDamage = 5;

    public const int NoRestorePoint = 6, InvariantViolated = 7, TimedOut = 8;

    public const int ServerUnreachable = 10, ConcurrentChange = 11, NotAuthorised = 12;

    /// <summary>
    /// A rank lost a peer and stopped so that the launcher can start the next generation. Between rank and launcher only.
    /// </summary>
    public const int PeerLost = 70;

    /// <summary>A rank was refused because a newer generation writes the run. Between rank and launcher only.</summary>
    public const int Fenced = 71;

    public const int Interrupted = 130;
}
