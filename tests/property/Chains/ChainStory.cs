using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Chains;

/// <summary>A run of light rows: each save is planned by the policy and sealed with a given size.</summary>
sealed class ChainStory(SavePolicy policy)
{
    readonly List<Candidate> saved = [];

    public List<SaveBasis> Bases { get; } = [];

    public IReadOnlyList<Candidate> Saved => saved;

    public History History => History.ForWriting(new Generation(1), saved, []);

    /// <summary>Plans at the next step.</summary>
    public SaveBasis Plan(ContentHash? layout = null, int world = 2) =>
        BasePolicy.Plan(policy, History, Id(1, 10 * (saved.Count + 1)), new WorldSize(world), layout ?? Layout);

    public Candidate Save(
        long storedBytes, CheckpointPhase phase = CheckpointPhase.Sealed, ContentHash? layout = null, int world = 2)
    {
        var (basis, id) = (Plan(layout, world), Id(1, 10 * (saved.Count + 1)));
        var isSealed = phase is not (CheckpointPhase.Open or CheckpointPhase.Abandoned);
        Bases.Add(basis);
        saved.Add(new Candidate(
            id, phase, basis.Kind, basis.Parent, basis.Base, new WorldSize(world), layout ?? Layout, isSealed ? Hash(id.ToString()) : null,
            isSealed ? Root(id, 0) : null, basis.Base is { } link ? Root(link.Checkpoint, 0) : null, [], 2_000, isSealed ? storedBytes : 0,
            At(0), At(60), isSealed ? At(1) : null, VerifiedAt: null, CheckedAt: null, Cause: null));
        return saved[^1];
    }

    public void Hurt(int index)
    {
        if (saved[index].IsSealed) saved[index] = saved[index] with { Phase = CheckpointPhase.Quarantined, Cause = "hurt" };
    }

    public Candidate? Find(CheckpointId id) => saved.Find(c => c.Id == id);
}
