namespace Lineage.ChaosHarness.PowerLoss;

/// <summary>What of the last moments reached the disk. The numbers are the flags of ext4's shutdown call.</summary>
public enum PowerCut
{
    /// <summary>The journal did, file contents that were only in memory did not: harsher than ordered mode in the field.</summary>
    JournalFlushed = 1,

    /// <summary>Nothing that was not already there.</summary>
    NothingFlushed = 2,
}
