using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Demo;

/// <summary>How the demo ended. Only <see cref="Exact"/> is success.</summary>
public enum DemoVerdict
{
    /// <summary>Every fault took effect, and the run ended bit for bit where the golden run ended.</summary>
    Exact,

    /// <summary>The run ended elsewhere than the golden run.</summary>
    Diverged,

    /// <summary>A fault had no effect on record, so nothing was proved.</summary>
    Vacuous,

    /// <summary>A run did not end, or the world broke.</summary>
    Failed,
}

/// <param name="Sealed">Checkpoints that were ever sealed, whatever became of them.</param>
public sealed record CheckpointCounts(int Sealed, int Verified, int Abandoned, int Quarantined, int Full, int Incremental);

/// <param name="StallMsP50">Median time for which a rank stood still per save, milliseconds.</param>
/// <param name="RawBytes">Captured bytes of all sealed checkpoints.</param>
/// <param name="StoredBytes">What their shards occupy.</param>
public sealed record SaveFigures(double StallMsP50, double StallMsMax, long RawBytes, long StoredBytes, double Ratio);

/// <param name="Phases">Seconds by phase, as the launcher measured them; from the last sign of life of the failed rank to the first step of
/// all new ones.</param>
public sealed record RecoveryFigures(
    Generation Generation, string Cause, CheckpointId? Chosen, IReadOnlyList<string> Rejected, long? LostSteps, IReadOnlyDictionary<string,
    double> Phases);

/// <summary>The one object that <c>demo --json</c> ends with. Members are added, never renamed.</summary>
public sealed record DemoSummary(
    int Schema, DemoVerdict Verdict, string? Why, ContentHash? GoldenDigest, ContentHash? FinalDigest, int Recoveries,
    CheckpointCounts Checkpoints,
    SaveFigures Saves, IReadOnlyList<RecoveryFigures> RecoveryStory, int Events, int Ranks, long Steps, string Postgres, string Broker,
    double Seconds,
    string StateDirectory);
