using Lineage.Contracts.Identity;
using Lineage.Questions;

namespace Lineage.Store;

/// <summary>Pictures held in memory as a source: the record as it was at a time, or what a law made up. One request's own; not thread
/// safe.</summary>
/// <param name="read">A run as it was; null if there was none.</param>
/// <param name="forks">Runs that may have gone on from one.</param>
public sealed class PictureSource(
    DateTimeOffset? asOf, Func<RunId, CancellationToken, Task<RunPicture?>> read,
    Func<RunId, CancellationToken, Task<IReadOnlyList<RunId>>> forks) : IPointSource
{
    readonly Dictionary<RunId, RunPicture?> pictures = [];

    public DateTimeOffset? AsOf => asOf;

    public async Task<RunPicture?> PictureAsync(RunId run, CancellationToken ct)
    {
        if (!pictures.TryGetValue(run, out var picture)) pictures[run] = picture = await read(run, ct);
        return picture;
    }

    public async Task<PictureSlice?> SliceAsync(RunId run, PointQuestion question, int count, CancellationToken ct)
    {
        if (await PictureAsync(run, ct) is not { } whole) return null;
        HashSet<CheckpointId> first = [.. question.InOrder(whole.Checkpoints).Take(count).Select(static c => c.Id)];
        return new PictureSlice(whole with { Checkpoints = [.. Part(whole, first)] }, first, first.Count < count);
    }

    /// <summary>The first, the chains below, and where stretches of the history end: as the statements of <see cref="PictureSql"/> read
    /// them.</summary>
    static IEnumerable<CheckpointOutline> Part(RunPicture whole, HashSet<CheckpointId> first)
    {
        var find = whole.Checkpoints.ToDictionary(static c => c.Id);
        HashSet<CheckpointId> kept = [.. first];
        foreach (var id in first)
            for (var link = find[id].Candidate.Base?.Checkpoint; link is { } at && find.TryGetValue(at, out var below) && kept.Add(at);)
                link = below.Candidate.Base?.Checkpoint;
        kept.UnionWith(whole.Candidates.Where(static c => c.IsSealed).GroupBy(static c => c.Id.Generation)
            .Select(static group => group.MaxBy(static c => c.Id.Step)!.Id));
        kept.UnionWith((whole.Run.Rewound ?? []).Select(static rewind => rewind.To));
        kept.UnionWith(whole.Turns.Select(static turn => turn.Chosen).OfType<CheckpointId>());
        return whole.Checkpoints.Where(c => kept.Contains(c.Id));
    }

    public async Task<DescentSlice> DescentAsync(CheckpointId from, int count, bool withLinks, CancellationToken ct)
    {
        List<CheckpointOutline> path = [], links = [];
        CheckpointId? next = from;
        while (next is { } at && path.Count < count && await FindAsync(at, ct) is { } found)
        {
            path.Add(found);
            next = Descent.ParentOf(found.Candidate, (await PictureAsync(at.Run, ct))!.Run.Origin);
            for (CheckpointOutline? link = found; withLinks && link is not null && links.Count < 64L * count;)
            {
                links.Add(link);
                link = link.Candidate.Base is { } edge ? await FindAsync(edge.Checkpoint, ct) : null;
            }
        }

        return new DescentSlice(path, links, next);
    }

    public async Task<(IReadOnlyList<CheckpointId> Path, CheckpointId? Next)> PathAsync(CheckpointId from, int count, CancellationToken ct)
    {
        var slice = await DescentAsync(from, count, withLinks: false, ct);
        return ([.. slice.Path.Select(static c => c.Id)], slice.Next);
    }

    public async Task<IReadOnlyList<ForkTip>> ForksAsync(RunId run, CancellationToken ct)
    {
        List<ForkTip> found = [];
        foreach (var fork in await forks(run, ct))
        {
            if (await PictureAsync(fork, ct) is not { } picture || picture.Run.Origin?.Run != run) continue;
            var tip = picture.Candidates.Where(static c => c.IsSealed).OrderByDescending(static c => c.Id.Generation)
                .ThenByDescending(static c => c.Id.Step).FirstOrDefault();
            found.Add(new ForkTip(picture.Run, tip is null ? null : new GenerationTip(tip.Id, tip.Phase)));
        }

        return found;
    }

    async Task<CheckpointOutline?> FindAsync(CheckpointId id, CancellationToken ct) =>
        (await PictureAsync(id.Run, ct))?.Checkpoints.FirstOrDefault(c => c.Id == id);
}
