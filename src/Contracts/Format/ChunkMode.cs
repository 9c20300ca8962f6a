namespace Lineage.Contracts.Format;

/// <summary>How a chunk's bytes are stored. The numbers are on disk and never change.</summary>
public enum ChunkMode : byte
{
    /// <summary>The captured bytes themselves.</summary>
    Raw = 0,

    /// <summary>Equals the base's chunk: nothing is stored.</summary>
    Same = 1,

    /// <summary>One element repeated: that element is stored.</summary>
    Constant = 2,

    /// <summary>Byte planes of the chunk itself, each compressed where that helps.</summary>
    Planes = 3,

    /// <summary>Byte planes of the zigzag difference to the base's chunk, in order-preserving integers.</summary>
    DeltaPlanes = 4,
}

/// <summary>How many chunks of a shard were stored in which mode.</summary>
public sealed record ChunkModeCounts(long Raw, long Same, long Constant, long Planes, long DeltaPlanes)
{
    public static ChunkModeCounts None { get; } = new(0, 0, 0, 0, 0);
}
