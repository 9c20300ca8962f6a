using Lineage.Bench.Measuring;
using Lineage.Bench.Traces;

namespace Lineage.Bench.Codec;

/// <summary>Something that stores a whole state and gives it back. Keeps its buffers between runs, so that only work is timed.</summary>
interface IStateCodec : IDisposable
{
    /// <summary>Stable, for tables.</summary>
    string Name { get; }

    /// <summary>False: an incremental costs it the same as a full, and its figures are those of the full.</summary>
    bool UsesBase { get; }

    /// <summary>Stores a state; afterwards <see cref="StoredBytes"/> is set.</summary>
    void Encode(MemoryTensors state, MemoryTensors? baseState);

    /// <summary>Brings back what was stored last.</summary>
    void Decode(MemoryTensors destination, MemoryTensors? baseState);

    /// <summary>Everything that must be kept to decode.</summary>
    long StoredBytes { get; }

    /// <summary>Of one tensor; -1 where the codec does not know.</summary>
    long StoredOf(int tensor);

    Lap Lap(Action work) => Measuring.Lap.Of(work);
}
