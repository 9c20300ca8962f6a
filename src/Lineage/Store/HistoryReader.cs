using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Questions;
using Npgsql;

namespace Lineage.Store;

/// <summary>
/// Reads what decisions and questions look at, from the columns that are written beside the rows (docs/adr/0016): the newest part of a run,
/// more of it while that does not settle the matter, and the whole only where somebody asks for all of it.
/// </summary>
public sealed class HistoryReader(NpgsqlDataSource database) : IPointSource
{
    /// <summary>What a save or a recovery looks at first; a policy with more saves between two full ones widens it.</summary>
    const int FirstSlice = 48, Wider = 8;

    public DateTimeOffset? AsOf => null;

    public async Task<(IReadOnlyList<Candidate> Checkpoints, IReadOnlyList<HistoryTurn> Turns)> ReadAsync(RunId run, CancellationToken ct)
    {
        var picture = await WholeAsync(run, ct);
        return picture is null ? ([], []) : ([.. picture.Candidates], picture.Turns);
    }

    /// <summary>Everything on record of a run, without its shards.</summary>
    public async Task<RunPicture?> WholeAsync(RunId run, CancellationToken ct) =>
        (await SliceAsync(run, new PointQuestion.Newest(AtOrBefore: null, World: null), int.MaxValue, ct))?.Picture;

    /// <summary>What ranks of a run have restored so far: what an estimate is made from.</summary>
    public async Task<IReadOnlyList<RestoreRate>> RatesAsync(RunId run, CancellationToken ct)
    {
        await using var rows = await RowReader.OpenAsync(database, [new(PictureSql.Turns, PictureSql.Name(run))], ct);
        List<RestoreRate> rates = [];
        while (await rows.ReadAsync(ct)) rates.AddRange(Outlines.Read<RestoreRate[]>(rows.Text(1)));
        return rates;
    }

    /// <summary>What the planning of a save looks at.</summary>
    public async Task<History> ForOpeningAsync(CheckpointId checkpoint, SavePolicy policy, CancellationToken ct)
    {
        for (var count = FirstSlice; ; count = checked(count * Wider))
        {
            var first = PictureSql.Before(checkpoint, count);
            if (await SliceAsync(checkpoint.Run, first, count, ct) is not { } slice) return History.Empty;
            var history = slice.Picture.ForWriting(checkpoint.Generation);
            if (slice.IsAll || SliceRules.SufficeToOpen(policy, history, checkpoint, slice.First.Contains)) return history;
        }
    }

    /// <summary>What the recovery that begins a generation looks at.</summary>
    public async Task<History> ForRestoringAsync(RunId run, Generation next, WorldSize world, CancellationToken ct)
    {
        var newest = new PointQuestion.Newest(AtOrBefore: null, world);
        for (var count = FirstSlice; ; count = checked(count * Wider))
        {
            if (await SliceAsync(run, newest, count, ct) is not { } slice) return History.Empty;
            var history = slice.Picture.ForRestoring(next);
            if (slice.IsAll || SliceRules.SufficeToRestore(history, world, slice.First.Contains)) return history;
        }
    }

    public Task<PictureSlice?> SliceAsync(RunId run, PointQuestion question, int count, CancellationToken ct) =>
        SliceAsync(run, PictureSql.First(run, question, count), count, ct);

    async Task<PictureSlice?> SliceAsync(RunId run, Statement first, int count, CancellationToken ct)
    {
        await using var rows = await RowReader.OpenAsync(database, PictureSql.Slice(run, first), ct);
        if (!await rows.ReadAsync(ct)) return null;
        var outline = Outlines.Read<RunOutline>(rows.Text(0));
        List<HistoryTurn> turns = [];
        List<RestoreRate> rates = [];
        await rows.NextAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            turns.Add(Outlines.Read<HistoryTurn>(rows.Text(0)));
            rates.AddRange(Outlines.Read<RestoreRate[]>(rows.Text(1)));
        }

        Dictionary<CheckpointId, CheckpointOutline> found = [];
        HashSet<CheckpointId> inFirst = [];
        await rows.NextAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            var checkpoint = Outlines.Read<CheckpointOutline>(rows.Text(1));
            found[checkpoint.Id] = checkpoint;
            if (rows.Flag(0)) inFirst.Add(checkpoint.Id);
        }

        await rows.NextAsync(ct);
        while (await rows.ReadAsync(ct))
            if (!Known(rows, found)) Keep(found, rows.Text(2));
        return new PictureSlice(new RunPicture(outline, [.. found.Values], turns, rates), inFirst, inFirst.Count < count);

        bool Known(RowReader row, Dictionary<CheckpointId, CheckpointOutline> known) =>
            known.ContainsKey(new CheckpointId(run, new Generation(row.Number(0)), new Step(row.Number(1))));
    }

    public async Task<DescentSlice> DescentAsync(CheckpointId from, int count, bool withLinks, CancellationToken ct)
    {
        List<CheckpointOutline> path = [];
        string? parent = from.StreamKey;
        await using (var rows = await RowReader.OpenAsync(database, [PictureSql.Descent(from, count)], ct))
        {
            while (await rows.ReadAsync(ct))
            {
                parent = rows.TextOrNull(1);
                path.Add(Outlines.Read<CheckpointOutline>(rows.Text(2)));
            }
        }

        return new DescentSlice(path, withLinks ? [.. path, .. await LinksAsync(path, ct)] : [], Identity(parent));
    }

    public async Task<(IReadOnlyList<CheckpointId> Path, CheckpointId? Next)> PathAsync(CheckpointId from, int count, CancellationToken ct)
    {
        List<CheckpointId> path = [];
        string? parent = from.StreamKey;
        await using var rows = await RowReader.OpenAsync(database, [PictureSql.Path(from, count)], ct);
        while (await rows.ReadAsync(ct))
        {
            path.Add(Identity(rows.Text(0))!.Value);
            parent = rows.TextOrNull(1);
        }

        return (path, Identity(parent));
    }

    public async Task<IReadOnlyList<ForkTip>> ForksAsync(RunId run, CancellationToken ct)
    {
        List<ForkTip> forks = [];
        await using var rows = await RowReader.OpenAsync(database, [new(PictureSql.Forks, PictureSql.Name(run))], ct);
        while (await rows.ReadAsync(ct))
        {
            var tip = rows.TextOrNull(1) is { } text ? Outlines.Read<CheckpointOutline>(text).Candidate : null;
            forks.Add(new ForkTip(Outlines.Read<RunOutline>(rows.Text(0)), tip is null ? null : new GenerationTip(tip.Id, tip.Phase)));
        }

        return forks;
    }

    /// <summary>Links below that are not there themselves.</summary>
    async Task<IReadOnlyList<CheckpointOutline>> LinksAsync(List<CheckpointOutline> above, CancellationToken ct)
    {
        var known = above.Select(static c => c.Id).ToHashSet();
        string[] missing = [.. above.Select(static c => c.Candidate.Base?.Checkpoint).OfType<CheckpointId>().Distinct()
            .Where(id => !known.Contains(id)).Select(static id => id.StreamKey)];
        if (missing.Length == 0) return [];
        List<CheckpointOutline> links = [];
        await using var rows = await RowReader.OpenAsync(database, [PictureSql.Links(missing)], ct);
        while (await rows.ReadAsync(ct)) links.Add(Outlines.Read<CheckpointOutline>(rows.Text(0)));
        return links;
    }

    static void Keep(Dictionary<CheckpointId, CheckpointOutline> found, string text)
    {
        var checkpoint = Outlines.Read<CheckpointOutline>(text);
        found.TryAdd(checkpoint.Id, checkpoint);
    }

    /// <summary>The checkpoint of a row's key.</summary>
    internal static CheckpointId? Identity(string? key) => key is null ? null : CheckpointId.Parse(key["checkpoint/".Length..]);
}
