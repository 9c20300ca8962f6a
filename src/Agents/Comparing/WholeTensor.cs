using Lineage.Agents.Restoring;
using Lineage.Agents.Safetensors;
using Lineage.Contracts.Api;

namespace Lineage.Agents.Comparing;

delegate void ReadPiece(PlannedChain chain, int tensor, long offset, Span<byte> destination);

/// <summary>A tensor put together from the pieces of all ranks and read front to back. Where every rank holds it whole, the first one's
/// copy stands for all.</summary>
sealed class WholeTensor : IDisposable
{
    readonly IEnumerator<(TensorPiece Piece, long ByteOffset, long Length)> runs;
    readonly Dictionary<TensorPiece, HeldPiece> holders = new(ReferenceEqualityComparer.Instance);
    readonly ReadPiece read;
    (TensorPiece Piece, long ByteOffset, long Length) run;

    /// <exception cref="LineageProblemException">layout-mismatch: the pieces do not cover the tensor exactly once.</exception>
    public WholeTensor(IReadOnlyList<HeldPiece> held, ReadPiece read)
    {
        this.read = read;
        var spec = held[0].Spec;
        var isWhole = held[0].Spec.Sizes.SequenceEqual(spec.GlobalShape);
        foreach (var piece in held.Take(isWhole ? 1 : held.Count).Where(static piece => piece.Spec.Elements > 0))
            holders.Add(piece.Piece, piece);
        var tensor = new SafetensorsTensor(spec.Name, spec.Dtype, spec.GlobalShape, [.. holders.Keys]);
        if (tensor.Objection() is { } objection)
        {
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.LayoutMismatch, 409, "Ranks do not fit together",
                $"Checkpoint {held[0].Chain.Plan.Checkpoint} cannot be compared: {objection} Nothing was changed."));
        }

        Bytes = tensor.Bytes;
        runs = tensor.Runs().GetEnumerator();
    }

    public long Bytes { get; }

    /// <summary>The next bytes; there must be as many left.</summary>
    public void Next(Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            if (run.Length == 0)
            {
                runs.MoveNext();
                run = runs.Current;
            }

            var take = (int)Math.Min(run.Length, destination.Length);
            var holder = holders[run.Piece];
            read(holder.Chain, holder.Index, run.ByteOffset, destination[..take]);
            run = (run.Piece, run.ByteOffset + take, run.Length - take);
            destination = destination[take..];
        }
    }

    public void Dispose() => runs.Dispose();
}
