namespace Lineage.ChaosHarness.PowerLoss;

/// <param name="Cycles">Cuts under this protocol, each just after it had promised.</param>
/// <param name="LostAcknowledged">Promised, and the old state or nothing came back.</param>
/// <param name="WrongBytes">A content came back that nobody had written whole.</param>
public sealed record NaiveFailures(int Cycles, int LostAcknowledged, int WrongBytes)
{
    public int Failures => LostAcknowledged + WrongBytes;
}

/// <summary>What one campaign found. Members are added, never renamed.</summary>
/// <param name="Cycles">Cuts under the production store path.</param>
/// <param name="PerMinute">Of those, by the time that they took, judging included.</param>
/// <param name="FloorMs">Median of an empty cycle on this machine: cut, unmount, mount, with nothing written between.</param>
/// <param name="CutsByStep">How often the power went at each durable step; <c>Promised</c>: after the save had returned, <c>Deleted</c>:
/// after a deletion had.</param>
/// <param name="Kept">Saves that came back whole.</param>
/// <param name="Reread">Re-readings of what had been promised in earlier cycles.</param>
/// <param name="Findings">The first violations in words.</param>
public sealed record PowerLossReport(
    int Schema, long Seed, string FileSystem, string Disk, int Cycles, double PerMinute, double FloorMs, int Violations, int Acknowledged,
    int Kept, long Reread, IReadOnlyDictionary<string, int> CutsByStep, IReadOnlyDictionary<string, NaiveFailures> NaiveFailures,
    IReadOnlyList<string> Findings, double Seconds)
{
    /// <summary>By durable step: cuts at it after which something was broken.</summary>
    public IReadOnlyDictionary<string, int> ViolationsByStep { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>Every naive protocol must be seen failing, or the rig could not see anything.</summary>
    public bool IsVacuous => NaiveFailures.Values.Any(static naive => naive.Failures == 0);
}
