using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>What another world reads of one checkpoint: the evidence for S19, and what was read, put together and compared.</summary>
/// <param name="Bytes">Decoded bytes that were read by all target ranks together.</param>
/// <param name="Differences">Tensors that do not come up as they were, each in a sentence.</param>
public sealed record Tiling(IReadOnlyList<TilingEvidence> Plans, long Bytes, IReadOnlyList<string> Differences);

/// <summary>
/// Carries out a reshard plan over stored bytes by the judge's own reader: owners are taken from the tensor tables of the shards, never
/// from the rule that made the plan, and what the target ranks read is put together and compared with what the owners hold.
/// </summary>
public sealed class PlainTiling
{
    readonly CheckpointId checkpoint;
    readonly TensorLayout layout;
    readonly IReadOnlyList<PlainContent> ranks;

    PlainTiling(CheckpointId checkpoint, TensorLayout layout, IReadOnlyList<PlainContent> ranks) =>
        (this.checkpoint, this.layout, this.ranks) = (checkpoint, layout, ranks);

    /// <param name="layout">What a plan's pieces index.</param>
    /// <exception cref="InvalidDataException">A shard is missing or does not decode.</exception>
    public static PlainTiling Open(string folder, string tier, CheckpointId checkpoint, TensorLayout layout)
    {
        var objects = BytesWitness.Read(folder, tier, checkpoint.Run);
        var chains = new PlainChains(objects, one => File.ReadAllBytes(Path.Combine(folder, one.Key)));
        return new PlainTiling(
            checkpoint, layout, [.. Enumerable.Range(0, layout.WorldSize.Value).Select(rank => Of(objects, chains, checkpoint, rank))]);
    }

    /// <param name="pieces">By target rank.</param>
    public Tiling Read(IReadOnlyList<IReadOnlyList<ReshardPiece>> pieces)
    {
        List<TilingEvidence> plans = [];
        List<string> differences = [];
        var bytes = 0L;
        for (var tensor = 0; tensor < layout.Tensors.Count; tensor++)
        {
            var (name, shape) = (layout.Tensors[tensor].Name, layout.Tensors[tensor].GlobalShape);
            var reads = pieces.SelectMany(static (rank, target) => rank.Select(piece => (Target: target, Piece: piece)))
                .Where(one => one.Piece.Tensor == tensor).ToList();
            if (shape.Count == 0 || reads.Count == 0) continue;   // on every rank, or lost on another world, which the plan says
            var owners = ranks.Select(rank => Owned(rank, name)).ToList();
            plans.Add(new TilingEvidence(
                checkpoint, name, shape[0],
                [.. owners.Select(static (own, rank) => new RowRange(rank, own.Spec.Offsets[0], own.Spec.Sizes[0]))],
                [.. reads.Select(static one => new RowRange(one.Piece.From, one.Piece.FirstRow, one.Piece.Rows))]));
            bytes += reads.Sum(static one => one.Piece.Bytes);
            if (Difference(owners, reads) is { } difference) differences.Add($"{name} of {checkpoint}: {difference}");
        }

        return new Tiling(plans, bytes, differences);
    }

    static PlainContent Of(IReadOnlyList<ObjectEvidence> objects, PlainChains chains, CheckpointId checkpoint, int rank) =>
        objects.FirstOrDefault(one => one.Checkpoint == checkpoint && one.Rank == rank) is { Root: { } root } found
            && chains.Content(root) is { } content
                ? content
                : throw new InvalidDataException($"The shard of rank {rank} of {checkpoint} is not there whole, with its chain.");

    static (TensorSpec Spec, byte[] Bytes) Owned(PlainContent rank, string name)
    {
        for (var tensor = 0; tensor < rank.Tensors.Count; tensor++)
            if (string.Equals(rank.Tensors[tensor].Name, name, StringComparison.Ordinal))
                return (rank.Tensors[tensor], rank.Bytes(tensor));
        throw new InvalidDataException($"A shard has no tensor {name}, which its layout has.");
    }

    /// <summary>Target ranks one after another are the whole tensor, as the owners one after another are.</summary>
    static string? Difference(List<(TensorSpec Spec, byte[] Bytes)> owners, List<(int Target, ReshardPiece Piece)> reads)
    {
        byte[] expected = [.. owners.OrderBy(static own => own.Spec.Offsets[0]).SelectMany(static own => own.Bytes)];
        var begins = new Dictionary<int, long>();   // of each target rank's part in the whole
        var next = 0L;
        foreach (var target in reads.GroupBy(static one => one.Target).OrderBy(static group => group.Key))
        {
            begins[target.Key] = next;
            next += target.Max(static one => one.Piece.IntoByte + one.Piece.Bytes);
        }

        if (next != expected.Length) return $"the target ranks read {next} B, its owners hold {expected.Length} B";
        var whole = new byte[next];
        foreach (var (target, piece) in reads)
        {
            if (piece.From >= owners.Count || piece.FromByte + piece.Bytes > owners[piece.From].Bytes.Length)
                return $"a piece lies outside what rank {piece.From} holds";
            owners[piece.From].Bytes.AsSpan((int)piece.FromByte, (int)piece.Bytes)
                .CopyTo(whole.AsSpan((int)(begins[target] + piece.IntoByte)));
        }

        return whole.AsSpan().SequenceEqual(expected) ? null : "what the target ranks read together is not what its owners hold";
    }
}
