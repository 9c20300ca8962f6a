using Lineage.Contracts.Format;

namespace Lineage.Bench.Traces;

/// <summary>One thing to encode.</summary>
/// <param name="Name">Stable: targets and readers look traces up by it.</param>
/// <param name="Base">What an incremental refers to; null to measure a full shard.</param>
/// <param name="Kind">Who may be compared on it.</param>
sealed record Trace(string Name, MemoryTensors State, MemoryTensors? Base, TraceKind Kind)
{
    public string ShardKind => Base is null ? "full" : "incremental";

    /// <summary>Elements that are weights; all elements where nothing is marked as one.</summary>
    public long Parameters => Elements(static tensor => tensor.Role == TensorRole.Weight) is > 0 and var weights
        ? weights
        : Elements(static _ => true);

    long Elements(Func<TensorSpec, bool> which) => State.Tensors.Where(which).Sum(static tensor => tensor.Elements);
}

enum TraceKind
{
    /// <summary>Made-up optimizer states of training.</summary>
    Generated,

    /// <summary>States of a real training run.</summary>
    Trained,

    /// <summary>What a codec must survive; sizes are small and ratios mean little.</summary>
    Adversarial,
}

/// <summary>How much of each trace is made.</summary>
/// <param name="Matrices">Square matrices of the optimizer grid; one with a side of 512 takes 3.5 MiB.</param>
/// <param name="Distances">Steps between base and state.</param>
/// <param name="TrainerWarmup">Steps of the real trainer before its base.</param>
sealed record TraceSize(int Matrices, int Side, IReadOnlyList<int> Distances, IReadOnlyList<int> TrainerDistances, int TrainerWarmup)
{
    public static TraceSize Full { get; } = new(37, 512, [1, 10, 100, 1_000], [1, 10, 100, 1_000], 300);

    public static TraceSize Quick { get; } = new(2, 512, [1, 10, 100, 1_000], [1, 10, 100], 100);

    /// <summary>Tiny, but more than one chunk, the last of them odd.</summary>
    public static TraceSize Smoke { get; } = new(1, 280, [1, 10], [1, 2], 3);
}
