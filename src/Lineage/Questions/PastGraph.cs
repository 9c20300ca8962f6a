using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Questions;

/// <summary>What rests on a checkpoint, before it is put in words.</summary>
/// <param name="Phases">Dependants per phase, in any order.</param>
/// <param name="Depth">Distance of the farthest dependant.</param>
/// <param name="Dependants">One page, nearest first.</param>
public sealed record Reach(
    long Count, IReadOnlyList<(CheckpointPhase Phase, long Count)> Phases, int Depth,
    IReadOnlyList<(AffectedKind Kind, long Count)> AffectedBy, IReadOnlyList<Affected> Affected, IReadOnlyList<Dependant> Dependants);

/// <summary>The graph below a checkpoint as it was: base edges stay within a run (docs/adr/0012), what hangs on them does not.</summary>
public static class PastGraph
{
    /// <param name="forks">Runs that had gone on from this one.</param>
    /// <param name="after">Last dependant seen: its distance and id.</param>
    /// <param name="affectedMax">More are counted and not listed.</param>
    public static Reach Below(
        PastRun past, IReadOnlyList<PastRun> forks, CheckpointId of, (int Distance, string Id)? after, int limit, int affectedMax)
    {
        var distances = Distances(past, of);
        var dependants = distances.Where(pair => pair.Key != of)
            .Select(pair => new Dependant(pair.Key, past.Checkpoints[pair.Key].Phase, pair.Value))
            .OrderBy(static d => d.Distance).ThenBy(static d => d.Checkpoint.ToString(), StringComparer.Ordinal).ToList();
        var hanging = Hanging(past, forks, distances).OrderBy(static a => a.Kind).ThenBy(static a => a.Checkpoint.ToString(),
            StringComparer.Ordinal).ThenBy(static a => a.Name, StringComparer.Ordinal).ToList();
        var (distance, id) = after ?? (0, "");
        return new Reach(
            dependants.Count, [.. dependants.GroupBy(static d => d.Phase!.Value).Select(static g => (g.Key, g.LongCount()))],
            dependants.Count == 0 ? 0 : dependants[^1].Distance,
            [.. hanging.GroupBy(static a => a.Kind).Select(static g => (g.Key, g.LongCount()))], [.. hanging.Take(affectedMax)],
            [.. dependants.SkipWhile(d => d.Distance < distance
                || (d.Distance == distance && string.CompareOrdinal(d.Checkpoint.ToString(), id) <= 0)).Take(limit)]);
    }

    /// <summary>Deltas between a checkpoint and everything that cannot be rebuilt without it; itself at 0.</summary>
    static Dictionary<CheckpointId, int> Distances(PastRun past, CheckpointId of)
    {
        var children = past.Checkpoints.Values.Where(static c => c.Base is not null).ToLookup(static c => c.Base!.Checkpoint);
        Dictionary<CheckpointId, int> distances = new() { [of] = 0 };
        var open = new Queue<CheckpointId>([of]);
        while (open.TryDequeue(out var at))
            foreach (var child in children[at])
                if (distances.TryAdd(child.Id, distances[at] + 1)) open.Enqueue(child.Id);
        return distances;
    }

    static IEnumerable<Affected> Hanging(PastRun past, IReadOnlyList<PastRun> forks, Dictionary<CheckpointId, int> reached)
    {
        foreach (var fork in forks)
            if (fork.Run.Origin is { } from && reached.ContainsKey(from))
                yield return new Affected(AffectedKind.Fork, from, fork.Run.Id.ToString());
        foreach (var recovery in forks.Prepend(past).SelectMany(static run => run.Recoveries))
            if (recovery.State is { Phase: RecoveryPhase.Restoring, Chosen: { } chosen } && reached.ContainsKey(chosen))
                yield return new Affected(AffectedKind.Restore, chosen, recovery.State.Id.ToString());
        foreach (var export in past.Exports)
            if (reached.ContainsKey(export.Event.Checkpoint))
                yield return new Affected(
                    AffectedKind.Export, export.Event.Checkpoint, export.Version.ToString(CultureInfo.InvariantCulture));
        foreach (var (tag, target) in past.Names().Tags)
            if (reached.ContainsKey(target)) yield return new Affected(AffectedKind.Tag, target, $"{past.Run.Id}:{tag}");
        foreach (var id in reached.Keys)
        {
            if (past.Checkpoints[id].Marks is not { } marks) continue;
            if (marks.IsPinned(past.At)) yield return new Affected(AffectedKind.Pin, id, marks.Pin!.Actor.ToString());
            foreach (var hold in marks.Holds.Keys) yield return new Affected(AffectedKind.Hold, id, hold);
        }
    }
}
