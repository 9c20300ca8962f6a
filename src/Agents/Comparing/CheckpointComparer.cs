using Lineage.Agents.Restoring;
using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Comparing;

/// <summary>
/// Compares the state of two checkpoints tensor by tensor, from the stored bytes: both chains are decoded with every check, chunk by chunk,
/// so that memory does not grow with the model. Ranks that cut a tensor alike are compared side by side; otherwise the whole tensors are
/// walked in step.
/// </summary>
public sealed class CheckpointComparer(ITier tier, TimeProvider clock)
{
    const int WalkBytes = 1 << 20;
    long compared;

    /// <summary>Raw bytes compared so far.</summary>
    public long ComparedBytes => Interlocked.Read(ref compared);

    /// <param name="parallel">Ranks compared at the same time.</param>
    /// <exception cref="ShardDamagedException">A shard of either chain is not what was recorded.</exception>
    /// <exception cref="LineageProblemException">restore-mismatch: a chain is not whole. layout-mismatch: ranks do not fit
    /// together.</exception>
    public async Task<CheckpointDifference> CompareAsync(ChainView from, ChainView to, int parallel, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        var opened = new List<PlannedChain>();
        try
        {
            var (before, after) = (OpenAll(from, opened), OpenAll(to, opened));
            var tensors = Pair(before, after);
            var bounded = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = ct };
            await Parallel.ForEachAsync(after, bounded, (chain, token) =>
            {
                CompareRank(chain, tensors, token);
                return ValueTask.CompletedTask;
            });
            foreach (var tensor in tensors.Where(static t => t.IsComparable && !t.IsCutAlike)) Walk(tensor, ct);
            return new CheckpointDifference(
                from.Checkpoint, to.Checkpoint,
                [.. tensors.Select(static t => t.Finish()).OrderByDescending(static t => t.Share)
                    .ThenByDescending(static t => t.Tally.Changed).ThenBy(static t => t.Name, StringComparer.Ordinal)],
                opened.Sum(static chain => chain.ReadBytes), clock.GetElapsedTime(started));
        }
        finally
        {
            foreach (var chain in opened) chain.Dispose();
        }
    }

    List<PlannedChain> OpenAll(ChainView plan, List<PlannedChain> opened)
    {
        var ranks = plan.Links is [.., var last] ? last.Shards.Count : 1;
        var chains = new List<PlannedChain>(ranks);
        for (var rank = 0; rank < ranks; rank++)
        {
            chains.Add(PlannedChain.Open(tier, plan, new Rank(rank), ReadIntent.Use));
            opened.Add(chains[^1]);
        }

        return chains;
    }

    /// <summary>By name, in the order of the later checkpoint, then what only the earlier one has.</summary>
    static List<ComparedTensor> Pair(List<PlannedChain> before, List<PlannedChain> after)
    {
        var (from, to) = (ByName(before), ByName(after));
        return
        [
            .. to.Select(t => new ComparedTensor(t.Key, from.GetValueOrDefault(t.Key) ?? [], t.Value)),
            .. from.Where(f => !to.ContainsKey(f.Key)).Select(static f => new ComparedTensor(f.Key, f.Value, [])),
        ];
    }

    static Dictionary<string, List<HeldPiece>> ByName(List<PlannedChain> chains) => chains
        .SelectMany(static chain => Enumerable.Range(0, chain.Shards.Top.Tensors.Count).Select(index => new HeldPiece(chain, index)))
        .GroupBy(static piece => piece.Spec.Name, StringComparer.Ordinal)
        .ToDictionary(static group => group.Key, static group => group.ToList(), StringComparer.Ordinal);

    void CompareRank(PlannedChain chain, List<ComparedTensor> tensors, CancellationToken ct)
    {
        byte[] a = [], b = [];
        foreach (var tensor in tensors)
        {
            if (!tensor.IsComparable || !tensor.IsCutAlike || tensor.PairOf(chain) is not { } pair) continue;
            var (from, to) = pair;
            // A chunk of the later one at a time: read so, both are decoded once.
            var step = (int)ChunkPlan.Bytes(to.Spec, to.Chain.Shards.Top.Header.ChunkElements);
            if (a.Length < step) (a, b) = (new byte[step], new byte[step]);
            for (var offset = 0L; offset < to.Spec.Bytes; offset += step)
            {
                ct.ThrowIfCancellationRequested();
                var length = (int)Math.Min(step, to.Spec.Bytes - offset);
                Read(from.Chain, from.Index, offset, a.AsSpan(0, length));
                Read(to.Chain, to.Index, offset, b.AsSpan(0, length));
                tensor.Add(ElementComparison.Compare(to.Spec.Dtype, a.AsSpan(0, length), b.AsSpan(0, length)), length);
                Interlocked.Add(ref compared, length);
            }
        }
    }

    /// <summary>Both whole tensors front to back, each from its own cut.</summary>
    void Walk(ComparedTensor tensor, CancellationToken ct)
    {
        using var from = new WholeTensor(tensor.From, Read);
        using var to = new WholeTensor(tensor.To, Read);
        var dtype = tensor.To[0].Spec.Dtype;
        var (a, b) = (new byte[WalkBytes], new byte[WalkBytes]);
        for (var left = to.Bytes; left > 0;)
        {
            ct.ThrowIfCancellationRequested();
            var length = (int)Math.Min(WalkBytes, left);
            from.Next(a.AsSpan(0, length));
            to.Next(b.AsSpan(0, length));
            tensor.Add(ElementComparison.Compare(dtype, a.AsSpan(0, length), b.AsSpan(0, length)), length);
            Interlocked.Add(ref compared, length);
            left -= length;
        }
    }

    static void Read(PlannedChain chain, int tensor, long offset, Span<byte> destination)
    {
        try
        {
            chain.Shards.Bytes.Read(tensor, offset, destination);
        }
        catch (ShardFormatException e)
        {
            throw chain.Blame(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var found = new ShardFinding(Finding.Unreadable, e.Message, Root: null, chain.ReadBytes);
            throw new ShardDamagedException(new ShardId(chain.Plan.Checkpoint, chain.Rank), found, e);
        }
    }
}
