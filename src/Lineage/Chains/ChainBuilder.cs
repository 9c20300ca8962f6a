using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Chains;

/// <summary>What rebuilds a checkpoint, in the order of application: the full one first, the asked-for one last.</summary>
/// <param name="Broken">Null if whole; otherwise the first thing wrong, seen from the asked-for one.</param>
public sealed record Chain(Candidate Target, IReadOnlyList<Candidate> Links, string? Broken)
{
    /// <summary>Stored bytes to read.</summary>
    public long ReadBytes => Links.Sum(static link => link.StoredBytes);

    public int Depth => Links.Count - 1;
}

/// <summary>Follows base edges. A chain is whole when every link is sealed, unquarantined, and is the very content that its child refers
/// to.</summary>
public static class ChainBuilder
{
    /// <summary>More links are refused: a policy allows 51, and a walk over a damaged store must end.</summary>
    public const int LinksMax = 64;

    /// <param name="find">A checkpoint by id; null if there is none on record.</param>
    public static Chain Build(Candidate target, Func<CheckpointId, Candidate?> find)
    {
        List<Candidate> links = [target];
        var broken = OwnFault(target);
        for (var link = target; link.Base is { } edge;)
        {
            if (links.Count == LinksMax) return Ended(target, links, broken ?? $"the chain has more than {LinksMax} links");
            if (links.Exists(known => known.Id == edge.Checkpoint))
                return Ended(target, links, broken ?? $"base {edge.Checkpoint} leads back to itself");
            if (find(edge.Checkpoint) is not { } found) return Ended(target, links, broken ?? $"base {edge.Checkpoint} is not on record");
            broken ??= EdgeFault(link, found);
            links.Add(found);
            link = found;
        }

        return Ended(target, links, broken);
    }

    /// <summary>
    /// What it is built on and nobody can read or may trust any more; null if there is none. Reading a delta over it says nothing of the
    /// delta's own bytes, so it can become neither verified nor quarantined as long as its base is what it is.
    /// </summary>
    /// <param name="find">A checkpoint by id; null if there is none on record.</param>
    public static Candidate? LostBase(Candidate target, Func<CheckpointId, Candidate?> find) => target.Base is null ? null
        : Build(target, find).Links.LastOrDefault(link => link.Id != target.Id
            && link.Phase is CheckpointPhase.Quarantined or CheckpointPhase.Abandoned or CheckpointPhase.Reclaimed);

    /// <summary>The chain as people and launchers see it, with where the shards lie.</summary>
    /// <param name="find">The full state of a checkpoint; null if there is none on record.</param>
    public static ChainView View(Checkpoint target, Func<CheckpointId, Checkpoint?> find)
    {
        var loaded = new Dictionary<CheckpointId, Checkpoint> { [target.Id] = target };
        var chain = Build(Candidate.Of(target), id =>
        {
            if (find(id) is not { } found) return null;
            loaded[id] = found;
            return Candidate.Of(found);
        });
        return new ChainView(target.Id, [.. chain.Links.Select(link => View(loaded[link.Id]))], chain.ReadBytes, chain.Broken);
    }

    static ChainLink View(Checkpoint link) => new(
        link.Id, link.Kind, link.Phase, link.Sealed?.ManifestHash, link.Manifest().Shards, link.Sealed?.StoredBytes ?? 0);

    static Chain Ended(Candidate target, List<Candidate> links, string? broken)
    {
        links.Reverse();
        return new Chain(target, links, broken);
    }

    static string? OwnFault(Candidate target) => target.Phase switch
    {
        CheckpointPhase.Open => $"{target.Id} is not sealed",
        CheckpointPhase.Abandoned => $"{target.Id} was abandoned",
        CheckpointPhase.Quarantined => $"{target.Id} is quarantined: {target.Cause}",
        CheckpointPhase.Reclaimed => $"{target.Id} is reclaimed: its bytes are deleted",
        _ => null,
    };

    static string? EdgeFault(Candidate child, Candidate found) => found switch
    {
        { Phase: CheckpointPhase.Open } => $"base {found.Id} is not sealed",
        { Phase: CheckpointPhase.Abandoned } => $"base {found.Id} was abandoned",
        { Phase: CheckpointPhase.Quarantined } => $"base {found.Id} is quarantined: {found.Cause}",
        { Phase: CheckpointPhase.Reclaimed } => $"base {found.Id} is reclaimed: its bytes are deleted",
        _ when found.ManifestHash != child.Base!.ManifestHash =>
            $"base {found.Id} has manifest {found.ManifestHash!.Value.Short}, but {child.Id} was encoded against "
                + $"{child.Base.ManifestHash.Short}",
        _ when found.WorldSize != child.WorldSize || found.LayoutDigest != child.LayoutDigest =>
            $"base {found.Id} has another world size or layout than {child.Id}",
        _ when child.BaseRootsDigest is { } read && read != found.RootsDigest =>
            $"{child.Id} was encoded against other bytes than base {found.Id} holds",
        _ => null,
    };
}
