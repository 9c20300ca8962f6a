using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using static Lineage.Narration.Quantities;

namespace Lineage.Retention;

/// <summary>What stays and why, while a plan is made.</summary>
sealed class KeptCheckpoints(IReadOnlyList<Candidate> all)
{
    readonly Dictionary<CheckpointId, List<KeepReason>> reasons = [];
    readonly Dictionary<CheckpointId, Candidate> known = all.ToDictionary(static c => c.Id);

    public bool Has(CheckpointId id) => reasons.ContainsKey(id);

    public IReadOnlyList<KeepReason> Of(CheckpointId id) => reasons.TryGetValue(id, out var found) ? found : [];

    public void Add(CheckpointId id, KeepReason reason)
    {
        if (!reasons.TryGetValue(id, out var found)) reasons[id] = found = [];
        found.Add(reason);
    }

    public void Add(IEnumerable<(CheckpointId Checkpoint, KeepReason Reason)> more)
    {
        foreach (var (id, reason) in more) Add(id, reason);
    }

    /// <summary>Whatever a kept one is built on stays, down to the full checkpoint. Base edges form a forest, so this ends; a damaged store
    /// in which they do not is walked once.</summary>
    public void KeepBases()
    {
        var builtOn = new Dictionary<CheckpointId, List<CheckpointId>>();
        var walked = new HashSet<CheckpointId>();
        foreach (var kept in all.Where(c => Has(c.Id) && HasBytes(c)).ToList())
        {
            for (var link = kept; walked.Add(link.Id) && link.Base is { } edge && known.TryGetValue(edge.Checkpoint, out var found);)
            {
                if (!builtOn.TryGetValue(found.Id, out var children)) builtOn[found.Id] = children = [];
                children.Add(link.Id);
                link = found;
            }
        }

        foreach (var (id, children) in builtOn) AddBase(id, children);
    }

    static bool HasBytes(Candidate c) => c.Phase is not (CheckpointPhase.Abandoned or CheckpointPhase.Reclaimed);

    void AddBase(CheckpointId id, List<CheckpointId> children)
    {
        var open = children.FindAll(child => known[child].Phase == CheckpointPhase.Open);
        foreach (var save in open) Add(id, new KeepReason(KeepRule.OpenSave, $"open save {save} builds on it"));
        var stored = children.FindAll(child => known[child].Phase != CheckpointPhase.Open);
        if (stored.Count > 0)
            Add(id, new KeepReason(
                KeepRule.BaseOf, $"base of {stored[0]}{(stored.Count > 1 ? $" and {Number(stored.Count - 1)} more" : "")}"));
    }
}
