using System.Text.Json.Serialization;

namespace Lineage.Contracts.Format;

/// <summary>How a chunk's bytes are stored (docs/FORMAT.md, sections 3.2 and 3.3). The numbers are on disk and never change.</summary>
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

    /// <summary>A 16-bit weight that is the cast of its fp32 master: the exceptions are stored. From codec version 2 on, as are all that
    /// follow.</summary>
    Derived = 5,

    /// <summary>Floats on their own: exponents coded, low bits as they are.</summary>
    Self = 6,

    /// <summary>Floats as differences to the base's.</summary>
    Delta = 7,

    /// <summary>Floats of which at most half differ from the base's: where, and their differences.</summary>
    Sparse = 8,

    /// <summary>A first moment over the square root of the second moment beside it.</summary>
    Paired = 9,

    /// <summary>Equals an earlier chunk of the same shard (tied tensors): which one is stored.</summary>
    Repeat = 10,

    /// <summary>One zstd frame: the chunk repeats itself at a distance.</summary>
    Frame = 11,

    /// <summary>Floats of which at least half are zero: where the others are, and they.</summary>
    Nonzero = 12,
}

/// <summary>What a mode refers to.</summary>
public static class ChunkModes
{
    /// <summary>Modes of version 1 of the codec are all below this one.</summary>
    public const ChunkMode FirstOfVersion2 = ChunkMode.Derived;

    /// <summary>The chunk cannot be decoded without the base's.</summary>
    public static bool NeedsBase(this ChunkMode mode) =>
        mode is ChunkMode.Same or ChunkMode.DeltaPlanes or ChunkMode.Delta or ChunkMode.Sparse;

    /// <summary>The chunk cannot be decoded without another one of the same shard.</summary>
    public static bool NeedsSource(this ChunkMode mode) => mode is ChunkMode.Derived or ChunkMode.Paired or ChunkMode.Repeat;
}

/// <summary>How many chunks of a shard were stored in which mode. Part of events, so members are only added, and a new one that counts
/// nothing is left out of the canonical form.</summary>
public sealed record ChunkModeCounts(long Raw, long Same, long Constant, long Planes, long DeltaPlanes)
{
    public static ChunkModeCounts None { get; } = new(0, 0, 0, 0, 0);

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Derived { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Self { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Delta { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Sparse { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Paired { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Repeat { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Frame { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Nonzero { get; init; }

    /// <param name="counts">Indexed by mode.</param>
    public static ChunkModeCounts Of(IReadOnlyList<long> counts) => new(
        counts[(int)ChunkMode.Raw], counts[(int)ChunkMode.Same], counts[(int)ChunkMode.Constant], counts[(int)ChunkMode.Planes],
        counts[(int)ChunkMode.DeltaPlanes])
    {
        Derived = counts[(int)ChunkMode.Derived],
        Self = counts[(int)ChunkMode.Self],
        Delta = counts[(int)ChunkMode.Delta],
        Sparse = counts[(int)ChunkMode.Sparse],
        Paired = counts[(int)ChunkMode.Paired],
        Repeat = counts[(int)ChunkMode.Repeat],
        Frame = counts[(int)ChunkMode.Frame],
        Nonzero = counts[(int)ChunkMode.Nonzero],
    };

    /// <summary>In the order of the modes' numbers.</summary>
    public IReadOnlyList<(ChunkMode Mode, long Count)> ByMode() =>
    [
        (ChunkMode.Raw, Raw), (ChunkMode.Same, Same), (ChunkMode.Constant, Constant), (ChunkMode.Planes, Planes),
        (ChunkMode.DeltaPlanes, DeltaPlanes), (ChunkMode.Derived, Derived), (ChunkMode.Self, Self), (ChunkMode.Delta, Delta),
        (ChunkMode.Sparse, Sparse), (ChunkMode.Paired, Paired), (ChunkMode.Repeat, Repeat), (ChunkMode.Frame, Frame),
        (ChunkMode.Nonzero, Nonzero),
    ];
}
