using Lineage.Agents.Capture;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>One tensor of a rank's state and the memory that holds it.</summary>
delegate Span<byte> StateBytes();

/// <summary>
/// The state of one rank as tensors: for each parameter its rows of the weight and of both moments, then the optimizer's step, the torch
/// random generator and the data cursor. What is not a torch vector lies in small buffers, which the trainer fills after each step.
/// </summary>
public sealed class TrainerState : IRankState
{
    readonly List<TensorSpec> layout = [];
    readonly List<StateBytes> memory = [];

    /// <summary>Bytes of the torch CPU generator's state (mt19937 and its position).</summary>
    public const int RandomStateBytes = 5056;

    /// <summary>Consumed samples, samples in the corpus, seed, fingerprint of the corpus.</summary>
    public const int CursorWords = 4;

    internal TrainerState(IReadOnlyList<ParameterSpec> parameters, OwnedRows owned, WorldSize worldSize, ShardedAdamW optimizer)
    {
        foreach (var piece in owned.Pieces)
        {
            var parameter = parameters[piece.Parameter];
            Add($"model.{parameter.Name}", TensorRole.Weight, parameter, piece, () => optimizer.Weights.bytes);
            Add($"optimizer.exp_avg.{parameter.Name}", TensorRole.ExpAvg, parameter, piece, () => optimizer.ExpAvg.bytes);
            Add($"optimizer.exp_avg_sq.{parameter.Name}", TensorRole.ExpAvgSq, parameter, piece, () => optimizer.ExpAvgSq.bytes);
        }

        Add(new TensorSpec("optimizer.step", TensorDtype.I64, [], [], [], TensorRole.Scalar), () => Step);
        AddPerRank("rng.torch", TensorDtype.U8, RandomStateBytes, TensorRole.Rng, () => Random);
        AddPerRank("data.cursor", TensorDtype.I64, CursorWords, TensorRole.DataCursor, () => Cursor);

        void AddPerRank(string name, TensorDtype dtype, int length, TensorRole role, StateBytes bytes) =>
            Add(new TensorSpec(name, dtype, [worldSize.Value, length], [owned.Rank, 0], [1, length], role), bytes);
    }

    public IReadOnlyList<TensorSpec> Layout => layout;

    /// <summary>Between two steps nobody moves the vectors, and ranges are copied as bytes.</summary>
    public bool IsParallel => true;

    internal byte[] Step { get; } = new byte[sizeof(long)];

    internal byte[] Random { get; } = new byte[RandomStateBytes];

    internal byte[] Cursor { get; } = new byte[CursorWords * sizeof(long)];

    public void Read(int tensor, long byteOffset, Span<byte> destination) =>
        Range(tensor, byteOffset, destination.Length).CopyTo(destination);

    public bool TryWritable(int tensor, long byteOffset, int length, out Span<byte> bytes)
    {
        bytes = Range(tensor, byteOffset, length);
        return true;
    }

    public void Write(int tensor, long byteOffset, ReadOnlySpan<byte> source) => source.CopyTo(Range(tensor, byteOffset, source.Length));

    /// <summary>SHA-256 over the canonical state; equal digests mean equal state, bit for bit.</summary>
    public ContentHash Digest() => StateDigest.Of(this);

    void Add(string name, TensorRole role, ParameterSpec parameter, OwnedPiece piece, StateBytes vector)
    {
        long[] offsets = [piece.Rows.First, .. new long[parameter.Shape.Length - 1]];
        long[] sizes = [piece.Rows.Count, .. parameter.Shape.Skip(1)];
        Add(
            new TensorSpec(name, TensorDtype.F32, parameter.Shape, offsets, sizes, role),
            () => vector().Slice(piece.PackedByte, piece.Bytes));
    }

    void Add(TensorSpec spec, StateBytes bytes)
    {
        layout.Add(spec);
        memory.Add(bytes);
    }

    Span<byte> Range(int tensor, long byteOffset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tensor);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(tensor, memory.Count);
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        var bytes = memory[tensor]();
        if (byteOffset > bytes.Length - length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(byteOffset), byteOffset,
                $"{length:N0} bytes at {byteOffset:N0} lie outside tensor {layout[tensor].Name} of {bytes.Length:N0} bytes.");
        }

        return bytes.Slice((int)byteOffset, length);
    }
}
