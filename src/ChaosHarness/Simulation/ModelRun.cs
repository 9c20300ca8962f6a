using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Runs;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>One run of the world: who trains it, from which state on, and how it stands.</summary>
/// <param name="prefix">Before the names of its ranks and launchers. The main run has none: only its ranks are named by faults.</param>
/// <param name="firstStep">Of the state that it begins from.</param>
/// <param name="begin">That state, by rank.</param>
sealed class ModelRun(World world, RunId id, WorldSize worldSize, string prefix, long firstStep, Func<int, RankState> begin)
{
    public RunId Id => id;

    /// <summary>Key of its own stream.</summary>
    public string Key { get; } = id.StreamKey;

    public WorldSize WorldSize => worldSize;

    public string Prefix => prefix;

    public ContentHash Layout { get; } = ModelLayout.Of(worldSize).Digest;

    public long FirstStep => firstStep;

    public RankGroup? Group { get; set; }

    public Actor? Launcher { get; set; }

    /// <summary>Completed, or given up because nothing can be restored.</summary>
    public bool IsOver { get; set; }

    public Run? State => world.Store.State<Run>(Key);

    public RankState Initial(int rank) => begin(rank);

    public string NameOf(int rank) => $"{prefix}rank:{rank}";
}

/// <summary>The tensors of a modelled training state, as ranks tell them: two tensors divided by rows, and what each rank has of its
/// own.</summary>
static class ModelLayout
{
    /// <summary>Rows of the model and of the optimizer's state, over all ranks.</summary>
    public const int Rows = 6;

    public const int Model = 0, Optimizer = 1;

    static readonly (TensorLayout Layout, ContentHash Digest)[] Known = [.. Enumerable.Range(1, 16).Select(static ranks =>
    {
        var layout = new TensorLayout(LayoutDigest.FormatName, new WorldSize(ranks),
        [
            new("model.w", TensorDtype.U64, [Rows], TensorRole.Weight), new("optimizer.m", TensorDtype.U64, [Rows], TensorRole.ExpAvg),
            new("rng", TensorDtype.U64, [ranks], TensorRole.Rng), new("data.cursor", TensorDtype.U64, [ranks], TensorRole.DataCursor),
        ]);
        return (layout, layout.Digest());
    })];

    public static (TensorLayout Layout, ContentHash Digest) Of(WorldSize world) => Known[world.Value - 1];
}
